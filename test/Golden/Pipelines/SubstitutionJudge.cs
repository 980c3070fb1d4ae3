using System.Text.Json.Nodes;
using Hikigane.Pipelines.TaskRuns;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Pipelines;
using Hikigane.Resources.Reconcile;

namespace Hikigane.Golden.Pipelines;

/// <summary>A run with variables in one place → the text that arrives in the pod.</summary>
internal static class SubstitutionJudge
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 0, 0, 1, TimeSpan.Zero);

    private static readonly string[] InnerFlags = ["-wait_file", "-post_file", "-termination_path", "-step_metadata_dir"];

    public static Task<string?> JudgeAsync(JsonObject recorded)
    {
        var input = recorded.Object("input")!;
        if (PipelinesAdmission.Review("CREATE", input.Object("run")!.Copy(), null, RecordedConfig.Read(input.Object("config"))).Error is { } refusal)
        {
            var webhook = refusal.StartsWith("mutation failed", StringComparison.Ordinal) ? "webhook" : "validation.webhook";
            var message = $"admission webhook \"{webhook}.pipeline.tekton.dev\" denied the request: {refusal}";
            return Task.FromResult(JsonDiff.Explain(recorded["want"], new JsonObject { ["denied"] = new JsonObject { ["code"] = 400, ["message"] = message } }));
        }

        if (input.Text("run", "kind") != "TaskRun")
        {
            var seen = SimulatedPipelineWorld.RunToEnd(input).Observe(input.Items("observe").Select(one => one!.ToString()));
            return Task.FromResult(JsonDiff.Explain(recorded["want"]!["values"], seen));
        }

        var config = TaskRunWorlds.Config(input);
        var plan = TaskRunReconciler.Reconcile(TaskRunWorlds.Create(input, TaskRunWorlds.Run(input, config), config), Now);
        var pod = plan.Changes.OfType<Change.Create>().FirstOrDefault(create => create.Type == Kinds.Pod)?.Manifest;
        if (pod is null)
        {
            var condition = Conditions.Succeeded(plan.Status);
            var shownCondition = new JsonObject { ["status"] = condition.Text("status"), ["reason"] = condition.Text("reason"), ["message"] = condition.Text("message") };
            return Task.FromResult(JsonDiff.Explain(recorded["want"], new JsonObject { ["condition"] = shownCondition }));
        }

        var shown = PodNormalisation.Pod(pod);
        var got = new JsonObject();
        foreach (var observed in input.Items("observe").Select(one => one!.ToString()))
        {
            if (Observe(shown, observed) is { } value)
            {
                got[observed] = value;
            }
        }

        return Task.FromResult(JsonDiff.Explain(recorded["want"]!["values"], got));
    }

    private static JsonNode? Observe(JsonObject pod, string what)
    {
        var step = pod.Objects("spec", "containers").First();
        var arguments = step.Items("args").Select(item => item!.ToString()).ToList();
        var own = arguments.IndexOf("--");
        return what switch
        {
            "args" => Texts(arguments.Skip(own + 1)),
            "command" => Texts([.. arguments.Take(own).SkipWhile(one => one != "-entrypoint").Skip(1), .. arguments.Skip(own + 1)]),
            "script" => Texts(Scripts(pod)),
            "flags" => Texts(Flags(arguments.Take(own).ToList())),
            "names" => Texts(pod.Objects("spec", "containers").Select(one => one.Text("name")!)),
            "sidecars" => new JsonArray([.. pod.Objects("spec", "containers").Where(one => one.Text("name")!.StartsWith("sidecar-", StringComparison.Ordinal)).Select(one => one.DeepClone())]),
            "volumes" => new JsonArray([.. pod.Objects("spec", "volumes").Where(IsOwn).Select(one => one.DeepClone())]),
            "volumeMounts" => new JsonArray([.. step.Objects("volumeMounts").Where(IsOwn).Select(one => one.DeepClone())]),
            _ when what.StartsWith("pod.", StringComparison.Ordinal) => pod.At("spec", what[4..])?.DeepClone(),
            _ => step[what]?.DeepClone(),
        };
    }

    private static bool IsOwn(JsonObject named) =>
        !named.Text("name")!.StartsWith("tekton-internal-", StringComparison.Ordinal) && !named.Text("name")!.StartsWith("tekton-creds-", StringComparison.Ordinal);

    private static IEnumerable<string> Flags(List<string> arguments)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            if (InnerFlags.Contains(arguments[i]))
            {
                i++;
            }
            else if (arguments[i] != "-wait_file_content")
            {
                yield return arguments[i];
            }
        }
    }

    private static IEnumerable<string> Scripts(JsonObject pod)
    {
        var place = pod.Objects("spec", "initContainers").FirstOrDefault(one => one.Text("name") == "place-scripts");
        var parts = (place.Items("args").LastOrDefault()?.ToString() ?? "").Split("<< '_EOF_'\n").Skip(1);
        return parts.Select(part => part[..part.IndexOf("\n_EOF_\n", StringComparison.Ordinal)]);
    }

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode)text)]);
}
