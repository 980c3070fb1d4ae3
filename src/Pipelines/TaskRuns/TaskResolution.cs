using System.Text.Json.Nodes;
using Hikigane.Pipelines.Resolutions;
using Hikigane.Pipelines.Variables;
using Hikigane.Resources.Json;
using Hikigane.Resources.Pipelines;

namespace Hikigane.Pipelines.TaskRuns;

/// <summary>How finding the Task ended.</summary>
internal abstract record Resolved
{
    private Resolved()
    {
    }

    /// <summary>The Task, with StepActions merged into their steps.</summary>
    public sealed record Found(string Name, JsonObject TaskSpec, JsonObject? Metadata, JsonObject? RefSource, IReadOnlyDictionary<int, JsonObject> StepSources) : Resolved;

    /// <summary>A resolver has not answered yet; the request is to be made where it does not exist. The Task is known when a step waits.</summary>
    public sealed record Waiting(string Reason, string Message, IReadOnlyList<JsonObject> Requests, Found? Task = null) : Resolved;

    public sealed record Failed(string Reason, string Message, Found? Task = null) : Resolved;
}

/// <summary>
/// taskRef, taskSpec or what the status has kept → the Task; then StepActions. As tektoncd/pipeline pkg/reconciler/taskrun/resources
/// taskref.go and taskspec.go.
/// </summary>
internal static class TaskResolution
{
    public static Resolved Resolve(TaskRunWorld world, JsonObject run)
    {
        var reference = run.Object("spec", "taskRef");
        var task = FindTask(world, run, reference);
        if (task is not Resolved.Found found)
        {
            return task;
        }

        TaskRunDefaults.SetTask(found.TaskSpec);
        var asWritten = found with { TaskSpec = found.TaskSpec.Copy() };
        return StepActions.Resolve(world, run, found) switch
        {
            Resolved.Waiting waiting => waiting with { Task = asWritten },
            Resolved.Failed failed => failed with { Task = asWritten },
            var resolved => resolved,
        };
    }

    private static Resolved FindTask(TaskRunWorld world, JsonObject run, JsonObject? reference)
    {
        var name = reference.Text("name") ?? "";
        var resolver = reference.Text("resolver") ?? "";
        var kept = run.Object("status", "taskSpec");
        if (reference is null || (name.Length == 0 && resolver.Length == 0))
        {
            return run.Object("spec", "taskSpec") is { } inline
                ? new Resolved.Found(run.Name(), inline.Copy(), run.Object("metadata")?.Copy(), null, new Dictionary<int, JsonObject>())
                : new Resolved.Failed("TaskRunResolutionFailed", $"taskRun {run.Name()} not providing TaskRef or TaskSpec");
        }

        if (kept is not null)
        {
            return new Resolved.Found(name.Length > 0 ? name : run.Name(), kept.Copy(), null, run.Object("status", "provenance", "refSource")?.Copy(),
                new Dictionary<int, JsonObject>());
        }

        if (resolver.Length > 0)
        {
            return FindRemote(world, run, reference, resolver);
        }

        return world.Task is { } task
            ? new Resolved.Found(name, task.Object("spec")?.Copy() ?? [], task.Object("metadata")?.Copy(), null, new Dictionary<int, JsonObject>())
            : new Resolved.Failed("TaskRunResolutionFailed", $"error when listing tasks for taskRun {run.Name()}: tasks.tekton.dev \"{name}\" not found");
    }

    private static Resolved FindRemote(TaskRunWorld world, JsonObject run, JsonObject reference, string resolver)
    {
        var values = Replacements.ForParams([], run.Objects("spec", "params"));
        foreach (var (key, value) in TaskRunVariables.Context("", run).Strings)
        {
            values.Strings[key] = value;
        }

        var given = reference.Objects("params").Select(param => param.Copy()).ToList();
        SubstitutedFields.ReplaceParams(given, values);
        var url = reference.Text("name") is { Length: > 0 } name ? Substitution.Apply(name, values.Strings) : null;
        var request = RemoteRequests.Build(run, "TaskRun", resolver, given, url);
        if (!world.ResolutionRequests.TryGetValue(request.Name(), out var answered))
        {
            return Waiting(run, [request]);
        }

        var (manifest, error) = RemoteRequests.Read(answered);
        if (error is not null)
        {
            return new Resolved.Failed("TaskRunResolutionFailed", url is null ? error : $"error when listing tasks for taskRun {run.Name()}: {error}");
        }

        if (manifest is null)
        {
            return Waiting(run, []);
        }

        manifest = PipelinesConversion.Convert(manifest, "tekton.dev/v1");
        return manifest.Text("kind") == "Task"
            ? new Resolved.Found(manifest.Name(), manifest.Object("spec")?.Copy() ?? [], manifest.Object("metadata")?.Copy(),
                answered.Object("status", "refSource")?.Copy(), new Dictionary<int, JsonObject>())
            : new Resolved.Failed("TaskRunResolutionFailed", "resource is not a task");
    }

    private static Resolved.Waiting Waiting(JsonObject run, IReadOnlyList<JsonObject> requests) =>
        new("ResolvingTaskRef", $"TaskRun {run.Namespace()}/{run.Name()} awaiting remote resource", requests);
}
