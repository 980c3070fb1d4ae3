using System.Text.Json.Nodes;
using Hikigane.Pipelines.Variables;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.PipelineRuns;

/// <summary>Computes <c>status.results</c> from the results of tasks.</summary>
internal static class PipelineResults
{
    /// <summary>The results that can be had; those whose task succeeded without writing them are named as invalid.</summary>
    public static JsonArray Of(JsonObject pipeline, Facts facts, out IReadOnlyList<string> invalid)
    {
        var results = new JsonArray();
        var wrong = new List<string>();
        foreach (var result in pipeline.Objects("results"))
        {
            var replacements = new Replacements();
            var (isKnown, isWrong) = (true, false);
            foreach (var reference in ResultReference.In(result["value"]))
            {
                var producer = facts.Find(reference.Task);
                if (producer?.Result(reference.Result) is not { } value || !Facts.Add(replacements, reference, value))
                {
                    isKnown = false;
                    isWrong |= producer is null or { IsSuccessful: true };
                }
            }

            var name = result.Text("name") ?? "";
            if (isKnown)
            {
                var value = ParamValue.Read(result["value"]).Substitute(replacements).ToJson();
                results.Add((JsonNode)new JsonObject { ["name"] = name, ["value"] = value });
            }
            else if (isWrong)
            {
                wrong.Add(name);
            }
        }

        invalid = wrong;
        return results;
    }
}
