using System.Text.Json.Nodes;
using Hikigane.Pipelines.Variables;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.PipelineRuns;

/// <summary>Fans a matrix out into combinations. As tektoncd/pipeline pkg/apis/pipeline/v1/matrix_types.go.</summary>
internal static class Matrices
{
    /// <summary>Params of each run of a task, in order; one empty combination when there is no matrix.</summary>
    public static IReadOnlyList<Combination> Combinations(JsonObject task)
    {
        if (task.Object("matrix") is not { Count: > 0 } matrix)
        {
            return [new Combination(new Dictionary<string, string>(), null)];
        }

        var combinations = new List<SortedDictionary<string, string>>();
        foreach (var param in matrix.Objects("params"))
        {
            var name = param.Text("name") ?? "";
            var values = param.Items("value").Select(value => (value as JsonValue)?.ToString() ?? "").ToList();
            combinations = combinations.Count == 0 && matrix.Objects("params").First() == param
                ? [.. values.Select(value => new SortedDictionary<string, string>(StringComparer.Ordinal) { [name] = value })]
                : [.. values.SelectMany(value => combinations.Select(before => new SortedDictionary<string, string>(before, StringComparer.Ordinal) { [name] = value }))];
        }

        return Include(matrix, combinations);
    }

    /// <summary>Whether an array of the matrix has no elements.</summary>
    public static bool IsEmpty(TaskState state, Facts facts)
    {
        if (!state.IsMatrixed)
        {
            return false;
        }

        var task = (JsonObject)PipelineVariables.Substitute(state.Task, PipelineVariables.ForTask(state, facts))!;
        return task.Objects("matrix", "params").Any(param => param["value"] is JsonArray { Count: 0 });
    }

    private static List<Combination> Include(JsonObject matrix, List<SortedDictionary<string, string>> combinations)
    {
        var hadParams = combinations.Count > 0;
        var names = new string?[combinations.Count].ToList();
        var keys = combinations.FirstOrDefault()?.Keys.ToHashSet() ?? [];
        var added = new List<(SortedDictionary<string, string> Params, string? Name)>();
        var original = combinations.Select(one => new SortedDictionary<string, string>(one, StringComparer.Ordinal)).ToList();
        foreach (var include in matrix.Objects("include"))
        {
            var given = include.Objects("params").ToDictionary(param => param.Text("name") ?? "", param => ParamValue.Read(param["value"]).AsText);
            var shared = given.Where(pair => keys.Contains(pair.Key)).ToList();
            var matches = hadParams
                ? Enumerable.Range(0, original.Count).Where(i => shared.All(pair => original[i][pair.Key] == pair.Value)).ToList()
                : [];
            foreach (var i in matches)
            {
                names[i] = include.Text("name") ?? names[i];
                foreach (var (key, value) in given)
                {
                    combinations[i][key] = value;
                }
            }

            if (matches.Count == 0)
            {
                added.Add((new SortedDictionary<string, string>(given, StringComparer.Ordinal), include.Text("name")));
            }
        }

        return
        [
            .. combinations.Select((one, i) => new Combination(one, names[i])),
            .. added.Select(one => new Combination(one.Params, one.Name)),
        ];
    }
}

/// <summary>One combination of a matrix, its params sorted by name.</summary>
internal sealed record Combination(IReadOnlyDictionary<string, string> Params, string? Name);
