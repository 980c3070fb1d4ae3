using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hikigane.Golden;

/// <summary>Compares JSON as the recordings ask for it: maps unordered, lists ordered, numbers by value.</summary>
public static class JsonDiff
{
    /// <summary>What differs, a line each with its path; null when equal.</summary>
    public static string? Explain(JsonNode? want, JsonNode? got)
    {
        var differences = new List<string>();
        Walk("", want, got, differences);
        return differences.Count == 0 ? null : string.Join('\n', differences.Take(40));
    }

    private static void Walk(string path, JsonNode? want, JsonNode? got, List<string> differences)
    {
        switch (want, got)
        {
            case (JsonObject left, JsonObject right):
                foreach (var key in left.Select(pair => pair.Key).Union(right.Select(pair => pair.Key)))
                {
                    if (!left.ContainsKey(key))
                    {
                        differences.Add($"{path}.{key}: not wanted: {Show(right[key])}");
                    }
                    else if (!right.ContainsKey(key))
                    {
                        differences.Add($"{path}.{key}: missing: {Show(left[key])}");
                    }
                    else
                    {
                        Walk($"{path}.{key}", left[key], right[key], differences);
                    }
                }

                break;
            case (JsonArray left, JsonArray right):
                for (var i = 0; i < Math.Max(left.Count, right.Count); i++)
                {
                    if (i >= left.Count)
                    {
                        differences.Add($"{path}[{i}]: not wanted: {Show(right[i])}");
                    }
                    else if (i >= right.Count)
                    {
                        differences.Add($"{path}[{i}]: missing: {Show(left[i])}");
                    }
                    else
                    {
                        Walk($"{path}[{i}]", left[i], right[i], differences);
                    }
                }

                break;
            default:
                if (!AreEqual(want, got))
                {
                    differences.Add($"{path}: want {Show(want)}\n{new string(' ', path.Length)}   got {Show(got)}");
                }

                break;
        }
    }

    private static bool AreEqual(JsonNode? want, JsonNode? got)
    {
        if (want is null || got is null)
        {
            return want is null && got is null;
        }

        var kind = want.GetValueKind();
        return kind == got.GetValueKind() && kind switch
        {
            JsonValueKind.String => want.GetValue<string>() == got.GetValue<string>(),
            JsonValueKind.Number => want.ToJsonString() == got.ToJsonString() || Number(want) == Number(got),
            _ => JsonNode.DeepEquals(want, got),
        };
    }

    private static double Number(JsonNode node) => double.Parse(node.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture);

    private static string Show(JsonNode? node) => node?.ToJsonString() ?? "null";
}
