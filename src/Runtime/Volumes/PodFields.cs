using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Runtime.Volumes;

/// <summary>Fields of a pod as the downward API hands them to containers.</summary>
internal static class PodFields
{
    /// <summary>The value of a field path; null when the pod has none.</summary>
    public static string? Read(JsonObject pod, string path, NodeOptions node)
    {
        foreach (var (map, prefix) in new[] { ("annotations", "metadata.annotations['"), ("labels", "metadata.labels['") })
        {
            if (path.StartsWith(prefix, StringComparison.Ordinal) && path.EndsWith("']", StringComparison.Ordinal))
            {
                return pod.Text("metadata", map, path[prefix.Length..^2]);
            }
        }

        return path switch
        {
            "metadata.name" => pod.Name(),
            "metadata.namespace" => pod.Namespace(),
            "metadata.uid" => pod.Uid(),
            "metadata.labels" => Lines(pod.Object("metadata", "labels")),
            "metadata.annotations" => Lines(pod.Object("metadata", "annotations")),
            "spec.nodeName" => node.NodeName,
            "spec.serviceAccountName" => pod.Text("spec", "serviceAccountName") ?? "default",
            "status.hostIP" or "status.hostIPs" or "status.podIP" or "status.podIPs" => node.NodeAddress,
            _ => null,
        };
    }

    /// <summary>A container's resource as a number; what is not set is the node's own amount.</summary>
    public static string Resource(JsonObject? container, JsonObject reference)
    {
        var resource = reference.Text("resource") ?? "";
        var split = resource.Split('.', 2);
        var quantity = split.Length == 2 ? container.At("resources", split[0], split[1])?.ToString() : null;
        if (quantity is null)
        {
            return resource.EndsWith("cpu", StringComparison.Ordinal) ? System.Environment.ProcessorCount.ToString() : "0";
        }

        var value = Quantity(quantity);
        var divisor = Quantity(reference.At("divisor")?.ToString() is { } text && text != "0" ? text : "1");
        return ((long)Math.Ceiling((double)(value / divisor))).ToString();
    }

    private static decimal Quantity(string text)
    {
        var end = text.Length;
        while (end > 0 && !char.IsAsciiDigit(text[end - 1]))
        {
            end--;
        }

        var number = decimal.TryParse(text.AsSpan(0, end), out var parsed) ? parsed : 0;
        return number * text[end..] switch
        {
            "m" => 0.001m,
            "k" => 1000m,
            "M" => 1000_000m,
            "G" => 1000_000_000m,
            "T" => 1000_000_000_000m,
            "Ki" => 1L << 10,
            "Mi" => 1L << 20,
            "Gi" => 1L << 30,
            "Ti" => 1L << 40,
            _ => 1m,
        };
    }

    private static string Lines(JsonObject? map) => map is null
        ? ""
        : string.Join('\n', map.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={Quote(pair.Value?.ToString() ?? "")}"));

    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var character in text)
        {
            quoted.Append(character switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\t' => "\\t",
                '\r' => "\\r",
                _ => character.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }
}
