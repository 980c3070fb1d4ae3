using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hikigane.Cli.Ledgers;

/// <summary>A place in a body, as people write it: <c>commits[0].author.email</c> or <c>commits.0.author.email</c>; <c>\.</c> is a dot in a name.</summary>
internal static class BodyPath
{
    public static JsonNode? Find(JsonNode? node, string path)
    {
        foreach (var name in Segments(path))
        {
            node = node switch
            {
                JsonObject members => members[name],
                JsonArray items when int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < items.Count => items[index],
                _ => null,
            };
        }

        return node;
    }

    /// <summary>
    /// Puts a value at a path and makes what is missing on the way. The value is JSON where it reads as JSON, else a string. Throws
    /// <see cref="CliException"/> where the way is blocked by something else.
    /// </summary>
    public static void Set(JsonObject root, string path, string value)
    {
        var segments = Segments(path);
        JsonNode node = root;
        for (var i = 0; i < segments.Count; i++)
        {
            var isLast = i == segments.Count - 1;
            switch (node)
            {
                case JsonObject members when isLast:
                    members[segments[i]] = Value(value);
                    break;
                case JsonObject members:
                    node = members[segments[i]] ??= new JsonObject();
                    break;
                case JsonArray items when int.TryParse(segments[i], NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index <= items.Count:
                    if (index == items.Count)
                    {
                        items.Add((JsonNode)new JsonObject());
                    }

                    if (isLast)
                    {
                        items[index] = Value(value);
                    }
                    else
                    {
                        node = items[index] ??= new JsonObject();
                    }

                    break;
                default:
                    throw new CliException($"{path} cannot be set: {string.Join('.', segments.Take(i))} has no members", ExitCode.Usage);
            }
        }
    }

    private static JsonNode? Value(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return JsonValue.Create(text);
        }
    }

    private static List<string> Segments(string path)
    {
        var segments = new List<string>();
        var current = new System.Text.StringBuilder();
        for (var i = 0; i < path.Length; i++)
        {
            switch (path[i])
            {
                case '\\' when i + 1 < path.Length:
                    current.Append(path[++i]);
                    break;
                case '.' or '[':
                    End();
                    break;
                case ']':
                    break;
                default:
                    current.Append(path[i]);
                    break;
            }
        }

        End();
        return segments;

        void End()
        {
            if (current.Length > 0)
            {
                segments.Add(current.ToString());
                current.Clear();
            }
        }
    }
}
