using System.Text.Json.Nodes;
using Hikigane.Pipelines.Names;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.Pods;

/// <summary>
/// TaskRun → Pod, in upstream's shape: container for container, argument for argument. As tektoncd/pipeline pkg/pod/pod.go.
/// </summary>
public sealed partial class PodBuilder
{
    private const string ResultsSidecar = "tekton-log-results";

    private static readonly (string Name, string Path, bool ReadOnly)[] ImplicitMounts =
    [
        ("tekton-internal-workspace", "/workspace", false),
        ("tekton-internal-home", "/tekton/home", false),
        ("tekton-internal-results", "/tekton/results", false),
        ("tekton-internal-steps", "/tekton/steps", true),
        ("tekton-internal-artifacts", "/tekton/artifacts", false),
    ];

    private readonly PodInput input;
    private readonly JsonObject run;
    private readonly JsonObject taskSpec;
    private readonly JsonObject podTemplate;
    private readonly List<JsonObject> volumes = [];
    private readonly List<JsonObject> initContainers = [];
    private readonly List<string> commonArguments = [];
    private readonly Credentials credentials;
    private List<JsonObject> steps = [];
    private List<JsonObject> sidecars = [];

    private PodBuilder(PodInput input)
    {
        this.input = input;
        run = input.Run;
        taskSpec = input.TaskSpec;
        podTemplate = run.Object("spec", "podTemplate") ?? [];
        credentials = Credentials.Read(input);
    }

    /// <summary>Builds the pod; the error is what follows <c>translating TaskSpec to Pod: </c>.</summary>
    public static PodOutcome Build(PodInput input)
    {
        var builder = new PodBuilder(input);
        if (builder.credentials.Error is { } failed)
        {
            return new PodOutcome(null, failed, builder.credentials.Missing);
        }

        var error = builder.Assemble(out var pod);
        return new PodOutcome(error is null ? pod : null, error, builder.credentials.Missing);
    }

    /// <summary>Name of the pod of the run's present attempt.</summary>
    public static string PodName(JsonObject run)
    {
        var retries = run.Items("status", "retriesStatus").Count();
        return ChildNames.Child(run.Name(), retries > 0 ? $"-pod-retry{retries}" : "-pod");
    }

    private bool IsReadyAtOnce =>
        !((taskSpec.Objects("sidecars").Any() || input.Config.InjectedSidecars) && input.Config.AwaitSidecarReadiness);

    private bool IsWindows => podTemplate.Text("nodeSelector", "kubernetes.io/os") == "windows";

    private bool NeedsDebug => input.Config.IsAlpha && (DebugsOnFailure || run.Items("spec", "debug", "breakpoints", "beforeSteps").Any());

    private bool DebugsOnFailure => run.Text("spec", "debug", "breakpoints", "onFailure") == "enabled";

    /// <summary>
    /// 1 volumes of our own, credentials; 2 steps merged with template and overrides; 3 results sidecar; 4 init containers;
    /// 5 entrypoint arguments; 6 mounts; 7 the pod; 8 resources, affinity.
    /// </summary>
    private string? Assemble(out JsonObject pod)
    {
        pod = [];
        volumes.AddRange(ImplicitMounts.Select(mount => PodParts.EmptyVolume(mount.Name)));
        commonArguments.AddRange(credentials.Arguments);
        volumes.AddRange(credentials.Volumes);

        var merged = MergedSteps();
        AddResultsSidecar(merged);
        if (input.Config.CompressTerminationMessage && !input.Config.ResultsFromSidecarLogs)
        {
            commonArguments.Add("-compress_termination_message=true");
        }

        AddInitContainers(merged, MergedSidecars());
        if (LookUpCommands() is { } unknown)
        {
            return unknown;
        }

        if (OrderSteps() is { } failed)
        {
            return failed;
        }

        AddVolumesAndMounts();
        for (var i = 0; i < steps.Count; i++)
        {
            steps[i]["name"] = ChildNames.Restrict(PodParts.StepName(steps[i].Text("name"), i));
        }

        volumes.AddRange(taskSpec.Objects("volumes").Select(volume => volume.Copy()));
        volumes.AddRange(podTemplate.Objects("volumes").Select(volume => volume.Copy()));
        if (DuplicateVolume() is { } duplicate)
        {
            return duplicate;
        }

        pod = Pod();
        PodResources.Apply(pod, input);
        return null;
    }

    private List<JsonObject> MergedSteps()
    {
        var template = taskSpec.Object("stepTemplate");
        var overrides = run.Objects("spec", "stepSpecs").ToList();
        var merged = taskSpec.Objects("steps").Select(step => WithOverride(template is null ? step.Copy() : StepTemplateMerge.Merge(template, step), overrides)).ToList();
        PodResources.ApplyTaskLevel(merged, run.Object("spec", "computeResources"));
        return merged;
    }

    private List<JsonObject> MergedSidecars() =>
        [.. taskSpec.Objects("sidecars").Select(sidecar => WithOverride(sidecar.Copy(), run.Objects("spec", "sidecarSpecs").ToList()))];

    private static JsonObject WithOverride(JsonObject container, List<JsonObject> overrides)
    {
        var found = overrides.LastOrDefault(one => one.Text("name") == container.Text("name"))?.Object("computeResources");
        if (found is not null)
        {
            container["computeResources"] = StepTemplateMerge.MergeObjects(container.Object("computeResources") ?? [], found);
        }

        return container;
    }

    private void AddInitContainers(List<JsonObject> merged, List<JsonObject> mergedSidecars)
    {
        initContainers.Add(Secured(new JsonObject
        {
            ["name"] = "prepare",
            ["image"] = input.Images.Entrypoint,
            ["command"] = PodParts.Texts(["/ko-app/entrypoint", "init", "/ko-app/entrypoint", "/tekton/bin/entrypoint",
                .. merged.Select((step, i) => PodParts.StepName(step.Text("name"), i))]),
            ["workingDir"] = "/",
            ["volumeMounts"] = new JsonArray(PodParts.Mount("tekton-internal-bin", "/tekton/bin"), PodParts.Mount("tekton-internal-steps", "/tekton/steps")),
        }, IsWindows));

        var scripts = new ScriptPlacement($"{run.Uid()}/{run.Items("status", "retriesStatus").Count()}/");
        steps = [.. merged.Select(PodParts.StepContainer)];
        for (var i = 0; i < steps.Count; i++)
        {
            scripts.Place(merged[i], steps[i], $"script-{i}");
        }

        if (NeedsDebug)
        {
            AddDebugMounts(scripts);
        }

        sidecars = [.. mergedSidecars.Select(PodParts.SidecarContainer)];
        for (var i = 0; i < sidecars.Count; i++)
        {
            scripts.Place(mergedSidecars[i], sidecars[i], $"sidecar-script-{i}");
        }

        if (scripts.Container(input.Images) is { } place)
        {
            initContainers.Add(Secured(place, scripts.IsWindows));
            volumes.Add(PodParts.EmptyVolume("tekton-internal-scripts"));
        }

        if (NeedsDebug)
        {
            volumes.Add(PodParts.EmptyVolume("tekton-internal-debug-scripts"));
            volumes.Add(PodParts.EmptyVolume("tekton-internal-debug-info"));
        }

        if (WorkingDirectories() is { Count: > 0 } directories)
        {
            initContainers.Add(Secured(new JsonObject
            {
                ["name"] = "working-dir-initializer",
                ["image"] = input.Images.WorkingDirInit,
                ["command"] = new JsonArray("/ko-app/workingdirinit"),
                ["args"] = PodParts.Texts(directories),
                ["workingDir"] = "/workspace",
                ["volumeMounts"] = new JsonArray([.. ImplicitMounts.Select(mount => PodParts.Mount(mount.Name, mount.Path, mount.ReadOnly))]),
            }, IsWindows));
        }
    }

    private void AddDebugMounts(ScriptPlacement scripts)
    {
        for (var i = 0; i < steps.Count; i++)
        {
            PodParts.List(steps[i], "volumeMounts").Add(PodParts.Mount("tekton-internal-debug-scripts", "/tekton/debug/scripts", isReadOnly: true));
            PodParts.List(steps[i], "volumeMounts").Add(PodParts.Mount("tekton-internal-debug-info", $"/tekton/debug/info/{i}"));
        }

        scripts.PlaceDebug(steps.Count, DebugsOnFailure, steps.Any(step => StopsBefore(step.Text("name"))));
    }

    private bool StopsBefore(string? step) =>
        PodParts.TextsOf(run.At("spec", "debug", "breakpoints", "beforeSteps")).Contains(step);

    /// <summary>Working directories that have to be made: relative ones and those below /workspace.</summary>
    private List<string> WorkingDirectories() =>
        [.. steps.Select(step => step.Text("workingDir") ?? "").Where(directory => directory.Length > 0).Distinct().Order(StringComparer.Ordinal)
            .Select(CleanPath.Of).Where(directory => !directory.StartsWith('/') || directory.StartsWith("/workspace/", StringComparison.Ordinal))];

    private JsonObject Secured(JsonObject container, bool isWindows)
    {
        if (input.Config.SetSecurityContext)
        {
            container["securityContext"] = SecurityContext(isWindows);
        }

        return container;
    }

    private JsonObject SecurityContext(bool isWindows)
    {
        if (isWindows)
        {
            return new JsonObject { ["runAsNonRoot"] = true };
        }

        var context = new JsonObject
        {
            ["allowPrivilegeEscalation"] = false,
            ["capabilities"] = new JsonObject { ["drop"] = new JsonArray("ALL") },
            ["runAsNonRoot"] = true,
            ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" },
        };
        if (input.Config.ReadOnlyRootFilesystem)
        {
            context["readOnlyRootFilesystem"] = true;
        }

        return context;
    }

    private string? DuplicateVolume()
    {
        var seen = new HashSet<string>();
        for (var i = 0; i < volumes.Count; i++)
        {
            if (!seen.Add(volumes[i].Text("name") ?? ""))
            {
                return $"multiple volumes with same name \"{volumes[i].Text("name")}\": [{i}].name";
            }
        }

        return null;
    }
}
