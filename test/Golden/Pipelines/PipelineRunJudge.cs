using System.Text.Json.Nodes;

namespace Hikigane.Golden.Pipelines;

internal static class PipelineRunJudge
{
    public static Task<string?> JudgeAsync(JsonObject recorded) => Task.FromResult<string?>("nothing answers this file yet");
}
