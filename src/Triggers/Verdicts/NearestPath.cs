using System.Text.Json.Nodes;

namespace Hikigane.Triggers.Verdicts;

/// <summary>The path in an event that somebody may have meant: the same last name elsewhere, else a name spelled nearly the same.</summary>
internal static class NearestPath
{
    private const int MaxNodes = 5_000;

    public static string? To(string expression, JsonObject values)
    {
        var wanted = expression.TrimStart('$').Trim('(', ')', '{', '}', '.', ' ');
        var last = wanted[(wanted.LastIndexOfAny(['.', '[']) + 1)..].Trim('\'', ']');
        if (last.Length == 0)
        {
            return null;
        }

        string? best = null;
        var bestDistance = Math.Max(1, last.Length / 3) + 1;
        var queue = new Queue<(string Path, JsonNode? Node)>();
        queue.Enqueue(("", values));
        for (var visited = 0; visited < MaxNodes && queue.TryDequeue(out var next); visited++)
        {
            foreach (var (name, child) in Members(next.Node))
            {
                var path = next.Path.Length == 0 ? name : name.StartsWith('[') ? next.Path + name : $"{next.Path}.{name}";
                var distance = Distance(name, last, bestDistance);
                if (distance < bestDistance && path != wanted)
                {
                    (best, bestDistance) = (path, distance);
                }

                queue.Enqueue((path, child));
            }

            if (bestDistance == 0)
            {
                break;
            }
        }

        return best;
    }

    private static IEnumerable<(string Name, JsonNode? Node)> Members(JsonNode? node) => node switch
    {
        JsonObject members => members.Select(pair => (pair.Key.Replace(".", "\\.", StringComparison.Ordinal), pair.Value)),
        JsonArray items => items.Select((item, index) => ($"[{index}]", item)),
        _ => [],
    };

    /// <summary>Levenshtein's distance without regard to case; at least <paramref name="limit"/> when the lengths alone say so.</summary>
    private static int Distance(string left, string right, int limit)
    {
        if (Math.Abs(left.Length - right.Length) >= limit)
        {
            return limit;
        }

        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var isEqual = char.ToLowerInvariant(left[i - 1]) == char.ToLowerInvariant(right[j - 1]);
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (isEqual ? 0 : 1)));
            }
        }

        return row[^1];
    }
}
