using System.Text.Json.Nodes;
using Hikigane.Pipelines.Pods;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Reconcile;

namespace Hikigane.Pipelines.TaskRuns;

/// <content>Finding and checking the Task, making its pod and following it.</content>
public sealed partial class TaskRunReconciler
{
    private static readonly string PodInputRelease = "hikigane";

    /// <summary>Finds the Task, keeps it in the status, checks it; null when there is nothing to run (the condition says why).</summary>
    private Resolved.Found? Prepare()
    {
        TaskRunDefaults.SetRun(run, config);
        switch (TaskResolution.Resolve(world, run))
        {
            case Resolved.Waiting waiting:
                Keep(waiting.Task);
                Conditions.SetSucceeded(status, "Unknown", waiting.Reason, waiting.Message, now);
                changes.AddRange(waiting.Requests.Select(request => new Change.Create(Kinds.ResolutionRequest, request)));
                EmitChange(fromNothing: true);
                wakeAt = now + ResolutionPause;
                return null;
            case Resolved.Failed failed:
                Keep(failed.Task);
                return Refuse(failed.Reason, failed.Message);
            case Resolved.Found found:
                Keep(found);
                StepStates.Begin(status, found.TaskSpec, found.StepSources);
                var wrong = TaskRunValidation.Check(run, found.TaskSpec, found.Name, config);
                if (wrong is null)
                {
                    BindDefaultWorkspaces(found.TaskSpec);
                    wrong = TaskRunValidation.CheckWorkspaces(run, found.TaskSpec, config);
                }

                return wrong is { } one ? Refuse(one.Reason, one.Message) : found;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private Resolved.Found? Refuse(string reason, string message)
    {
        MarkFailed(reason, message);
        EmitChange(fromNothing: true);
        EmitError(message);
        return null;
    }

    /// <summary>The Task goes into the status once, its labels and annotations to the run, where the run's own win.</summary>
    private void Keep(Resolved.Found? found)
    {
        if (found is null)
        {
            return;
        }

        if (status.Objects("taskSpec", "steps").Any(step => step.Object("ref") is not null))
        {
            status["taskSpec"] = found.TaskSpec.DeepClone();
        }

        if (status["taskSpec"] is null)
        {
            status["taskSpec"] = found.TaskSpec.DeepClone();
            foreach (var field in new[] { "labels", "annotations" })
            {
                foreach (var (key, value) in found.Metadata.Object(field) ?? [])
                {
                    var own = run.Ensure("metadata", field);
                    if (key != "kubectl.kubernetes.io/last-applied-configuration" && !own.ContainsKey(key))
                    {
                        own[key] = value?.DeepClone();
                    }
                }
            }

            if (run.Object("spec", "taskRef") is not null)
            {
                run.Ensure("metadata", "labels")["tekton.dev/task"] = found.Metadata.Text("name") ?? found.Name;
            }
        }

        if (config.ProvenanceInStatus)
        {
            var provenance = status.Ensure("provenance");
            provenance["featureFlags"] = config.FeatureFlagsInStatus();
            if (found.RefSource is not null)
            {
                provenance["refSource"] ??= found.RefSource.DeepClone();
            }
        }
    }

    /// <summary>The configured binding for workspaces that the run leaves open.</summary>
    private void BindDefaultWorkspaces(JsonObject taskSpec)
    {
        if (config.WorkspaceBinding is not { } binding)
        {
            return;
        }

        var bound = run.Objects("spec", "workspaces").Select(one => one.Text("name")).ToHashSet();
        foreach (var name in taskSpec.Objects("workspaces").Where(one => !one.Flag("optional")).Select(one => one.Text("name")).Where(name => !bound.Contains(name)).ToList())
        {
            var filled = binding.Copy();
            filled["name"] = name;
            PodParts.List(run.Ensure("spec"), "workspaces").Add(filled);
        }
    }

    private string FollowPod(Resolved.Found found)
    {
        before = Conditions.Succeeded(status)?.Copy();
        var pod = CurrentPod;
        if (run.Objects("spec", "workspaces").Any(binding => binding.Object("volumeClaimTemplate") is not null))
        {
            if (pod is null)
            {
                changes.AddRange(WorkspaceVolumes.Claims(run).Where(claim => !world.Claims.Contains(claim.Name()))
                    .Select(claim => new Change.Create(Kinds.PersistentVolumeClaim, claim)));
            }

            run.Object("spec")!["workspaces"] = WorkspaceVolumes.WithClaims(run);
        }

        Variables.TaskVariables.ReplaceBindings(run.Objects("spec", "workspaces"), TaskRunVariables.Params(found.TaskSpec, run));
        var volumes = WorkspaceVolumes.Create(run.Objects("spec", "workspaces"));
        var taskSpec = found.TaskSpec.Copy();
        TaskRunVariables.Apply(taskSpec, run, found.Name, volumes);
        status["taskSpec"] = taskSpec.DeepClone();

        if (pod is null && CreatePod(taskSpec, volumes) is var created)
        {
            if (created is null)
            {
                return Conditions.Succeeded(status).Text("message") ?? "";
            }

            pod = created;
        }

        return Follow(pod!, found.TaskSpec);
    }

    /// <summary>Plans the pod; null when there can be none (the condition says why).</summary>
    private JsonObject? CreatePod(JsonObject taskSpec, Dictionary<string, JsonObject> volumes)
    {
        if (TaskRunValidation.CheckSteps(taskSpec) is { } wrong)
        {
            return RefusePod(null, wrong);
        }

        var podSpec = taskSpec.Copy();
        WorkspaceVolumes.Apply(podSpec, run.Objects("spec", "workspaces").ToList(), volumes);
        TaskRunVariables.ApplyCredentials(podSpec);
        var podRun = run.Copy();
        if (podRun.Object("spec", "podTemplate") is { } template)
        {
            PodTemplateVariables.Apply(template, TaskRunVariables.Params(podSpec, run));
        }

        var outcome = PodBuilder.Build(new PodInput
        {
            Run = podRun,
            TaskSpec = podSpec,
            Config = config,
            Images = world.Images,
            ServiceAccount = world.ServiceAccount,
            Secrets = world.Secrets,
            LimitRanges = world.LimitRanges,
            ImageCommands = world.ImageCommands,
            Release = PodInputRelease,
        });
        if (outcome.MissingSecrets.Count > 0)
        {
            events.Add(new ObjectEvent("Warning", "FailedToRetrieveSecret",
                $"Unable to retrieve some secrets ({string.Join(", ", outcome.MissingSecrets)}); attempting to use them may not succeed."));
        }

        if (outcome.Pod is null)
        {
            return RefusePod(null, $"translating TaskSpec to Pod: {outcome.Error}");
        }

        if (world.PodRefusal is { } refusal)
        {
            return RefusePod(refusal, refusal.Message);
        }

        changes.Add(new Change.Create(Kinds.Pod, outcome.Pod));
        if (run.Annotation("pipeline.tekton.dev/affinity-assistant") is { Length: > 0 } && podRun.At("spec", "podTemplate", "affinity") is not null)
        {
            events.Add(new ObjectEvent("Warning", "PodAffinityOverwrite",
                $"Pod template affinity is overwritten by affinity assistant for pod \"{outcome.Pod.Name()}\""));
        }

        return outcome.Pod;
    }

    private JsonObject? RefusePod(PodRefusal? refusal, string message)
    {
        var isForbidden = refusal?.Code == 403;
        if (isForbidden && message.Contains("exceeded quota", StringComparison.Ordinal))
        {
            status.Remove("startTime");
            Conditions.SetSucceeded(status, "Unknown", "ExceededResourceQuota", $"TaskRun Pod exceeded available resources: {message}", now);
            EmitChange();
            wakeAt = now + TimeSpan.FromMinutes(1);
            return null;
        }

        if (refusal is { Reason: "AlreadyExists" })
        {
            Conditions.SetSucceeded(status, "Unknown", "Pending", "tried to create pod, but it already exists", now);
            EmitChange();
            return null;
        }

        var reason = message.Contains("TaskRun validation failed", StringComparison.Ordinal) ? "TaskRunValidationFailed"
            : isForbidden && (message.Contains("violates PodSecurity", StringComparison.Ordinal) || message.Contains("security context constraint", StringComparison.Ordinal)) ? "PodAdmissionFailed"
            : "PodCreationFailed";
        if (reason == "PodCreationFailed")
        {
            message = $"failed to create task run pod \"{run.Name()}\": {message}. Maybe "
                + (run.Object("spec", "taskRef") is { } reference ? $"missing or invalid Task {run.Namespace()}/{reference.Text("name")}" : "invalid TaskSpec");
        }

        MarkFailed(reason, message);
        EmitChange();
        EmitError(message);
        return null;
    }

    private string Follow(JsonObject pod, JsonObject taskSpec)
    {
        if (PodWaiting.ExceedsNodeResources(pod))
        {
            events.Add(new ObjectEvent("Warning", "ExceededNodeResources", $"Insufficient resources to schedule pod \"{pod.Name()}\""));
        }

        if (AreSidecarsReady(pod) && pod.Annotation("tekton.dev/ready") != "READY")
        {
            changes.Add(Annotate(pod.Key(), "tekton.dev/ready", "READY"));
        }

        var errors = PodReader.Read(run, pod, taskSpec, config, world.SidecarLog, now);
        if (errors.FirstOrDefault(error => error.Contains(SidecarLog.SizeExceeded, StringComparison.Ordinal)) is { } tooLarge)
        {
            return Fail("TaskRunResultLargerThanAllowedLimit", $"[User error]  TaskRun \"\"{run.Name()}\"\" failed: {tooLarge}");
        }

        var error = errors.Count > 0 ? string.Join('\n', errors) : null;
        if (error is null && TaskRunValidation.CheckResults(run, taskSpec) is { } wrong)
        {
            MarkFailed("TaskRunValidationFailed", wrong);
            error = wrong;
        }

        EmitChange();
        if (error is not null)
        {
            EmitError(error);
        }

        wakeAt ??= Conditions.IsDone(status) ? null : Deadline;
        return Conditions.Succeeded(status).Text("message") ?? "";
    }

    /// <summary>Whether everything beside the steps runs and is ready, or has ended.</summary>
    private static bool AreSidecarsReady(JsonObject pod) =>
        pod.Text("status", "phase") == "Running" && pod.Objects("status", "containerStatuses").Where(one => !PodParts.IsStep(one.Text("name") ?? ""))
            .All(one => (one.Object("state", "running") is not null && one.Flag("ready")) || one.Object("state", "terminated") is not null);

    /// <summary>After the end, sidecars that still run get an image that exits at once.</summary>
    private void StopSidecars()
    {
        if (config.KubernetesSidecar || status.Text("podName") is not { Length: > 0 } podName || Conditions.Succeeded(status).Text("reason") is "TaskRunCancelled" or "TaskRunTimeout")
        {
            return;
        }

        if (CurrentPod is not { } pod)
        {
            EmitError($"pods \"{podName}\" not found");
            return;
        }

        if (pod.Text("status", "phase") == "Running")
        {
            ReplaceRunning(pod);
        }

        if (status.Objects("sidecars").Any(sidecar => sidecar.Object("terminated") is null))
        {
            PodParts.SetList(status, "sidecars", PodReader.Sidecars(pod.Objects("status", "containerStatuses").Select(StepStates.Stopped)));
        }
    }

    private void ReplaceRunning(JsonObject pod)
    {
        var running = pod.Objects("status", "containerStatuses").Where(one => one.Object("state", "running") is not null).Select(one => one.Text("name") ?? "")
            .Where(name => !PodParts.IsStep(name) && !(config.ResultsFromSidecarLogs && name == "sidecar-tekton-log-results")).ToHashSet();
        var containers = pod.Objects("spec", "containers").Select(container => container.Copy()).ToList();
        var replaced = containers.Where(container => running.Contains(container.Text("name") ?? "") && container.Text("image") != world.Images.Nop).ToList();
        replaced.ForEach(container => container["image"] = world.Images.Nop);
        if (replaced.Count > 0)
        {
            changes.Add(new Change.Patch(Kinds.Pod, pod.Key(), new JsonObject
            {
                ["spec"] = new JsonObject { ["containers"] = new JsonArray([.. containers]) },
            }));
        }
    }
}
