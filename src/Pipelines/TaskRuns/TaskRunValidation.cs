using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hikigane.Pipelines.Configuration;
using Hikigane.Pipelines.Pods;
using Hikigane.Pipelines.Variables;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.TaskRuns;

/// <summary>
/// What can only be checked once the Task is known. As tektoncd/pipeline pkg/reconciler/taskrun/validate_taskrun.go: reason and message, or null.
/// </summary>
internal static partial class TaskRunValidation
{
    private const string Failed = "TaskRunValidationFailed";

    public static (string Reason, string Message)? Check(JsonObject run, JsonObject taskSpec, string taskName, PipelinesConfig config)
    {
        var given = run.Objects("spec", "params").ToList();
        return User(Failed, Resources(taskSpec))
            ?? User(Failed, Params(taskSpec.Objects("params").ToList(), given) is { } wrong ? $"invalid input params for task {taskName}: {wrong}" : null)
            ?? User("InvalidParamValue", config.ParamEnum ? Enums(taskSpec, given) : null)
            ?? User(Failed, ArrayIndexes(taskSpec, given));
    }

    /// <summary>Bindings against declarations, after defaults were filled in.</summary>
    public static (string Reason, string Message)? CheckWorkspaces(JsonObject run, JsonObject taskSpec, PipelinesConfig config) =>
        User(Failed, Bindings(run, taskSpec))
        ?? User(Failed, config.Coschedule == "workspaces" && Claims(run) > 1 ? "more than one PersistentVolumeClaim is bound" : null)
        ?? (Overrides(run, taskSpec) is { Length: > 0 } overrides ? (Failed, overrides) : null);

    /// <summary>What the results have to be; null when they are.</summary>
    public static string? CheckResults(JsonObject run, JsonObject taskSpec)
    {
        var specs = run.Objects("spec", "taskSpec", "results").Concat(taskSpec.Objects("results")).ToList();
        var types = specs.GroupBy(spec => spec.Text("name") ?? "").ToDictionary(group => group.Key, group => group.Last().Text("type") ?? "string");
        var status = run.Object("status")!;
        var results = status.Objects("results").ToList();
        var wrong = results.Where(result => types.TryGetValue(result.Text("name")!, out var type) && type != result.Text("type")).ToList();
        if (wrong.Count > 0)
        {
            PodParts.SetList(status, "results", new JsonArray([.. results.Except(wrong).Select(result => result.Copy())]));
            var parts = wrong.Select(result => $" \"{result.Text("name")}\": task result is expected to be \"{types[result.Text("name")!]}\" type "
                + $"but was initialized to a different type \"{result.Text("type")}\"").Order(StringComparer.Ordinal);
            return $"[User error] Provided results don't match declared results; may be invalid JSON or missing result declaration: {string.Join(',', parts)}";
        }

        var needed = specs.Where(spec => spec.Text("type") == "object").GroupBy(spec => spec.Text("name") ?? "")
            .ToDictionary(group => group.Key, group => group.SelectMany(Keys).ToList());
        var missing = Missing(needed, results.Where(result => result["value"] is JsonObject).Select(result => (result.Text("name")!, result.Object("value")!.Select(pair => pair.Key))));
        return missing.Count > 0 ? $"[User error] missing keys for these results which are required in TaskResult's properties {GoText.Map(missing)}" : null;
    }

    /// <summary>Values that only variables could give to steps.</summary>
    public static string? CheckSteps(JsonObject taskSpec)
    {
        foreach (var (step, index) in taskSpec.Objects("steps").Select((step, i) => (step, i)))
        {
            if (step.Text("onError") is { Length: > 0 } onError and not ("continue" or "stopAndFail"))
            {
                return $"invalid value: \"{onError}\": steps[{index}].onError\nTask step onError must be either \"continue\" or \"stopAndFail\"";
            }
        }

        return null;
    }

    private static (string Reason, string Message)? User(string reason, string? message) => message is null ? null : (reason, "[User error] " + message);

    private static string? Resources(JsonObject taskSpec)
    {
        foreach (var step in taskSpec.Objects("steps"))
        {
            foreach (var (name, request) in step.Object("computeResources", "requests") ?? [])
            {
                var limit = step.At("computeResources", "limits", name) ?? taskSpec.At("stepTemplate", "computeResources", "limits", name);
                if (limit is not null && request is not null && Quantity.Parse(limit.ToString()) < Quantity.Parse(request.ToString()))
                {
                    return $"invalid request resource value: {Quantity.Canonical(request.ToString())} must be less or equal to limit {Quantity.Canonical(limit.ToString())}";
                }
            }
        }

        return null;
    }

    /// <summary>Missing values, wrong types, missing keys of objects.</summary>
    public static string? Params(List<JsonObject> specs, List<JsonObject> given)
    {
        var names = given.Select(param => param.Text("name")).ToHashSet();
        var missing = specs.Where(spec => !names.Contains(spec.Text("name")) && !spec.ContainsKey("default")).Select(spec => spec.Text("name")!).ToList();
        if (missing.Count > 0)
        {
            return $"missing values for these params which have no default values: {GoText.List(missing)}";
        }

        var types = specs.GroupBy(spec => spec.Text("name") ?? "").ToDictionary(group => group.Key, group => group.Last().Text("type") ?? "string");
        var wrong = given.Where(param => types.TryGetValue(param.Text("name") ?? "", out var type) && !Fits(ParamValue.Read(param["value"]), type))
            .Select(param => param.Text("name")!).ToList();
        if (wrong.Count > 0)
        {
            return $"param types don't match the user-specified type: {GoText.List(wrong)}";
        }

        var needed = specs.Where(spec => spec.Text("type") == "object").ToDictionary(spec => spec.Text("name")!, Keys);
        var provided = specs.Where(spec => spec.Text("type") == "object" && spec["default"] is JsonObject)
            .Select(spec => (spec.Text("name")!, spec.Object("default")!.Select(pair => pair.Key)))
            .Concat(given.Where(param => param["value"] is JsonObject).Select(param => (param.Text("name")!, param.Object("value")!.Select(pair => pair.Key))));
        var missingKeys = Missing(needed, provided);
        return missingKeys.Count > 0 ? $"missing keys for these params which are required in ParamSpec's properties {GoText.Map(missingKeys)}" : null;
    }

    private static bool Fits(ParamValue value, string type) =>
        value.Type == type || (value is ParamValue.Text && type is "array" or "object" && Reference().IsMatch(value.AsText));

    private static List<string> Keys(JsonObject spec) => [.. (spec.Object("properties") ?? []).Select(pair => pair.Key).Order(StringComparer.Ordinal)];

    private static Dictionary<string, IReadOnlyList<string>> Missing(Dictionary<string, List<string>> needed, IEnumerable<(string Name, IEnumerable<string> Keys)> provided) =>
        provided.GroupBy(one => one.Name).Where(group => needed.ContainsKey(group.Key))
        .Select(group => (group.Key, Keys: (IReadOnlyList<string>)[.. needed[group.Key].Where(key => !group.Any(one => one.Keys.Contains(key)))]))
        .Where(one => one.Keys.Count > 0).ToDictionary(one => one.Key, one => one.Keys);

    private static string? Enums(JsonObject taskSpec, List<JsonObject> given)
    {
        foreach (var param in given)
        {
            var spec = taskSpec.Objects("params").FirstOrDefault(one => one.Text("name") == param.Text("name"));
            var allowed = PodParts.TextsOf(spec?["enum"]).ToList();
            if (allowed.Count > 0 && param.Text("value") is { Length: > 0 } value && !allowed.Contains(value))
            {
                return $"param `{param.Text("name")}` value: {value} is not in the enum list";
            }
        }

        return null;
    }

    /// <summary>References to elements that an array does not have.</summary>
    private static string? ArrayIndexes(JsonObject taskSpec, List<JsonObject> given)
    {
        var lengths = new Dictionary<string, int>();
        foreach (var (name, value) in taskSpec.Objects("params").Where(spec => spec.ContainsKey("default")).Select(spec => (spec.Text("name") ?? "", ParamValue.Read(spec["default"])))
            .Concat(given.Select(param => (param.Text("name") ?? "", ParamValue.Read(param["value"])))))
        {
            if (value is ParamValue.List list)
            {
                foreach (var spelling in Replacements.Spellings(name))
                {
                    lengths[spelling] = list.Values.Count;
                }
            }
        }

        var outside = Texts(taskSpec).SelectMany(Substitution.Names).Where(name => name.EndsWith(']') && name.LastIndexOf('[') is var open and > 0
            && int.TryParse(name.AsSpan()[(open + 1)..^1], out var index) && lengths.TryGetValue(name[..open], out var length) && index >= length)
            .Select(name => $"$({name})").Distinct().ToList();
        return outside.Count > 0 ? $"non-existent param references:{GoText.List(outside)}" : null;
    }

    private static IEnumerable<string> Texts(JsonNode? node) => node switch
    {
        JsonObject map => map.SelectMany(pair => Texts(pair.Value)),
        JsonArray list => list.SelectMany(Texts),
        JsonValue value when value.TryGetValue<string>(out var text) => [text],
        _ => [],
    };

    private static string? Bindings(JsonObject run, JsonObject taskSpec)
    {
        var bindings = run.Objects("spec", "workspaces").Select(binding => binding.Text("name") ?? "").ToList();
        foreach (var declaration in taskSpec.Objects("workspaces").Where(one => !one.Flag("optional")))
        {
            if (!bindings.Contains(declaration.Text("name") ?? ""))
            {
                return $"declared workspace \"{declaration.Text("name")}\" is required but has not been bound";
            }
        }

        var declared = taskSpec.Objects("workspaces").Select(one => one.Text("name")).ToHashSet();
        var isInline = run.Object("spec", "taskSpec") is not null;
        return bindings.Find(name => !isInline && !declared.Contains(name)) is { } unknown
            ? $"workspace binding \"{unknown}\" does not match any declared workspace" : null;
    }

    private static int Claims(JsonObject run) => run.Objects("spec", "workspaces")
        .Select(binding => binding.Object("volumeClaimTemplate") is not null ? "template/" + binding.Text("name") : binding.Text("persistentVolumeClaim", "claimName"))
        .OfType<string>().Distinct().Count();

    private static string Overrides(JsonObject run, JsonObject taskSpec)
    {
        var steps = taskSpec.Objects("steps").Select(step => step.Text("name")).ToHashSet();
        var sidecars = taskSpec.Objects("sidecars").Select(sidecar => sidecar.Text("name")).ToHashSet();
        var wrong = run.Objects("spec", "stepSpecs").Select(one => one.Text("name")).Where(name => !steps.Contains(name))
            .Select(name => $"[User error] invalid StepOverride: No Step named {name}")
            .Concat(run.Objects("spec", "sidecarSpecs").Select(one => one.Text("name")).Where(name => !sidecars.Contains(name))
                .Select(name => $"[User error] invalid SidecarOverride: No Sidecar named {name}"));
        return string.Join('\n', wrong);
    }

    [GeneratedRegex(@"\$\([^()]+\)", RegexOptions.NonBacktracking)]
    private static partial Regex Reference();
}
