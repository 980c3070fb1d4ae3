using System.Text.Json.Nodes;
using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;
using Hikigane.Resources.Yaml;
using Hikigane.Server.Previews;

namespace Hikigane.Cli.Text;

/// <summary>What would become of an event: the verdicts, what changed against the recorded ones, and the objects that would be created.</summary>
internal static class PreviewText
{
    public static void Write(TextWriter output, Delivery original, PreviewedDelivery preview, string source)
    {
        output.WriteLine($"Dry run with {source}: nothing is created. It was {DeliverySummary.Outcome(original.Outcome).Word}.");
        WhyText.Write(output, preview.Delivery);
        foreach (var trigger in preview.Triggers)
        {
            foreach (var manifest in trigger.Objects)
            {
                output.WriteLine();
                output.WriteLine($"--- # {(trigger.Verdict.Outcome == TriggerOutcome.Fired ? "would be created" : "would be refused")}, trigger {trigger.Verdict.Name}");
                output.Write(YamlWriter.Write(manifest));
            }
        }
    }

    public static JsonObject Json(Delivery original, PreviewedDelivery preview) => new()
    {
        ["eventID"] = original.Event.EventId,
        ["dryRun"] = true,
        ["was"] = original.Outcome.ToString(),
        ["outcome"] = preview.Delivery.Outcome.ToString(),
        ["triggers"] = new JsonArray([.. preview.Triggers.Select(JsonNode (trigger) =>
        {
            var verdict = (JsonObject)DeliveryJson.Of(trigger.Verdict);
            verdict["objects"] = new JsonArray([.. trigger.Objects.Select(JsonNode (manifest) => manifest.DeepClone())]);
            return verdict;
        })]),
    };
}
