using System.Globalization;
using System.Text.Json.Nodes;

namespace Hikigane.Triggers.Interceptors;

/// <summary>An overlay's key with <c>*</c> and <c>?</c>: it looks for a member and makes none (as tidwall/gjson, which sjson asks).</summary>
internal static class CelOverlayPattern
{
    /// <summary>Replaces the first member that fits, in the order in which they were set.</summary>
    public static void Replace(JsonObject target, string key, JsonNode? value)
    {
        if (key.AsSpan().IndexOfAny("|#@") < 0)
        {
            Replace(target, Segments(key), value);
        }
    }

    private static bool Replace(JsonNode? node, ReadOnlySpan<string> segments, JsonNode? value)
    {
        switch (node)
        {
            case JsonObject members:
                foreach (var (name, member) in members)
                {
                    if (Fits(segments[0], name))
                    {
                        if (segments.Length == 1)
                        {
                            members[name] = value;
                            return true;
                        }

                        if (Replace(member, segments[1..], value))
                        {
                            return true;
                        }
                    }
                }

                return false;
            case JsonArray items when int.TryParse(segments[0], NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < items.Count:
                if (segments.Length > 1)
                {
                    return Replace(items[index], segments[1..], value);
                }

                items[index] = value;
                return true;
            default:
                return false;
        }
    }

    /// <summary>The key cut at its dots; a backslash keeps what it stands before.</summary>
    private static string[] Segments(string key)
    {
        var segments = new List<string>();
        var start = 0;
        for (var i = 0; i < key.Length; i++)
        {
            if (key[i] == '\\')
            {
                i++;
            }
            else if (key[i] == '.')
            {
                segments.Add(key[start..i]);
                start = i + 1;
            }
        }

        return [.. segments, key[start..]];
    }

    /// <summary>Greedy with one point to come back to, so no pattern takes longer than pattern times name.</summary>
    private static bool Fits(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        var (at, i, star, resume) = (0, 0, -1, 0);
        while (i < name.Length)
        {
            if (at < pattern.Length && pattern[at] == '*')
            {
                (star, resume) = (at++, i);
                continue;
            }

            var isEscaped = at + 1 < pattern.Length && pattern[at] == '\\';
            if (at < pattern.Length && ((!isEscaped && pattern[at] == '?') || pattern[isEscaped ? at + 1 : at] == name[i]))
            {
                at += isEscaped ? 2 : 1;
                i++;
            }
            else if (star >= 0)
            {
                (at, i) = (star + 1, ++resume);
            }
            else
            {
                return false;
            }
        }

        return pattern[at..].IndexOfAnyExcept('*') < 0;
    }
}
