using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Pipelines.Pods;
using Hikigane.Pipelines.Variables;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.TaskRuns;

/// <summary>Collects task results, step results and artifacts from what the steps report. As tektoncd/pipeline pkg/pod/status.go filterResults.</summary>
internal sealed class StepResults(JsonObject? inlineSpec, JsonObject taskSpec)
{
    private readonly List<JsonObject> declared = [.. inlineSpec.Objects("results"), .. taskSpec.Objects("results")];
    private readonly List<JsonObject> found = [];

    /// <summary>Of the whole task.</summary>
    public JsonObject Artifacts { get; } = [];

    public void AddTaskResults(IEnumerable<RunResult> results) => found.AddRange(results.Where(one => one.Type == RunResult.Task).Select(one => Value(one, declared)));

    public void AddTaskArtifacts(IEnumerable<RunResult> results, List<string> errors)
    {
        if (results.FirstOrDefault(one => one.Type == RunResult.TaskArtifacts) is { } artifacts)
        {
            Merge(Artifacts, ReadArtifacts(artifacts.Value, errors));
        }
    }

    /// <summary>What was there already and what was found, the last of each name, in the order of first appearance.</summary>
    public JsonArray TaskResults(IEnumerable<JsonObject> before) =>
        new([.. before.Concat(found).GroupBy(one => one.Text("name")).Select(group => group.Last().Copy())]);

    public Reading ForStep(string container, bool isDone) => new(this, container, isDone);

    private static JsonObject Value(RunResult result, IEnumerable<JsonObject> specs)
    {
        var type = specs.LastOrDefault(spec => spec.Text("name") == result.Key)?.Text("type");
        var value = type == "string" ? new ParamValue.Text(result.Value) : ParamValue.Parse(result.Value);
        return new JsonObject { ["name"] = result.Key, ["type"] = value.Type, ["value"] = value.ToJson() };
    }

    private static JsonObject ReadArtifacts(string text, List<string> errors)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject ?? [];
        }
        catch (JsonException exception)
        {
            errors.Add(exception.Message);
            return [];
        }
    }

    /// <summary>Artifacts of the same name add up, each value once. As tektoncd/pipeline Artifacts.Merge.</summary>
    private static void Merge(JsonObject into, JsonObject more)
    {
        foreach (var side in new[] { "inputs", "outputs" })
        {
            foreach (var artifact in more.Objects(side))
            {
                var list = PodParts.List(into, side);
                var same = list.OfType<JsonObject>().FirstOrDefault(one => one.Text("name") == artifact.Text("name"));
                if (same is null)
                {
                    list.Add(artifact.Copy());
                    continue;
                }

                var values = PodParts.List(same, "values");
                foreach (var value in artifact.Objects("values").Where(value => !values.Any(known => JsonNode.DeepEquals(known, value))).ToList())
                {
                    values.Add(value.Copy());
                }
            }
        }
    }

    /// <summary>Results of one step.</summary>
    internal sealed class Reading(StepResults owner, string container, bool isDone)
    {
        private readonly List<JsonObject> declaredSteps =
            [.. owner.StepSpec(container).Objects("results")];

        public JsonArray Results { get; } = [];

        public JsonObject Artifacts { get; private set; } = [];

        public void AddLogged(IEnumerable<RunResult> logged, List<string> errors)
        {
            var mine = logged.Where(one => one.Type == RunResult.Step && one.Key.StartsWith(container + ".", StringComparison.Ordinal))
                .Select(one => one with { Key = one.Key[(container.Length + 1)..] });
            if (isDone)
            {
                AddStepResults(mine);
            }

            if (logged.FirstOrDefault(one => one.Type == RunResult.StepArtifacts && one.Key == container) is { } artifacts)
            {
                Artifacts = ReadArtifacts(artifacts.Value, errors);
            }
        }

        /// <summary>Takes a parsed termination message; corrects the container's state and gives the termination reason.</summary>
        public string AddReported(IReadOnlyList<RunResult> reported, JsonObject terminated, List<string> errors)
        {
            if (reported.FirstOrDefault(one => one.Type == RunResult.StepArtifacts) is { } artifacts)
            {
                Artifacts = ReadArtifacts(artifacts.Value, errors);
            }

            if (isDone)
            {
                owner.AddTaskResults(reported);
                AddStepResults(reported.Where(one => one.Type == RunResult.Step));
                owner.AddTaskArtifacts(reported, errors);
                Merge(owner.Artifacts, Artifacts);
            }

            var kept = TerminationMessage.Write(reported.Where(one => one.Type != RunResult.Internal));
            terminated.Remove("message");
            if (kept.Length > 0)
            {
                terminated["message"] = kept;
            }

            if (reported.FirstOrDefault(one => one.Key == "StartedAt") is { } started && Conditions.ReadTime(started.Value) is { } time)
            {
                terminated["startedAt"] = Conditions.Time(time);
            }

            var exitCode = reported.FirstOrDefault(one => one.Key == "ExitCode");
            if (exitCode is not null && int.TryParse(exitCode.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var code))
            {
                terminated["exitCode"] = code;
            }

            return reported.FirstOrDefault(one => one is { Type: RunResult.Internal, Key: "Reason" })?.Value is { Length: > 0 } reason ? reason
                : exitCode is not null ? "Continued"
                : terminated.Text("reason") ?? "";
        }

        private void AddStepResults(IEnumerable<RunResult> results)
        {
            foreach (var result in results.Select(one => Value(one, declaredSteps)).ToList())
            {
                Results.Add((JsonNode?)result);
                foreach (var lifted in owner.LiftedFrom(container, result.Text("name")!))
                {
                    var copy = result.Copy();
                    copy["name"] = lifted;
                    owner.found.Add(copy);
                }
            }
        }
    }

    private JsonObject? StepSpec(string container) => taskSpec.Objects("steps").FirstOrDefault(step => $"step-{step.Text("name")}" == container);

    /// <summary>Names of the task results whose value is this step result.</summary>
    private IEnumerable<string> LiftedFrom(string container, string result) => declared
        .Where(spec => Substitution.ExactName(spec.Text("value") ?? "") is { } name && $"steps.{container["step-".Length..]}.results.{result}" == name)
        .Select(spec => spec.Text("name") ?? "").Distinct();
}
