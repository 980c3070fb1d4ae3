using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Rest;

/// <summary>
/// Strategic merge patch: lists of built-in kinds merge by key. The table is that of the struct tags in k8s.io/api; what is not in it is
/// replaced whole. Directives: <c>$patch</c>, <c>$retainKeys</c>, <c>$setElementOrder</c>, <c>$deleteFromPrimitiveList</c>.
/// </summary>
internal static class StrategicPatch
{
    private const string Order = "$setElementOrder/";
    private const string DeletePrimitives = "$deleteFromPrimitiveList/";

    public static JsonNode Apply(JsonObject target, JsonObject patch) => Merge(target, patch, "", target.Text("kind") ?? "");

    private static JsonObject Merge(JsonObject target, JsonObject patch, string parent, string kind)
    {
        if (patch.Text("$patch") is { } directive)
        {
            var replaced = patch.Copy();
            replaced.Remove("$patch");
            return directive == "replace" ? replaced : [];
        }

        if (patch["$retainKeys"] is JsonArray retained)
        {
            var kept = ObjectShape.Texts(retained);
            foreach (var name in target.Select(pair => pair.Key).Where(name => !kept.Contains(name)).ToList())
            {
                target.Remove(name);
            }
        }

        foreach (var (name, value) in patch.Where(pair => !pair.Key.StartsWith('$')))
        {
            MergeField(target, name, value, parent, kind);
        }

        foreach (var (name, value) in patch.Where(pair => pair.Key.StartsWith(DeletePrimitives, StringComparison.Ordinal)))
        {
            RemovePrimitives(target, name[DeletePrimitives.Length..], value);
        }

        foreach (var (name, value) in patch.Where(pair => pair.Key.StartsWith(Order, StringComparison.Ordinal)))
        {
            Reorder(target, name[Order.Length..], value as JsonArray ?? [], parent, kind);
        }

        return target;
    }

    private static void MergeField(JsonObject target, string name, JsonNode? value, string parent, string kind)
    {
        switch (value)
        {
            case null:
                target.Remove(name);
                break;
            case JsonObject inner:
                target[name] = Merge(Detached(target, name) as JsonObject ?? [], inner, name, kind);
                break;
            case JsonArray list when MergeKey(parent, name, kind) is { } key:
                target[name] = MergeList(Detached(target, name) as JsonArray ?? [], list, key, name, kind);
                break;
            case JsonArray list when IsPrimitiveSet(parent, name):
                var existing = Detached(target, name) as JsonArray ?? [];
                foreach (var item in list.Where(item => !existing.Any(other => JsonNode.DeepEquals(other, item))))
                {
                    existing.Add(item?.DeepClone());
                }

                target[name] = existing;
                break;
            default:
                target[name] = value.DeepClone();
                break;
        }
    }

    private static JsonArray MergeList(JsonArray target, JsonArray patch, string key, string name, string kind)
    {
        if (patch.OfType<JsonObject>().Any(item => item.Text("$patch") == "replace"))
        {
            return [.. patch.Where(item => item.Text("$patch") != "replace").Select(item => item?.DeepClone())];
        }

        foreach (var item in patch.OfType<JsonObject>())
        {
            var id = item[key] ?? throw Errors.BadRequest($"map: {item.ToJsonString()} does not contain declared merge key: {key}");
            var at = IndexOf(target, key, id);
            if (item.Text("$patch") == "delete")
            {
                if (at >= 0)
                {
                    target.RemoveAt(at);
                }
            }
            else if (at < 0)
            {
                target.Add((JsonNode)Merge([], item, name, kind));
            }
            else
            {
                var existing = (JsonObject)target[at]!;
                var merged = Merge(existing, item, name, kind);
                if (!ReferenceEquals(merged, existing))
                {
                    target[at] = merged;
                }
            }
        }

        return target;
    }

    private static void RemovePrimitives(JsonObject target, string name, JsonNode? removed)
    {
        if (target[name] is not JsonArray list || removed is not JsonArray gone)
        {
            return;
        }

        for (var at = list.Count - 1; at >= 0; at--)
        {
            if (gone.Any(item => JsonNode.DeepEquals(item, list[at])))
            {
                list.RemoveAt(at);
            }
        }
    }

    /// <summary>Listed items come in the wanted order; the others stay behind the neighbour they followed.</summary>
    private static void Reorder(JsonObject target, string name, JsonArray order, string parent, string kind)
    {
        if (target[name] is not JsonArray list)
        {
            return;
        }

        var key = MergeKey(parent, name, kind);
        var rank = new Func<JsonNode?, int>(item => Rank(order, key, item));
        var groups = new List<(int Rank, List<JsonNode?> Items)> { (-1, []) };
        foreach (var item in list.ToList())
        {
            var at = rank(item);
            if (at >= 0)
            {
                groups.Add((at, []));
            }

            groups[^1].Items.Add(item);
        }

        list.Clear();
        foreach (var item in groups.OrderBy(group => group.Rank).SelectMany(group => group.Items))
        {
            list.Add(item);
        }
    }

    private static int Rank(JsonArray order, string? key, JsonNode? item)
    {
        for (var at = 0; at < order.Count; at++)
        {
            var isSame = key is null ? JsonNode.DeepEquals(order[at], item) : JsonNode.DeepEquals(order[at].At(key), item.At(key));
            if (isSame)
            {
                return at;
            }
        }

        return -1;
    }

    private static int IndexOf(JsonArray list, string key, JsonNode id)
    {
        for (var at = 0; at < list.Count; at++)
        {
            if (JsonNode.DeepEquals(list[at].At(key), id))
            {
                return at;
            }
        }

        return -1;
    }

    private static JsonNode? Detached(JsonObject target, string name)
    {
        var value = target[name];
        target.Remove(name);
        return value;
    }

    private static bool IsPrimitiveSet(string parent, string name) => (parent, name) is ("metadata", "finalizers") or ("spec", "podCIDRs");

    private static string? MergeKey(string parent, string name, string kind) => (parent, name) switch
    {
        ("metadata", "ownerReferences") => "uid",
        ("spec", "containers" or "initContainers" or "ephemeralContainers" or "imagePullSecrets" or "schedulingGates" or "volumes" or "resourceClaims") => "name",
        ("spec", "hostAliases") => "ip",
        ("spec", "topologySpreadConstraints") => "topologyKey",
        ("containers" or "initContainers" or "ephemeralContainers", "env") => "name",
        ("containers" or "initContainers" or "ephemeralContainers", "ports") => "containerPort",
        ("containers" or "initContainers" or "ephemeralContainers", "volumeMounts") => "mountPath",
        ("containers" or "initContainers" or "ephemeralContainers", "volumeDevices") => "devicePath",
        ("spec", "ports") when kind == "Service" => "port",
        ("", "secrets") when kind == "ServiceAccount" => "name",
        ("", "webhooks") => "name",
        ("webhooks", "matchConditions") => "name",
        ("status", "conditions") => "type",
        ("status", "podIPs" or "hostIPs") => "ip",
        ("status", "addresses") when kind == "Node" => "type",
        _ => null,
    };
}
