using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Cli.Text;

/// <summary>One place in which two events differ. What a filter or a binding reads comes first: that is what made the difference.</summary>
internal sealed record EventDifference(string Part, string Path, string? Left, string? Right, bool IsRead = false)
{
    /// <summary>Headers that differ in every request.</summary>
    private static readonly HashSet<string> Noise = new(StringComparer.OrdinalIgnoreCase) { "Content-Length", "X-Request-Id", "Traceparent" };

    public static IReadOnlyList<EventDifference> Between(Delivery left, Delivery right) =>
        [.. Decisions(left, right), .. Headers(left.Event, right.Event), .. Bodies(left, right)];

    public JsonNode ToJson() => new JsonObject { ["part"] = Part, ["path"] = Path, ["a"] = Left, ["b"] = Right, ["read"] = IsRead };

    private static IEnumerable<EventDifference> Decisions(Delivery left, Delivery right)
    {
        if (left.Outcome != right.Outcome)
        {
            yield return new("decisions", "outcome", left.Outcome.ToString(), right.Outcome.ToString());
        }

        var (a, b) = (ByTrigger(left), ByTrigger(right));
        foreach (var name in a.Keys.Union(b.Keys).Order(StringComparer.Ordinal))
        {
            var (before, after) = (a.GetValueOrDefault(name), b.GetValueOrDefault(name));
            if (before != after)
            {
                yield return new("decisions", name, before, after);
            }
        }
    }

    private static Dictionary<string, string> ByTrigger(Delivery delivery)
    {
        var verdicts = new Dictionary<string, string>();
        foreach (var trigger in delivery.Triggers)
        {
            verdicts[$"{trigger.Namespace}/{trigger.Name}"] =
                DeliverySummary.Outcome(trigger.Outcome) + (trigger.Cause.Length == 0 ? "" : $" [{trigger.Cause}] {trigger.Explain}");
        }

        return verdicts;
    }

    private static IEnumerable<EventDifference> Headers(ReceivedEvent left, ReceivedEvent right)
    {
        var (a, b) = (left.Headers.ToLookup(header => header.Key, header => header.Value, StringComparer.OrdinalIgnoreCase),
            right.Headers.ToLookup(header => header.Key, header => header.Value, StringComparer.OrdinalIgnoreCase));
        foreach (var name in a.Select(group => group.Key).Union(b.Select(group => group.Key), StringComparer.OrdinalIgnoreCase).Order(StringComparer.OrdinalIgnoreCase))
        {
            var (before, after) = (Joined(a[name]), Joined(b[name]));
            if (before != after && !Noise.Contains(name))
            {
                yield return new("headers", name, before, after);
            }
        }

        static string? Joined(IEnumerable<string> values) => string.Join(", ", values) is { Length: > 0 } joined ? joined : null;
    }

    private static IEnumerable<EventDifference> Bodies(Delivery left, Delivery right)
    {
        var (a, b) = (Leaves(left.Event), Leaves(right.Event));
        var read = string.Join('\n', left.Triggers.Concat(right.Triggers).SelectMany(Read));
        return a.Keys.Union(b.Keys).Order(StringComparer.Ordinal)
            .Where(path => a.GetValueOrDefault(path) != b.GetValueOrDefault(path))
            .Select(path => new EventDifference("body", path, a.GetValueOrDefault(path), b.GetValueOrDefault(path), read.Contains(path, StringComparison.Ordinal)))
            .OrderBy(one => !one.IsRead);
    }

    private static IEnumerable<string> Read(TriggerVerdict trigger) =>
        [.. trigger.Params.Select(param => param.Origin), .. trigger.Stages.SelectMany(stage => stage.Expressions).Select(expression => expression.Source)];

    private static Dictionary<string, string?> Leaves(ReceivedEvent received)
    {
        var leaves = new Dictionary<string, string?>();
        try
        {
            Add("body", JsonNode.Parse(received.Body.Span));
        }
        catch (JsonException)
        {
            leaves["body"] = Encoding.UTF8.GetString(received.Body.Span);
        }

        return leaves;

        void Add(string path, JsonNode? node)
        {
            switch (node)
            {
                case JsonObject { Count: > 0 } members:
                    foreach (var (name, child) in members)
                    {
                        Add($"{path}.{name}", child);
                    }

                    break;
                case JsonArray { Count: > 0 } items:
                    for (var i = 0; i < items.Count; i++)
                    {
                        Add($"{path}[{i}]", items[i]);
                    }

                    break;
                default:
                    leaves[path] = node?.ToJsonString() ?? "null";
                    break;
            }
        }
    }
}
