using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Golden.Pipelines;

/// <summary>Plays the rounds of a recorded PipelineRun against the reconciler, with a simulated world around it.</summary>
internal static class PipelineRunJudge
{
    private const int MostRounds = 200;

    public static Task<string?> JudgeAsync(JsonObject recorded)
    {
        var world = new SimulatedPipelineWorld(recorded.Object("input")!);
        var want = recorded.Object("want")!;
        world.Create();
        var rounds = new JsonArray { world.Round("create") };
        var script = new Queue<JsonObject>(recorded.Objects("input", "script"));
        while (rounds.Count < MostRounds)
        {
            if (script.TryDequeue(out var action))
            {
                world.Act(action);
                rounds.Add((JsonNode)world.Round(action.DeepClone()));
                continue;
            }

            if (world.NextUnfinished() is not { } next)
            {
                break;
            }

            world.Finish(next);
            rounds.Add((JsonNode)world.Round(new JsonObject { ["finish"] = next }));
        }

        var got = world.Answer(want);
        got["rounds"] = rounds;
        return Task.FromResult(JsonDiff.Explain(want, got));
    }
}
