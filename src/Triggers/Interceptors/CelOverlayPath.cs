using System.Globalization;
using System.Text.Json.Nodes;

namespace Hikigane.Triggers.Interceptors;

/// <summary>Sets a member by an overlay's key: dots nest, numbers index, <c>-1</c> appends, <c>:</c> forces an object key (as tidwall/sjson).</summary>
internal static class CelOverlayPath
{
    private const int MaxIndex = 100_000;

    /// <summary>
    /// Sets the value; null, or an error. As upstream, a key with <c>*</c> or <c>?</c> replaces the first member that it fits and is ignored when there is
    /// none, and one with another pattern character is ignored.
    /// </summary>
    public static string? Set(JsonObject target, string key, JsonNode? value)
    {
        if (key.Length == 0)
        {
            return "path cannot be empty";
        }

        if (Segments(key) is not { } segments)
        {
            CelOverlayPattern.Replace(target, key, value);
            return null;
        }

        return Set(target, segments, 0, value).Error;
    }

    private static List<(string Name, bool IsForced)>? Segments(string key)
    {
        var segments = new List<(string, bool)>();
        var name = new System.Text.StringBuilder();
        var isForced = false;
        var isStart = true;
        for (var i = 0; i < key.Length; i++)
        {
            switch (key[i])
            {
                case '\\' when i + 1 < key.Length:
                    name.Append(key[++i]);
                    break;
                case ':' when isStart:
                    isForced = true;
                    break;
                case '.':
                    segments.Add((name.ToString(), isForced));
                    name.Clear();
                    (isForced, isStart) = (false, true);
                    continue;
                case '*' or '?' or '|' or '#' or '@':
                    return null;
                default:
                    name.Append(key[i]);
                    break;
            }

            isStart = false;
        }

        segments.Add((name.ToString(), isForced));
        return segments;
    }

    private static (JsonNode? Node, string? Error) Set(JsonNode? current, List<(string Name, bool IsForced)> segments, int at, JsonNode? value)
    {
        if (at == segments.Count)
        {
            return (value, null);
        }

        var (name, isForced) = segments[at];
        var index = Index(name);
        if (current is JsonArray || (current is not JsonObject && index is not null && !isForced))
        {
            return SetItem(current as JsonArray ?? [], index, name, segments, at, value);
        }

        var members = current as JsonObject ?? [];
        var (member, error) = Set(members[name], segments, at + 1, value);
        if (error is null && !ReferenceEquals(members[name], member))
        {
            members[name] = member;
        }

        return (members, error);
    }

    private static (JsonNode? Node, string? Error) SetItem(
        JsonArray items, int? index, string name, List<(string Name, bool IsForced)> segments, int at, JsonNode? value)
    {
        if (index is null)
        {
            return (items, $"cannot set array element for non-numeric key '{name}'");
        }

        var slot = index == -1 ? items.Count : index.Value;
        if (slot > MaxIndex)
        {
            return (items, $"array index {name} is too large");
        }

        while (items.Count <= slot)
        {
            items.Add(null);
        }

        var (item, error) = Set(items[slot], segments, at + 1, value);
        if (error is null && !ReferenceEquals(items[slot], item))
        {
            items[slot] = item;
        }

        return (items, error);
    }

    private static int? Index(string name) => name is "-1" or "" ? -1
        : int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : null;
}
