using System.Text.Json.Serialization;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Ledger;

/// <summary>How verdicts and headers stand in the ledger: camelCase, enums by name, so that a row can be read without the program.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(IReadOnlyList<TriggerVerdict>))]
[JsonSerializable(typeof(System.Text.Json.Nodes.JsonNode))]
[JsonSerializable(typeof(TriggerVerdict))]
[JsonSerializable(typeof(IReadOnlyList<KeyValuePair<string, string>>))]
internal sealed partial class LedgerJson : JsonSerializerContext;
