using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Expressions.GoJson;
using Hikigane.Resources.Deliveries;
using Hikigane.Resources.Json;

namespace Hikigane.Ledger;

/// <summary>What is kept of a body once its event is decided: without the configured fields, and not more than the largest size.</summary>
internal sealed record KeptBody(byte[] Bytes, long OriginalBytes, string Sha256, bool IsChanged)
{
    public static KeptBody Of(ReceivedEvent received, LedgerOptions options)
    {
        if (options.RedactedFields.Count == 0 && received.Body.Length <= options.LargestBody)
        {
            return new KeptBody([], 0, "", IsChanged: false);
        }

        var original = received.Body.ToArray();
        var bytes = options.RedactedFields.Count == 0 ? original : WithoutFields(original, options.RedactedFields, null) ?? [];
        if (bytes.Length > options.LargestBody)
        {
            bytes = bytes[..options.LargestBody];
        }

        var isKnown = received.BodySha256.Length > 0;
        return new KeptBody(
            bytes, received.BodyBytes, isKnown ? received.BodySha256 : Convert.ToHexStringLower(SHA256.HashData(original)), !bytes.AsSpan().SequenceEqual(original));
    }

    /// <summary>The values that the configured fields hold.</summary>
    public static IReadOnlyList<string> Redacted(ReceivedEvent received, LedgerOptions options)
    {
        var values = new List<string>();
        if (options.RedactedFields.Count > 0)
        {
            WithoutFields(received.Body.ToArray(), options.RedactedFields, values);
        }

        return values;
    }

    /// <summary>Null when the body is no JSON: what cannot be read cannot be redacted either.</summary>
    private static byte[]? WithoutFields(byte[] body, IReadOnlyList<string> fields, List<string>? values)
    {
        // A repeated key is no reason to keep a secret: the last one counts.
        if (GoJsonReader.Read(body, GoNumbers.Kubernetes) is not (var root, null))
        {
            return null;
        }

        var isChanged = false;
        foreach (var field in fields)
        {
            isChanged |= Redact(root, Segments(field), values);
        }

        return isChanged ? JsonSerializer.SerializeToUtf8Bytes(root!, LedgerJson.Default.JsonNode) : body;
    }

    /// <summary><c>body.commits[*].author.email</c> → commits, *, author, email. <c>$.</c> and <c>body.</c> may be left out.</summary>
    internal static string[] Segments(string field)
    {
        var path = field.TrimStart('$', '.');
        path = path.StartsWith("body.", StringComparison.Ordinal) ? path["body.".Length..] : path;
        return path.Replace("[", ".", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Split('.', StringSplitOptions.RemoveEmptyEntries);
    }

    internal static bool Redact(JsonNode? node, ReadOnlySpan<string> path, ICollection<string>? values)
    {
        if (path.IsEmpty || node is null)
        {
            return false;
        }

        var isChanged = false;
        switch (node)
        {
            case JsonObject members:
                foreach (var name in path[0] == "*" ? [.. members.Select(pair => pair.Key)] : new[] { path[0] })
                {
                    if (members[name] is not { } child)
                    {
                        continue;
                    }

                    isChanged |= path.Length > 1 ? Redact(child, path[1..], values) : Replace(child, values, members, name);
                }

                break;
            case JsonArray items when path[0] == "*":
                for (var i = 0; i < items.Count; i++)
                {
                    isChanged |= path.Length > 1 ? Redact(items[i], path[1..], values) : items[i] is { } item && Replace(item, values, items, i);
                }

                break;
            case JsonArray items when int.TryParse(path[0], out var index) && index >= 0 && index < items.Count:
                isChanged = path.Length > 1 ? Redact(items[index], path[1..], values) : items[index] is { } one && Replace(one, values, items, index);
                break;
        }

        return isChanged;
    }

    private static bool Replace(JsonNode old, ICollection<string>? values, JsonObject parent, string name)
    {
        parent[name] = Redacted(old, values);
        return true;
    }

    private static bool Replace(JsonNode old, ICollection<string>? values, JsonArray parent, int index)
    {
        parent[index] = Redacted(old, values);
        return true;
    }

    internal static string Redacted(JsonNode old, ICollection<string>? values)
    {
        var text = old is JsonValue && old.Text() is { } plain ? plain : old.ToJsonString();
        if (values is not null)
        {
            values.Add(text);
            AddLeaves(old, values);
        }

        return Redaction.Redact(text);
    }

    /// <summary>Of an object that goes as a whole, its parts may be quoted too.</summary>
    private static void AddLeaves(JsonNode node, ICollection<string> values)
    {
        IEnumerable<JsonNode?> children = node switch
        {
            JsonObject members => members.Select(pair => pair.Value),
            JsonArray items => items,
            _ => [],
        };
        foreach (var child in children.OfType<JsonNode>())
        {
            // Shorter ones, and true and false, tell nothing and are everywhere.
            if (child is JsonValue && child.GetValueKind() is JsonValueKind.String or JsonValueKind.Number
                && (child.Text() ?? child.ToJsonString()) is { Length: >= 3 } text)
            {
                values.Add(text);
            }

            AddLeaves(child, values);
        }
    }
}
