using System.Text.Json.Nodes;
using Hikigane.Pipelines.Pods;
using Hikigane.Pipelines.Variables;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.TaskRuns;

/// <summary>
/// Replaces the variables of a Task for one run, in upstream's order: params, context, results, artifacts, exit codes, workspaces.
/// As tektoncd/pipeline pkg/reconciler/taskrun applyParamsContextsResultsAndWorkspaces.
/// </summary>
internal static class TaskRunVariables
{
    public static void Apply(JsonObject taskSpec, JsonObject run, string taskName, Dictionary<string, JsonObject> volumes)
    {
        TaskVariables.Replace(taskSpec, Params(taskSpec, run));
        TaskVariables.Replace(taskSpec, Context(taskName, run));
        ApplyResults(taskSpec);
        ApplyArtifacts(taskSpec);
        TaskVariables.Replace(taskSpec, Replacements.Of([.. taskSpec.Objects("steps").Select((step, i) => PodParts.StepName(step.Text("name"), i))
            .Select(step => ($"steps.{step}.exitCode.path", $"/tekton/steps/{step}/exitCode"))]));
        Propagate(taskSpec, run);
        ApplyWorkspaces(taskSpec, run.Objects("spec", "workspaces").ToList(), volumes);
    }

    public static Replacements Params(JsonObject taskSpec, JsonObject run) =>
        Replacements.ForParams(taskSpec.Objects("params"), run.Objects("spec", "params"));

    public static Replacements Context(string taskName, JsonObject run) => Replacements.Of(
        ("context.taskRun.name", run.Name()),
        ("context.task.name", taskName),
        ("context.taskRun.namespace", run.Namespace()),
        ("context.taskRun.uid", run.Uid()),
        ("context.task.retry-count", run.Items("status", "retriesStatus").Count().ToString(System.Globalization.CultureInfo.InvariantCulture)));

    /// <summary>Path of the credentials, replaced last of all.</summary>
    public static void ApplyCredentials(JsonObject taskSpec) => TaskVariables.Replace(taskSpec, Replacements.Of(("credentials.path", "/tekton/creds")));

    private static void ApplyResults(JsonObject taskSpec)
    {
        foreach (var (step, index) in taskSpec.Objects("steps").Select((step, i) => (step, i)))
        {
            var path = $"/tekton/steps/{PodParts.StepName(step.Text("name"), index)}/results";
            TaskVariables.ReplaceStep(step, Paths("step.results", path, step.Objects("results")));
        }

        TaskVariables.Replace(taskSpec, Paths("results", "/tekton/results", taskSpec.Objects("results")));
    }

    private static Replacements Paths(string root, string directory, IEnumerable<JsonObject> results)
    {
        var paths = new Replacements();
        foreach (var name in results.Select(result => result.Text("name") ?? ""))
        {
            foreach (var spelling in new[] { $"{root}.{name}.path", $"{root}[\"{name}\"].path", $"{root}['{name}'].path" })
            {
                paths.Strings[spelling] = $"{directory}/{name}";
            }
        }

        return paths;
    }

    private static void ApplyArtifacts(JsonObject taskSpec)
    {
        foreach (var (step, index) in taskSpec.Objects("steps").Select((step, i) => (step, i)))
        {
            TaskVariables.ReplaceStep(step, Replacements.Of(
                ("step.artifacts.path", $"/tekton/steps/{PodParts.StepName(step.Text("name"), index)}/artifacts/provenance.json"),
                ("artifacts.path", "/tekton/artifacts/provenance.json")));
        }
    }

    /// <summary>Workspaces that the run binds without the Task declaring them.</summary>
    private static void Propagate(JsonObject taskSpec, JsonObject run)
    {
        var declared = taskSpec.Objects("workspaces").Select(workspace => workspace.Text("name")).ToHashSet();
        foreach (var name in run.Objects("spec", "workspaces").Select(binding => binding.Text("name")).Where(name => !declared.Contains(name)).ToList())
        {
            PodParts.List(taskSpec, "workspaces").Add(new JsonObject { ["name"] = name });
        }
    }

    private static void ApplyWorkspaces(JsonObject taskSpec, List<JsonObject> bindings, Dictionary<string, JsonObject> volumes)
    {
        var bound = bindings.Select(binding => binding.Text("name")).ToHashSet();
        var values = new Replacements();
        foreach (var declaration in taskSpec.Objects("workspaces").ToList())
        {
            var name = declaration.Text("name") ?? "";
            if (declaration.Flag("optional") && !bound.Contains(name))
            {
                values.Strings[$"workspaces.{name}.bound"] = "false";
                values.Strings[$"workspaces.{name}.path"] = "";
                continue;
            }

            values.Strings[$"workspaces.{name}.bound"] = "true";
            ApplyOwnPaths(taskSpec, name);
            TaskVariables.Replace(taskSpec, Replacements.Of(($"workspaces.{name}.path", WorkspaceVolumes.MountPath(declaration))));
        }

        foreach (var (name, volume) in volumes)
        {
            values.Strings[$"workspaces.{name}.volume"] = volume.Text("name") ?? "";
        }

        foreach (var binding in bindings)
        {
            values.Strings[$"workspaces.{binding.Text("name")}.claim"] = binding.Text("persistentVolumeClaim", "claimName") ?? "";
        }

        TaskVariables.Replace(taskSpec, values);
    }

    /// <summary>Steps and sidecars that mount a workspace at a path of their own see that path.</summary>
    private static void ApplyOwnPaths(JsonObject taskSpec, string workspace)
    {
        foreach (var (user, isStep) in taskSpec.Objects("steps").Select(step => (step, true)).Concat(taskSpec.Objects("sidecars").Select(sidecar => (sidecar, false))))
        {
            foreach (var path in user.Objects("workspaces").Where(usage => usage.Text("name") == workspace).Select(usage => usage.Text("mountPath")).OfType<string>().ToList())
            {
                var own = Replacements.Of(($"workspaces.{workspace}.path", path));
                if (isStep)
                {
                    TaskVariables.ReplaceStep(user, own);
                }
                else
                {
                    TaskVariables.ReplaceSidecar(user, own);
                }
            }
        }
    }
}
