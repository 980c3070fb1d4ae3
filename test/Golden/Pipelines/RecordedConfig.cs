using System.Text.Json.Nodes;
using Hikigane.Resources.Json;
using Hikigane.Resources.Pipelines;

namespace Hikigane.Golden.Pipelines;

/// <summary>The <c>config</c> of a recorded case: values that differ from the shipped ConfigMaps.</summary>
internal static class RecordedConfig
{
    public static PipelinesConfig Read(JsonObject? config) => PipelinesConfig.Read(Texts(config.Object("feature-flags")), Texts(config.Object("config-defaults")));

    private static JsonObject Texts(JsonObject? values) => new((values ?? []).Select(pair => KeyValuePair.Create(
        pair.Key, (JsonNode?)(pair.Value?.GetValueKind() == System.Text.Json.JsonValueKind.String ? pair.Value.GetValue<string>() : pair.Value?.ToJsonString() ?? ""))));
}
