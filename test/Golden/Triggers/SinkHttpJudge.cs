using System.Text.Json.Nodes;

namespace Hikigane.Golden.Triggers;

internal static class SinkHttpJudge
{
    public static Task<string?> JudgeAsync(JsonObject recorded) => Task.FromResult<string?>("nothing answers this file yet");
}
