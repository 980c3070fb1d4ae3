using System.Text.Json.Nodes;
using Hikigane.Resources.Deliveries;
using Hikigane.Resources.Json;

namespace Hikigane.Ledger;

/// <summary>
/// What an interceptor changed, without what must not be kept: patched headers by their name, patched places of the body by the configured fields, extensions by the
/// configured fields that begin with <c>extensions.</c> and by names that tell a credential. What is taken out is gathered, since params and messages may quote it.
/// </summary>
internal sealed class StageRedaction(IReadOnlyList<string> fields, Predicate<string> isHiddenHeader, ICollection<string> found)
{
    private const string Extensions = "extensions.";

    // Narrower than for headers: a name with "key" in it is more often an issue's than a credential.
    private static readonly string[] Telling = ["token", "secret", "password", "credential"];

    public TriggerVerdict Of(TriggerVerdict verdict) => verdict.Stages.All(stage => stage.Change is null) ? verdict : verdict with
    {
        Stages = [.. verdict.Stages.Select(stage => stage.Change is null ? stage : stage with { Change = Of(stage.Change) })],
    };

    /// <summary>The verdict without values that are exactly one that was taken out, however short they are.</summary>
    public static TriggerVerdict Without(TriggerVerdict verdict, IReadOnlySet<string> hidden) => hidden.Count == 0 ? verdict : verdict with
    {
        Params = [.. verdict.Params.Select(param => hidden.Contains(param.Value) ? param with { Value = Redaction.Redact(param.Value) } : param)],
        Stages = [.. verdict.Stages.Select(stage => stage with
        {
            Expressions = stage.Expressions.Any(one => IsHidden(one.Value, hidden))
                ? [.. stage.Expressions.Select(one => IsHidden(one.Value, hidden) ? one with { Value = Redaction.Redact(one.Value!) } : one)]
                : stage.Expressions,
            Change = stage.Change is null ? null : stage.Change with
            {
                Extensions = (JsonObject?)Without(stage.Change.Extensions, hidden),
                Body = (JsonArray?)Without(stage.Change.Body, hidden),
                Headers = (JsonArray?)Without(stage.Change.Headers, hidden),
            },
        })],
    };

    private StageChange Of(StageChange change)
    {
        var extensions = (JsonObject?)change.Extensions?.DeepClone();
        var isHidden = RedactNamed(extensions) | RedactFields(extensions);
        return change with
        {
            Extensions = extensions,
            Body = Patch(change.Body, (operation, path) => RedactBody(operation, path)),
            Headers = Patch(change.Headers, (operation, path) =>
            {
                if (path.Length > 0 && isHiddenHeader(path[0]))
                {
                    Redact(operation);
                }
            }),

            // A digest of little more than a short secret would tell it.
            In = isHidden ? change.In! with { Extensions = null } : change.In,
            Out = isHidden ? change.Out! with { Extensions = null } : change.Out,
        };
    }

    private static JsonArray? Patch(JsonArray? patch, Action<JsonObject, string[]> redact)
    {
        var kept = (JsonArray?)patch?.DeepClone();
        foreach (var operation in (kept ?? []).OfType<JsonObject>().Where(operation => operation.ContainsKey("value")))
        {
            redact(operation, JsonDifference.Steps(operation.Text("path") ?? ""));
        }

        return kept;
    }

    /// <summary>A place may lie above a configured field, at it, or within it.</summary>
    private void RedactBody(JsonObject operation, string[] path)
    {
        foreach (var field in fields)
        {
            var segments = KeptBody.Segments(field);
            var common = Math.Min(segments.Length, path.Length);
            if (!Enumerable.Range(0, common).All(i => segments[i] == "*" || segments[i] == path[i]))
            {
                continue;
            }

            if (segments.Length <= path.Length)
            {
                Redact(operation);
            }
            else
            {
                KeptBody.Redact(operation["value"], segments.AsSpan(common), found);
            }
        }
    }

    private bool RedactFields(JsonObject? extensions)
    {
        var isChanged = false;
        foreach (var field in fields)
        {
            var path = field.TrimStart('$', '.');
            isChanged |= path.StartsWith(Extensions, StringComparison.Ordinal) && KeptBody.Redact(extensions, KeptBody.Segments(path[Extensions.Length..]), found);
        }

        return isChanged;
    }

    private bool RedactNamed(JsonNode? node)
    {
        var isChanged = false;
        switch (node)
        {
            case JsonObject members:
                foreach (var (name, value) in members.ToList())
                {
                    if (value is not null && Array.Exists(Telling, part => name.Contains(part, StringComparison.OrdinalIgnoreCase)))
                    {
                        members[name] = KeptBody.Redacted(value, found);
                        isChanged = true;
                    }
                    else
                    {
                        isChanged |= RedactNamed(value);
                    }
                }

                break;
            case JsonArray items:
                foreach (var item in items)
                {
                    isChanged |= RedactNamed(item);
                }

                break;
        }

        return isChanged;
    }

    private void Redact(JsonObject operation)
    {
        if (operation["value"] is { } value)
        {
            operation["value"] = KeptBody.Redacted(value, found);
        }
    }

    /// <summary>A value of an expression is JSON text.</summary>
    private static bool IsHidden(string? value, IReadOnlySet<string> hidden) =>
        value is not null && (hidden.Contains(value) || (value.Length > 2 && value[0] == '"' && value[^1] == '"' && hidden.Contains(value[1..^1])));

    private static JsonNode? Without(JsonNode? node, IReadOnlySet<string> hidden) => node switch
    {
        JsonObject members => new JsonObject(members.Select(pair => KeyValuePair.Create(pair.Key, Without(pair.Value, hidden)))),
        JsonArray items => new JsonArray([.. items.Select(item => Without(item, hidden))]),
        JsonValue when (node.Text() ?? node.ToJsonString()) is var text && hidden.Contains(text) => JsonValue.Create(Redaction.Redact(text)),
        _ => node?.DeepClone(),
    };
}
