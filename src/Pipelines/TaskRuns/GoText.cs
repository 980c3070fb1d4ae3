using System.Globalization;
using System.Text;

namespace Hikigane.Pipelines.TaskRuns;

/// <summary>Text as Go's <c>%q</c> and <c>%v</c> print it, which is what users of Tekton see in messages.</summary>
internal static class GoText
{
    public static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var one in text)
        {
            _ = one switch
            {
                '"' => quoted.Append("\\\""),
                '\\' => quoted.Append("\\\\"),
                '\n' => quoted.Append("\\n"),
                '\r' => quoted.Append("\\r"),
                '\t' => quoted.Append("\\t"),
                < ' ' or '\x7f' => quoted.Append(CultureInfo.InvariantCulture, $"\\x{(int)one:x2}"),
                _ => quoted.Append(one),
            };
        }

        return quoted.Append('"').ToString();
    }

    /// <summary>A list of strings: <c>[a b]</c>.</summary>
    public static string List(IEnumerable<string> items) => $"[{string.Join(' ', items)}]";

    /// <summary>A map of lists, keys sorted: <c>map[a:[b c]]</c>.</summary>
    public static string Map(IEnumerable<KeyValuePair<string, IReadOnlyList<string>>> map) =>
        $"map[{string.Join(' ', map.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}:{List(pair.Value)}"))}]";
}
