using System.Text.Json.Nodes;
using Hikigane.Pipelines.PipelineRuns;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Pipelines;
using Hikigane.Resources.Reconcile;

namespace Hikigane.Golden.Pipelines;

/// <summary>An API with one PipelineRun in it: applies plans, and stands in for the TaskRun controller. Used by one case, on one thread.</summary>
internal sealed class SimulatedPipelineWorld(JsonObject input)
{
    private const string Uid = "<uid>";

    private readonly PipelinesConfig config = RecordedConfig.Read(input.Object("config"));
    private readonly Dictionary<string, JsonObject> objects = [];
    private readonly List<JsonObject> children = [];
    private readonly List<(string Type, JsonObject Manifest)> owned = [];
    private readonly HashSet<string> deleted = [];
    private readonly List<string> created = [];
    private readonly JsonArray events = [];
    private readonly JsonArray reasons = [];
    private readonly Dictionary<string, string> reported = [];
    private readonly Dictionary<string, int> attempts = [];
    private DateTimeOffset now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private DateTimeOffset? wakeAt;
    private JsonObject run = [];
    private string? refused;

    /// <summary>A run whose tasks all end, one after the other.</summary>
    public static SimulatedPipelineWorld RunToEnd(JsonObject input)
    {
        var world = new SimulatedPipelineWorld(input);
        world.Create();
        for (var rounds = 0; rounds < 100 && world.NextUnfinished() is { } next; rounds++)
        {
            world.Finish(next);
        }

        return world;
    }

    /// <summary>What the substitution cases look at.</summary>
    public JsonObject Observe(IEnumerable<string> fields)
    {
        var seen = new JsonObject();
        foreach (var field in fields)
        {
            JsonNode? value = field switch
            {
                "childParams" => new JsonObject(children.Select(child => KeyValuePair.Create(child.Name(), (JsonNode?)(child["spec"].At("params")?.DeepClone() ?? new JsonArray())))),
                "childSpec" => new JsonObject(children.Select(child => KeyValuePair.Create(child.Name(), (JsonNode?)Hidden(child["spec"]!.DeepClone())))),
                "condition" => run.Condition("Succeeded") is { } condition ? Brief(condition) : null,
                "skippedTasks" => run["status"].At(field)?.DeepClone() ?? new JsonArray(),
                _ => run["status"].At(field)?.DeepClone(),
            };
            if (value is not null)
            {
                seen[field] = value;
            }
        }

        return seen;
    }

    public void Create()
    {
        foreach (var one in input.Objects("objects"))
        {
            var stored = Admit(one);
            objects[$"{stored.Text("kind")}/{stored.Name()}"] = stored;
        }

        run = Admit(input.Object("run")!);
        var metadata = run.Ensure("metadata");
        metadata["namespace"] = "vec";
        metadata["uid"] = Uid;
        metadata["name"] ??= (run.Text("metadata", "generateName") ?? "") + "<rand>";
        Settle();
    }

    public void Act(JsonObject action)
    {
        var (verb, argument) = (action.First().Key, action.First().Value);
        switch (verb)
        {
            case "finish":
                Finish(argument!.ToString());
                return;
            case "start":
                Start(Child(argument!.ToString()));
                break;
            case "patchRun":
                Patch((JsonObject)argument!);
                break;
            case "patchChild":
                Merge(Child(argument!.ToString())!, action.Object("patch")!);
                break;
            case "deleteChild":
                Remove(Child(argument!.ToString())!);
                break;
            case "deleteObject":
                // Nobody watches what a run refers to: it is noticed when the run is looked at next.
                objects.Remove($"{action.Text("deleteObject", "kind")}/{action.Text("deleteObject", "metadata", "name")}");
                return;
            case "resolve":
                Resolve(new JsonObject
                {
                    ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Succeeded", ["status"] = "True" }),
                    ["data"] = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(action.Text("resolve", "data") ?? "")),
                    ["refSource"] = action["resolve"].At("refSource")?.DeepClone(),
                });
                break;
            case "resolveFail":
                Resolve(new JsonObject
                {
                    ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Succeeded", ["status"] = "False", ["message"] = action.Text("resolveFail", "message") }),
                });
                break;
            case "customRun":
                Child(argument!.ToString())!["status"] = action["status"]!.DeepClone();
                break;
            case "waitChange":
                Wait();
                break;
            case "sleep":
                now += TimeSpan.FromSeconds(action.Integer("sleep") ?? 0);
                break;
        }

        Settle();
    }

    /// <summary>The oldest TaskRun that is not over.</summary>
    public string? NextUnfinished() =>
        children.FirstOrDefault(child => child.Text("kind") == "TaskRun" && child.Condition("Succeeded").Text("status") == "Unknown").Text("metadata", "name");

    public void Finish(string name)
    {
        var child = Child(name)!;
        TaskRunOutcomes.Finish(child, Outcome(child), attempts, now);
        Settle();
    }

    public JsonObject Round(JsonNode action)
    {
        var changed = new JsonObject();
        foreach (var child in children)
        {
            var reason = child.Condition("Succeeded").Text("reason") ?? "";
            var key = $"{child.Text("kind")}/{child.Name()}";
            if (reason.Length > 0 && reported.GetValueOrDefault(key) != reason)
            {
                reported[key] = reason;
                changed[key] = reason;
            }
        }

        var round = new JsonObject
        {
            ["do"] = action,
            ["created"] = new JsonArray([.. created.Select(one => (JsonNode)one)]),
            ["children"] = changed,
            ["condition"] = run.Condition("Succeeded") is { } condition ? Brief(condition) : null,
        };
        if (refused is not null)
        {
            round["result"] = new JsonObject { ["refused"] = refused };
            refused = null;
        }

        created.Clear();
        return round;
    }

    public JsonObject Answer(JsonObject want)
    {
        var answer = new JsonObject
        {
            ["children"] = new JsonArray([.. children.Select(Describe)]),
            ["status"] = Timeless(run.Object("status") ?? []),
            ["labels"] = run["metadata"].At("labels")?.DeepClone() ?? new JsonObject(),
            ["annotations"] = run["metadata"].At("annotations")?.DeepClone() ?? new JsonObject(),
        };
        answer.Object("annotations")?.Remove("kubectl.kubernetes.io/last-applied-configuration");
        foreach (var (name, list) in new[] { ("events", events), ("reasons", reasons) })
        {
            if (want.ContainsKey(name))
            {
                answer[name] = list.DeepClone();
            }
        }

        var claims = objects.Values.Where(one => one.Text("kind") == "PersistentVolumeClaim").Concat(owned.Where(one => one.Type == "persistentvolumeclaims").Select(one => one.Manifest));
        Put(answer, "claims", claims.Select(Claim));
        Put(answer, "statefulSets", owned.Where(one => one.Type == "statefulsets").Select(one => Set(one.Manifest)));
        return answer;
    }

    private static void Put(JsonObject answer, string name, IEnumerable<JsonObject> list)
    {
        var items = new JsonArray([.. list]);
        if (items.Count > 0)
        {
            answer[name] = items;
        }
    }

    private JsonObject Admit(JsonObject manifest)
    {
        if (manifest.Text("apiVersion") is not { } version || !version.Contains("tekton.dev", StringComparison.Ordinal))
        {
            return manifest.Copy();
        }

        var admitted = PipelinesAdmission.Default("CREATE", manifest, config);
        var stored = PipelinesConversion.Convert(admitted.Object ?? throw new InvalidOperationException(admitted.Error), manifest.Text("kind") is "CustomRun" or "StepAction" ? "v1beta1" : "v1").Copy();
        if (manifest["status"] is null)
        {
            stored.Remove("status");
        }

        return stored;
    }

    /// <summary>Reconciles until nothing changes any more, children included.</summary>
    private void Settle()
    {
        for (var i = 0; i < 50; i++)
        {
            ObserveAll();
            var before = run.ToJsonString() + children.Count + string.Concat(children.Select(child => child.ToJsonString()));
            Reconcile(run, isRoot: true);
            foreach (var child in children.Where(child => child.Text("kind") == "PipelineRun").ToList())
            {
                Reconcile(child, isRoot: false);
            }

            ObserveAll();
            if (before == run.ToJsonString() + children.Count + string.Concat(children.Select(child => child.ToJsonString())))
            {
                return;
            }
        }
    }

    /// <summary>A resolver's answer to whatever is open.</summary>
    private void Resolve(JsonObject answer)
    {
        foreach (var (_, request) in owned.Where(one => one.Type == "resolutionrequests" && one.Manifest["status"] is null))
        {
            request["status"] = answer.DeepClone();
        }
    }

    private void ObserveAll()
    {
        foreach (var child in children.Where(child => child.Text("kind") == "TaskRun"))
        {
            TaskRunOutcomes.Observe(child, Resolved(child), now);
        }
    }

    /// <summary>A change as the API takes it: admission first.</summary>
    private void Patch(JsonObject patch)
    {
        var changed = run.Copy();
        Merge(changed, patch);
        if (PipelinesAdmission.Refusal("UPDATE", changed, run, config) is { } why)
        {
            refused = $"400 admission webhook \"validation.webhook.pipeline.tekton.dev\" denied the request: {why}";
        }
        else
        {
            Merge(run, patch);
        }
    }

    private JsonObject? Resolved(JsonObject child) =>
        child.Text("spec", "taskRef", "name") is { } name ? objects.GetValueOrDefault($"Task/{name}") : null;

    private void Reconcile(JsonObject run, bool isRoot)
    {
        var plan = PipelineRunReconciler.Reconcile(
            new PipelineRunWorld
            {
                Run = run,
                Config = config,
                Children = [.. children.Where(child => child["metadata"].At("ownerReferences") is JsonArray owners && owners[0].Text("name") == run.Name())],
                Resolutions = [.. owned.Where(one => one.Type == "resolutionrequests").Select(one => one.Manifest)],
                FindPipeline = name => objects.GetValueOrDefault($"Pipeline/{name}"),
                FindTask = name => objects.GetValueOrDefault($"Task/{name}"),
                Owned = owned.Where(one => !deleted.Contains(one.Manifest.Name())).Select(one => $"{one.Type}/{one.Manifest.Name()}").ToHashSet(),
            },
            now);
        foreach (var change in plan.Changes)
        {
            Apply(change, run);
        }

        if (plan.Status is { } status)
        {
            run["status"] = status.DeepClone();
        }

        if (!isRoot)
        {
            return;
        }

        foreach (var one in plan.Events)
        {
            // A repetition counts up the event before it.
            JsonNode recorded = new JsonArray(one.Type, one.Reason, one.Message.Length > 0 ? one.Message : null);
            if (events.Count == 0 || events[^1]!.ToJsonString() != recorded.ToJsonString())
            {
                events.Add(recorded);
            }
        }

        if (run.Condition("Succeeded").Text("reason") is { } reason && reasons.LastOrDefault()?.ToString() != reason)
        {
            reasons.Add((JsonNode)reason);
        }

        wakeAt = plan.WakeAt;
    }

    private void Apply(Change change, JsonObject run)
    {
        switch (change)
        {
            case Change.Create create when create.Type == Kinds.TaskRun || create.Type == Kinds.CustomRun || create.Type == Kinds.PipelineRun:
                var child = Admit(create.Manifest);
                child.Ensure("metadata")["uid"] = Uid;
                children.Add(child);
                created.Add($"{child.Text("kind")}/{child.Name()}");
                break;
            case Change.Create create:
                owned.Add((create.Type.Plural, create.Manifest));
                break;
            case Change.Patch patch when patch.Key == run.Key():
                Merge(run, patch.Body);
                break;
            case Change.Patch patch:
                Merge(children.First(child => child.Name() == patch.Key.Name), patch.Body);
                break;
            case Change.Delete delete:
                deleted.Add(delete.Key.Name);
                break;
        }
    }

    private void Wait()
    {
        var starts = children.Where(child => child.Text("kind") == "TaskRun" && child.Condition("Succeeded").Text("status") == "Unknown").Select(TaskRunOutcomes.Deadline);
        IEnumerable<DateTimeOffset?> all = [wakeAt, .. starts];
        if (all.Where(one => one > now).Order().FirstOrDefault() is { } next)
        {
            now = next;
        }
    }

    private void Start(JsonObject? child)
    {
        if (child is not null)
        {
            TaskRunOutcomes.Conclude(child, "Unknown", "Running", "Not all Steps in the Task have finished executing", now);
        }
    }

    private JsonObject? Child(string name) =>
        children.LastOrDefault(child => child.Name() == name) ?? children.LastOrDefault(child => child.Label("tekton.dev/pipelineTask") == name);

    private void Remove(JsonObject child)
    {
        children.Remove(child);
        deleted.Add(child.Name());
    }

    private JsonObject? Outcome(JsonObject child)
    {
        var outcomes = input.Object("outcomes");
        var found = outcomes.At(child.Name()) ?? outcomes.At(child.Label("tekton.dev/pipelineTask") ?? "") ?? outcomes.At("*");
        return found is JsonArray list ? list[Math.Min(attempts.GetValueOrDefault(child.Name()), list.Count - 1)] as JsonObject : found as JsonObject;
    }

    private static JsonObject Brief(JsonObject? condition)
    {
        var brief = new JsonObject();
        foreach (var field in new[] { "status", "reason", "message" })
        {
            if (condition.Text(field) is { } text)
            {
                brief[field] = text;
            }
        }

        return brief;
    }

    private JsonObject Describe(JsonObject child)
    {
        var described = new JsonObject
        {
            ["kind"] = child.Text("kind"),
            ["apiVersion"] = child.Text("apiVersion"),
            ["name"] = child.Name(),
            ["labels"] = child["metadata"].At("labels")?.DeepClone(),
            ["annotations"] = child.Object("metadata", "annotations") is { Count: > 0 } annotations ? annotations.DeepClone() : null,
            ["ownerReferences"] = Owners(child),
            ["spec"] = Hidden(child["spec"]!.DeepClone()),
            ["condition"] = child.Condition("Succeeded") is { } condition ? Brief(condition) : null,
        };
        if (child.Items("status", "retriesStatus").Count() is > 0 and var retries)
        {
            described["retries"] = retries;
        }

        return described;
    }

    private static JsonArray? Owners(JsonObject child)
    {
        if (child["metadata"]!["ownerReferences"]?.DeepClone() is not JsonArray owners)
        {
            return null;
        }

        foreach (var owner in owners.OfType<JsonObject>())
        {
            owner.Remove("uid");
        }

        return owners;
    }

    private JsonObject Claim(JsonObject claim) => new()
    {
        ["name"] = Hidden(claim.Name()),
        ["labels"] = claim["metadata"].At("labels")?.DeepClone(),
        ["ownerReferences"] = Owners(claim),
        ["spec"] = WithoutMode(claim.Object("spec")),
        ["deleted"] = deleted.Contains(claim.Name()),
    };

    /// <summary>What the recording leaves out.</summary>
    private static JsonObject? WithoutMode(JsonObject? spec)
    {
        var copy = spec?.Copy();
        copy?.Remove("volumeMode");
        return copy;
    }

    private JsonObject Set(JsonObject set) => new()
    {
        ["name"] = set.Name(),
        ["labels"] = set["metadata"].At("labels")?.DeepClone(),
        ["ownerReferences"] = Owners(set),
        ["replicas"] = set["spec"].At("replicas")?.DeepClone(),
        ["selector"] = set["spec"].At("selector")?.DeepClone(),
        ["template"] = new JsonObject
        {
            ["labels"] = set["spec"].At("template", "metadata", "labels")?.DeepClone(),
            ["spec"] = Hidden(set["spec"].At("template", "spec")!.DeepClone()),
        },
        ["volumeClaimTemplates"] = set["spec"].At("volumeClaimTemplates")?.DeepClone() ?? new JsonArray(),
        ["deleted"] = deleted.Contains(set.Name()),
    };

    private JsonNode? Hidden(JsonNode node)
    {
        var text = node.ToJsonString();
        foreach (var name in owned.Where(one => one.Type == "persistentvolumeclaims").Select(one => one.Manifest.Name()).Where(name => name.StartsWith("pvc-", StringComparison.Ordinal)))
        {
            text = text.Replace(name, "pvc-<hash>", StringComparison.Ordinal);
        }

        return JsonNode.Parse(text);
    }

    private static JsonNode Timeless(JsonObject status)
    {
        var copy = status.Copy();
        foreach (var field in new[] { "startTime", "completionTime", "finallyStartTime" })
        {
            if (copy[field] is not null)
            {
                copy[field] = "<time>";
            }
        }

        foreach (var condition in copy.Objects("conditions"))
        {
            condition["lastTransitionTime"] = "<time>";
        }

        return copy;
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
