using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Pipelines.Configuration;
using Hikigane.Pipelines.TaskRuns;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Reconcile;

namespace Hikigane.Golden.Pipelines;

/// <summary>A world without an API: one TaskRun, its pods and requests, a clock. Plans are applied at once until nothing changes.</summary>
internal sealed class TaskRunSimulation
{
    private readonly PipelinesConfig config;
    private readonly Dictionary<string, JsonObject> requests = [];
    private readonly List<JsonObject> pods = [];
    private readonly HashSet<string> claims = [];
    private TaskRunWorld world;
    private DateTimeOffset now = new(2026, 6, 1, 0, 0, 1, TimeSpan.Zero);
    private DateTimeOffset? wakeAt;
    private string? log;

    public TaskRunSimulation(JsonObject input)
    {
        config = TaskRunWorlds.Config(input);
        Run = TaskRunWorlds.Run(input, config);
        world = TaskRunWorlds.Create(input, Run, config);
    }

    public JsonObject Run { get; private set; }

    /// <summary>Every pod there ever was, with <c>deleted</c> and <c>imagesReplaced</c> beside its annotations.</summary>
    public List<(JsonObject Pod, JsonObject Seen)> History { get; } = [];

    public List<string> Events { get; } = [];

    public List<string> Reasons { get; } = [];

    public List<JsonObject> Requests => [.. requests.Values];

    public JsonObject Condition()
    {
        var condition = Conditions.Succeeded(Run.Object("status"));
        return new JsonObject { ["status"] = condition.Text("status"), ["reason"] = condition.Text("reason"), ["message"] = condition.Text("message") ?? "" };
    }

    public void Settle()
    {
        for (var round = 0; round < 30; round++)
        {
            world = world with { Run = Run, Pods = [.. pods], ResolutionRequests = requests, Claims = claims, SidecarLog = log };
            var plan = TaskRunReconciler.Reconcile(world, now);
            var changed = !JsonNode.DeepEquals(plan.Status, Run["status"]) && plan.Status is not null;
            foreach (var change in plan.Changes)
            {
                changed |= Apply(change);
            }

            if (plan.Status is not null)
            {
                Run["status"] = plan.Status.DeepClone();
                var reason = Condition().Text("reason");
                if (reason is not null && (Reasons.Count == 0 || Reasons[^1] != reason))
                {
                    Reasons.Add(reason);
                }
            }

            foreach (var one in plan.Events)
            {
                var text = new JsonArray(one.Type, one.Reason, one.Message.Length == 0 ? null : (JsonNode)one.Message).ToJsonString();
                if (!Events.Contains(text))
                {
                    Events.Add(text);
                }
            }

            wakeAt = plan.WakeAt;
            if (!changed)
            {
                return;
            }
        }
    }

    public void Act(JsonObject action)
    {
        var pod = pods.FirstOrDefault(one => one.Name() == Run.Text("status", "podName"));
        foreach (var (name, value) in action.Where(pair => pair.Key != "andThen").ToList())
        {
            switch (name)
            {
                case "podStatus":
                    SetPodStatus(pod, (JsonObject)value!);
                    break;
                case "deletePod":
                    Delete(Run.Text("status", "podName") ?? "");
                    break;
                case "patchRun":
                    Merge(Run, (JsonObject)value!);
                    break;
                case "podLogs":
                    log = ((JsonObject)value!).First().Value!.ToString();
                    break;
                case "sleep":
                    now += TimeSpan.FromSeconds((double)value!);
                    break;
                case "waitChange":
                    Wait();
                    break;
                case "resolve":
                    Resolve((JsonObject)value!);
                    break;
                case "resolveFail":
                    Answer("False", value.Text("reason") ?? "", value.Text("message") ?? "");
                    break;
                case "patchObject":
                    if (world.Task?.Name() == value.Text("metadata", "name"))
                    {
                        Merge(world.Task!, (JsonObject)value!);
                    }

                    break;
            }
        }

        if (action.Object("andThen") is { } next)
        {
            Settle();
            Act(next);
        }
    }

    private void Wait()
    {
        var before = (Condition().ToJsonString(), Run.Text("status", "podName"));
        for (var i = 0; i < 100 && wakeAt is { } at && before == (Condition().ToJsonString(), Run.Text("status", "podName")); i++)
        {
            now = at > now ? at : now;
            if (requests.Count > 0 && now > new DateTimeOffset(2026, 6, 1, 0, 0, 3, TimeSpan.Zero))
            {
                Answer("False", "ResolutionTimedOut", "resolution took longer than global timeout of "
                    + (config.Defaults.GetValueOrDefault("default-maximum-resolution-timeout") ?? "1m0s"));
            }

            Settle();
        }
    }

    private void Resolve(JsonObject answer)
    {
        var request = requests.Values.Last();
        var status = request.Ensure("status");
        status["data"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(answer.Text("data") ?? ""));
        foreach (var field in new[] { "refSource", "annotations" })
        {
            if (answer[field] is { } value)
            {
                status[field] = value.DeepClone();
            }
        }

        Answer("True", "", "");
    }

    private void Answer(string value, string reason, string message) =>
        Conditions.SetSucceeded(requests.Values.Last().Ensure("status"), value, reason, message, now);

    private static void SetPodStatus(JsonObject? pod, JsonObject given)
    {
        var status = pod?.Ensure("status");
        foreach (var field in new[] { "phase", "conditions", "containerStatuses", "initContainerStatuses", "reason", "message" })
        {
            status?.Remove(field);
            if (status is not null && given[field] is { } value)
            {
                status[field] = value.DeepClone();
            }
        }
    }

    private bool Apply(Change change)
    {
        switch (change)
        {
            case Change.Create { Manifest: var manifest } create when create.Type == Kinds.Pod:
                if (pods.Any(pod => pod.Name() == manifest.Name()))
                {
                    return false;
                }

                var created = manifest.Copy();
                created["status"] = new JsonObject { ["phase"] = "Pending" };
                pods.Add(created);
                History.Add((created, []));
                return true;
            case Change.Create create when create.Type == Kinds.ResolutionRequest:
                return requests.TryAdd(create.Manifest.Name(), create.Manifest.Copy());
            case Change.Create create:
                return claims.Add(create.Manifest.Name());
            case Change.Delete delete:
                return Delete(delete.Key.Name);
            case Change.Patch patch when patch.Type == Kinds.TaskRun:
                Merge(Run, patch.Body);
                return true;
            case Change.Patch patch:
                return PatchPod(patch);
            default:
                return false;
        }
    }

    private bool PatchPod(Change.Patch patch)
    {
        if (pods.FirstOrDefault(pod => pod.Name() == patch.Key.Name) is not { } target)
        {
            return false;
        }

        var seen = History.Last(one => one.Pod == target).Seen;
        foreach (var container in patch.Body.Objects("spec", "containers"))
        {
            var image = target.Objects("spec", "containers").First(one => one.Text("name") == container.Text("name")).Text("image");
            if (image != container.Text("image"))
            {
                seen.Ensure("imagesReplaced")[container.Text("name")!] = container.Text("image");
            }
        }

        Merge(target, patch.Body);
        return true;
    }

    private bool Delete(string name)
    {
        if (pods.FirstOrDefault(pod => pod.Name() == name) is not { } gone)
        {
            return false;
        }

        History.Last(one => one.Pod == gone).Seen["deleted"] = true;
        return pods.Remove(gone);
    }

    private static void Merge(JsonObject target, JsonObject patch)
    {
        foreach (var (key, value) in patch)
        {
            if (value is null)
            {
                target.Remove(key);
            }
            else if (value is JsonObject inner)
            {
                Merge(target.Ensure(key), inner);
            }
            else
            {
                target[key] = value.DeepClone();
            }
        }
    }
}
