using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Pipelines.Variables;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.PipelineRuns;

/// <summary>What <c>$(…)</c> stands for in a pipeline, and the places where it is replaced. As tektoncd/pipeline pipelinerun/resources/apply.go.</summary>
internal static class PipelineVariables
{
    /// <summary>Params of a run. An object that is given takes the place of the default as a whole, its keys one by one.</summary>
    public static Replacements ForParams(JsonObject run, JsonObject pipelineSpec)
    {
        var replacements = Replacements.ForParams(pipelineSpec.Objects("params"), run.Objects("spec", "params"));
        foreach (var param in run.Objects("spec", "params"))
        {
            if (ParamValue.Read(param["value"]) is ParamValue.Map map)
            {
                foreach (var spelling in Replacements.Spellings(param.Text("name") ?? ""))
                {
                    replacements.Objects[spelling] = map.Values;
                }
            }
        }

        return replacements;
    }

    /// <summary>Context and bound workspaces of a run; replaced behind the params, whose values may name them.</summary>
    public static Replacements ForRun(JsonObject run, JsonObject pipelineSpec, string pipelineName)
    {
        var replacements = new Replacements();
        var strings = replacements.Strings;
        strings["context.pipelineRun.name"] = run.Name();
        strings["context.pipelineRun.namespace"] = run.Namespace();
        strings["context.pipelineRun.uid"] = run.Uid();
        strings["context.pipeline.name"] = pipelineName;
        var bound = run.Objects("spec", "workspaces").Select(workspace => workspace.Text("name")).ToHashSet();
        foreach (var workspace in pipelineSpec.Objects("workspaces"))
        {
            var name = workspace.Text("name") ?? "";
            strings[$"workspaces.{name}.bound"] = bound.Contains(name) ? "true" : "false";
        }

        return replacements;
    }

    /// <summary>The pipeline with everything replaced that is known before any task has run.</summary>
    public static JsonObject Apply(JsonObject pipelineSpec, Replacements replacements)
    {
        var applied = pipelineSpec.Copy();
        foreach (var task in applied.Objects("tasks").Concat(applied.Objects("finally")))
        {
            foreach (var field in new[] { "params", "matrix", "when", "displayName", "workspaces", "taskRef", "pipelineRef", "onError" })
            {
                Replace(task, field, replacements);
            }

            // What a custom task says is its own.
            if (task.Object("taskSpec") is { } spec && spec["apiVersion"] is null)
            {
                Propagate(task, spec, replacements);
            }
        }

        foreach (var result in applied.Objects("results"))
        {
            Replace(result, "value", replacements);
        }

        return applied;
    }

    /// <summary>What a task sees of the tasks before it: results, matrix lengths and, in finally, statuses.</summary>
    public static Replacements ForTask(TaskState state, Facts facts)
    {
        var replacements = facts.Results(state, out _);
        replacements.Strings["context.pipelineTask.retries"] = (state.Task.Integer("retries") ?? 0).ToString(System.Globalization.CultureInfo.InvariantCulture);
        foreach (var other in facts.States.Where(one => !one.IsFinal))
        {
            var strings = replacements.Strings;
            if (other.IsMatrixed)
            {
                strings[$"tasks.{other.Name}.matrix.length"] = other.Runs.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
                foreach (var result in other.Spec.Objects("results").Select(result => result.Text("name") ?? ""))
                {
                    var length = other.Result(result) is ParamValue.List list ? list.Values.Count : 0;
                    strings[$"tasks.{other.Name}.matrix.{result}.length"] = length.ToString(System.Globalization.CultureInfo.InvariantCulture);
                }
            }

            if (state.IsFinal)
            {
                strings[$"tasks.{other.Name}.status"] = StatusOf(other);
                strings[$"tasks.{other.Name}.reason"] = ReasonOf(other);
            }
        }

        if (state.IsFinal)
        {
            replacements.Strings["tasks.status"] = Aggregate(facts);
        }

        return replacements;
    }

    /// <summary>A copy of a node with every text replaced: elements of lists may become several, values of params may change their type.</summary>
    public static JsonNode? Substitute(JsonNode? node, Replacements replacements) => node switch
    {
        JsonObject map => new JsonObject(map.Select(pair => KeyValuePair.Create(pair.Key, Member(pair.Key, pair.Value, replacements)))),
        JsonArray list => new JsonArray([.. list.SelectMany(item => Element(item, replacements))]),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => Substitution.Apply(value.GetValue<string>(), replacements.Strings),
        _ => node?.DeepClone(),
    };

    private static JsonNode? Member(string key, JsonNode? value, Replacements replacements) =>
        key is "value" && value is JsonValue or JsonArray ? ParamValue.Read(value).Substitute(replacements).ToJson() : Substitute(value, replacements);

    private static IEnumerable<JsonNode?> Element(JsonNode? item, Replacements replacements) =>
        item is JsonValue value && value.GetValueKind() == JsonValueKind.String
            ? Substitution.ApplyToElement(value.GetValue<string>(), replacements).Select(text => (JsonNode?)text)
            : [Substitute(item, replacements)];

    private static void Replace(JsonObject owner, string field, Replacements replacements)
    {
        if (owner[field] is { } value)
        {
            owner[field] = Member(field, value, replacements);
        }
    }

    /// <summary>Inline tasks see the pipeline's params; what a task is given under the same name comes before them, what a matrix gives is not known yet.</summary>
    private static void Propagate(JsonObject task, JsonObject spec, Replacements replacements)
    {
        var inMatrix = task.Objects("matrix", "params").Concat(task.Objects("matrix", "include").SelectMany(include => include.Objects("params")))
            .Select(param => param.Text("name") ?? "");
        var given = task.Objects("params").Where(param => Knows(replacements, param.Text("name") ?? "")).ToList();
        var outer = Without(replacements, [.. inMatrix, .. given.Select(param => param.Text("name") ?? "")]);
        outer.AddParams(given);
        foreach (var field in spec.Select(pair => pair.Key).Where(key => key is not ("params" or "metadata" or "apiVersion" or "kind")).ToList())
        {
            spec[field] = Substitute(spec[field], outer);
        }
    }

    private static bool Knows(Replacements all, string name) => Replacements.Spellings(name)[0] is var key
        && (all.Strings.ContainsKey(key) || all.Arrays.ContainsKey(key) || all.Objects.ContainsKey(key));

    private static Replacements Without(Replacements all, HashSet<string> names)
    {
        var kept = new Replacements();
        var hidden = names.SelectMany(Replacements.Spellings).ToHashSet();
        bool Shows(string key) => !hidden.Contains(key) && !hidden.Any(name => key.StartsWith(name + ".", StringComparison.Ordinal) || key.StartsWith(name + "[", StringComparison.Ordinal));
        foreach (var (key, value) in all.Strings.Where(pair => Shows(pair.Key)))
        {
            kept.Strings[key] = value;
        }

        foreach (var (key, value) in all.Arrays.Where(pair => Shows(pair.Key)))
        {
            kept.Arrays[key] = value;
        }

        foreach (var (key, value) in all.Objects.Where(pair => Shows(pair.Key)))
        {
            kept.Objects[key] = value;
        }

        return kept;
    }

    private static string StatusOf(TaskState state) => state.IsSuccessful ? "Succeeded" : state.IsFailure || state.IsCancelled ? "Failed" : "None";

    private static string ReasonOf(TaskState state)
    {
        var ended = state.Runs.Where(run => run.Condition("Succeeded").Text("status") == "False").Concat(state.Runs).FirstOrDefault();
        return ended is null ? "" : state.IsFailure && state.ContinuesOnError ? "FailureIgnored" : ended.Condition("Succeeded").Text("reason") ?? "";
    }

    private static string Aggregate(Facts facts)
    {
        var tasks = facts.States.Where(state => !state.IsFinal).ToList();
        return tasks.Any(state => state.IsCancelled || (state.IsFailure && !state.ContinuesOnError)) ? "Failed"
            : !tasks.All(facts.IsDone) ? "None"
            : tasks.Any(state => facts.Skip(state) is not null) ? "Completed" : "Succeeded";
    }
}
