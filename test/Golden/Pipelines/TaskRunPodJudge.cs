using System.Text.Json.Nodes;
using Hikigane.Pipelines.TaskRuns;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Reconcile;

namespace Hikigane.Golden.Pipelines;

/// <summary>A TaskRun and what it refers to → the pod.</summary>
internal static class TaskRunPodJudge
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 0, 0, 1, TimeSpan.Zero);

    public static Task<string?> JudgeAsync(JsonObject recorded)
    {
        var input = recorded.Object("input")!;
        var want = recorded.Object("want")!;
        var config = TaskRunWorlds.Config(input);
        var plan = TaskRunReconciler.Reconcile(TaskRunWorlds.Create(input, TaskRunWorlds.Run(input, config), config), Now);
        var got = new JsonObject();
        var creates = plan.Changes.OfType<Change.Create>().ToList();
        if (creates.Find(create => create.Type == Kinds.Pod) is { } pod)
        {
            got["pod"] = PodNormalisation.Pod(pod.Manifest);
        }

        var claims = input.Objects("objects").Where(one => one.Text("kind") == "PersistentVolumeClaim")
            .Concat(creates.Where(create => create.Type == Kinds.PersistentVolumeClaim).Select(create => create.Manifest))
            .Where(_ => want.ContainsKey("claims")).OrderBy(claim => claim.Name(), StringComparer.Ordinal).Select(Claim).ToList();
        if (claims.Count > 0)
        {
            got["claims"] = new JsonArray([.. claims]);
        }

        var condition = Conditions.Succeeded(plan.Status)!;
        got["condition"] = new JsonObject
        {
            ["status"] = condition.Text("status"),
            ["reason"] = condition.Text("reason"),
            ["message"] = condition.Text("message"),
        };
        var wanted = want.Copy();
        if (wanted.Object("pod") is { } wantedPod)
        {
            wanted["pod"] = PodNormalisation.Texts(wantedPod);
        }

        return Task.FromResult(JsonDiff.Explain(wanted, got));
    }

    private static JsonNode Claim(JsonObject claim)
    {
        var shown = new JsonObject { ["metadata"] = PodNormalisation.Metadata(claim.Object("metadata")!), ["spec"] = claim["spec"]?.DeepClone() };
        shown.Object("spec")?.Remove("volumeMode");
        return PodNormalisation.Texts(shown);
    }
}
