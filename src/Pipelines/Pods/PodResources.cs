using System.Globalization;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.Pods;

/// <summary>
/// Resource requirements that are not the step's own: task-level ones, configured defaults, LimitRanges.
/// As tektoncd/pipeline pkg/internal/computeresources and pkg/internal/defaultresourcerequirements.
/// </summary>
internal static class PodResources
{
    private static readonly string[] Internal = ["prepare", "place-scripts", "working-dir-initializer", "sidecar-tekton-log-results"];
    private static readonly string[] Names = ["cpu", "memory", "ephemeral-storage"];

    /// <summary>Requests shared out equally, limits copied to each step.</summary>
    public static void ApplyTaskLevel(List<JsonObject> steps, JsonObject? resources)
    {
        if (resources is null || steps.Count == 0 || (resources["requests"] is null && resources["limits"] is null))
        {
            return;
        }

        foreach (var step in steps)
        {
            var own = step.Ensure("computeResources");
            var shared = own["requests"] is null && resources["requests"] is null ? resources.Object("limits") : resources.Object("requests");
            own.Remove("requests");
            own.Remove("limits");
            if (shared is { Count: > 0 })
            {
                own["requests"] = new JsonObject(shared.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)Divide(pair.Key, Text(pair.Value), steps.Count))));
            }

            if (resources.Object("limits") is { Count: > 0 } limits)
            {
                own["limits"] = limits.DeepClone();
            }
        }
    }

    public static void Apply(JsonObject pod, PodInput input)
    {
        if (input.Config.ContainerResources is { Count: > 0 } defaults)
        {
            ApplyDefaults(pod, defaults);
        }

        if (input.LimitRanges.Count > 0)
        {
            ApplyLimitRanges(pod, input.LimitRanges);
        }
    }

    /// <summary>Exact container name, then <c>prefix-…</c>, then <c>default</c>; only where there is nothing, our own containers excepted.</summary>
    private static void ApplyDefaults(JsonObject pod, JsonObject defaults)
    {
        foreach (var container in pod.Objects("spec", "initContainers").Concat(pod.Objects("spec", "containers")))
        {
            var name = container.Text("name") ?? "";
            if (container.Object("resources") is { Count: > 0 } && !Internal.Contains(name))
            {
                continue;
            }

            var found = defaults.Object(name) is { Count: > 0 } exact && name != "default" ? exact
                : defaults.Where(pair => pair.Key.StartsWith("prefix-", StringComparison.Ordinal) && pair.Value is JsonObject { Count: > 0 })
                    .FirstOrDefault(pair => name.StartsWith(pair.Key["prefix-".Length..] + "-", StringComparison.Ordinal)).Value as JsonObject
                ?? defaults.Object("default");
            if (found is { Count: > 0 })
            {
                container["resources"] = found.DeepClone();
            }
        }
    }

    private static void ApplyLimitRanges(JsonObject pod, IReadOnlyList<JsonObject> ranges)
    {
        var steps = pod.Objects("spec", "containers").Where(container => PodParts.IsStep(container.Text("name") ?? "")).ToList();
        var limits = ranges.SelectMany(range => range.Objects("spec", "limits")).Where(item => item.Text("type") == "Container").ToList();
        var requests = new Dictionary<string, string>();
        foreach (var name in Names)
        {
            var shares = Combined(limits, "defaultRequest", name, largest: false) is { } request ? [Divide(name, request, steps.Count)] : Array.Empty<string>();
            var candidates = Combined(limits, "min", name, largest: true) is { } min ? [.. shares, min] : shares;
            var best = candidates.Where(text => Quantity.Parse(text) > 0).MaxBy(text => Quantity.Parse(text));
            if (best is not null)
            {
                requests[name] = best;
            }
        }

        foreach (var step in requests.Count > 0 ? steps : [])
        {
            var own = step.Ensure("resources", "requests");
            foreach (var (name, amount) in requests.Where(pair => own[pair.Key] is null))
            {
                own[name] = amount;
            }
        }
    }

    private static string? Combined(List<JsonObject> limits, string field, string name, bool largest)
    {
        var amounts = limits.Select(item => item.At(field, name)).OfType<JsonNode>().Select(Text).Where(text => Quantity.Parse(text) is not null).ToList();
        return largest ? amounts.MaxBy(text => Quantity.Parse(text)) : amounts.MinBy(text => Quantity.Parse(text));
    }

    /// <summary>An equal share: whole bytes, or thousandths of anything else.</summary>
    private static string Divide(string name, string amount, int parts)
    {
        if (Quantity.Parse(amount) is not { } total || parts == 0)
        {
            return amount;
        }

        var isBytes = name is "memory" or "ephemeral-storage";
        var share = isBytes ? decimal.Floor(decimal.Ceiling(total) / parts) : decimal.Floor(decimal.Ceiling(total * 1000) / parts) / 1000;
        var text = share.ToString("0.###", CultureInfo.InvariantCulture);
        return amount.EndsWith('i') && share % 1024 == 0 ? Binary(share) : isBytes ? Quantity.Canonical(text) : Quantity.Canonical(text);
    }

    private static string Binary(decimal bytes)
    {
        string[] suffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
        var index = 0;
        while (index < suffixes.Length - 1 && bytes != 0 && bytes % 1024 == 0)
        {
            bytes /= 1024;
            index++;
        }

        return bytes.ToString("0", CultureInfo.InvariantCulture) + suffixes[index];
    }

    private static string Text(JsonNode? node) => node?.ToString() ?? "";
}
