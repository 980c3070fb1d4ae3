using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Resources.Yaml;

namespace Hikigane.Cli.Text;

/// <summary>Prints JSON as <c>-o json</c> and <c>-o yaml</c> ask for it.</summary>
internal static class Print
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonSerializerOptions OneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A value on one line, for people.</summary>
    public static string Line(JsonNode value) => value.ToJsonString(OneLine);

    /// <summary>Returns the exit code: 2 for a format that does not exist.</summary>
    public static int Json(TextWriter output, JsonNode node, string format)
    {
        switch (format)
        {
            case "json":
                output.WriteLine(node.ToJsonString(Indented));
                return 0;
            case "yaml":
                output.Write(YamlWriter.Write(node));
                return 0;
            default:
                Console.Error.WriteLine($"unknown output format \"{format}\": use text, json or yaml");
                return 2;
        }
    }
}
