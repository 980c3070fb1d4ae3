using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Resources.Deliveries;
using Hikigane.Resources.Json;

namespace Hikigane.Cli.Text;

/// <summary>What each trigger did with an event, stage by stage: how it ended, how long it took, and what it changed.</summary>
internal static class StagesText
{
    private const int LongestValue = 120;

    public static void Write(TextWriter output, Delivery delivery)
    {
        foreach (var trigger in delivery.Triggers.Where(trigger => trigger.Stages.Count > 0))
        {
            output.WriteLine();
            output.WriteLine(Title(trigger));
            var names = trigger.Stages.Select((stage, index) => $"  {index + 1} {stage.Kind}{(stage.Name.Length == 0 ? "" : " " + stage.Name)}").ToList();
            var width = names.Max(name => name.Length);
            foreach (var (stage, name) in trigger.Stages.Zip(names))
            {
                output.WriteLine($"{name.PadRight(width)}  {Result(stage),-24}{Duration(stage),12}".TrimEnd());
                WriteChange(output, stage.Change);
            }
        }
    }

    /// <summary><c>4.250 ms</c></summary>
    public static string Duration(StageVerdict stage) =>
        stage.DurationMs is { } took ? string.Create(CultureInfo.InvariantCulture, $"{took:N3} ms") : "";

    /// <summary><c>stages of build (generation 3, group(pushes)):</c></summary>
    private static string Title(TriggerVerdict trigger)
    {
        string[] facts = [trigger.Source, trigger.Generation is { } generation ? string.Create(CultureInfo.InvariantCulture, $"generation {generation}") : ""];
        return $"stages of {(trigger.Name.Length == 0 ? "(trigger without a name)" : trigger.Name)} ({string.Join(", ", facts.Where(fact => fact.Length > 0))}):";
    }

    private static string Result(StageVerdict stage) => stage.Result switch
    {
        StageResult.Pass => "passed",
        StageResult.Stop => "stopped",
        StageResult.Error => "failed",
        _ => "not reached",
    } + (stage.Code is null ? "" : $" ({stage.Code})");

    private static void WriteChange(TextWriter output, StageChange? change)
    {
        if (change is null)
        {
            return;
        }

        foreach (var (name, value) in change.Extensions ?? [])
        {
            output.WriteLine($"      + extensions.{name} = {Short(value)}");
        }

        WritePatch(output, "body", change.Body);
        WritePatch(output, "header", change.Headers);
        if (change.Out?.Body is { } body)
        {
            output.WriteLine($"      body {change.In?.Body?[..12]}… -> {body[..12]}… (SHA-256)");
        }

        if (change.Note is not null)
        {
            output.WriteLine("      " + change.Note);
        }
    }

    private static void WritePatch(TextWriter output, string part, JsonArray? patch)
    {
        foreach (var operation in (patch ?? []).OfType<JsonObject>())
        {
            var mark = operation.Text("op") switch { "add" => "+", "remove" => "-", _ => "~" };
            var path = new StringBuilder(part);
            foreach (var step in JsonDifference.Steps(operation.Text("path") ?? ""))
            {
                path.Append('.').Append(step);
            }

            output.WriteLine($"      {mark} {path}{(mark == "-" ? "" : $" = {Short(operation["value"])}")}");
        }
    }

    private static string Short(JsonNode? value)
    {
        var text = value is null ? "null" : Print.Line(value);
        return text.Length > LongestValue ? text[..LongestValue] + "…" : text;
    }
}
