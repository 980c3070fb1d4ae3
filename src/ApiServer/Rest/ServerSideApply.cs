using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Rest;

/// <summary>
/// Server-side apply with the ownership of appliers: fields a manager applied before and no longer applies go, unless another applier
/// owns them; a field that another applier owns with another value is a conflict. Writers that do not apply own nothing here.
/// Lists of built-in kinds with a merge key merge item by item, other lists are atomic. As structured-merge-diff.
/// </summary>
internal static class ServerSideApply
{
    private static readonly string[] NeverOwned = ["name", "namespace", "creationTimestamp", "selfLink", "uid", "generation", "managedFields", "resourceVersion"];

    public static JsonObject Apply(JsonObject current, JsonObject applied, string manager, bool force, string apiVersion, string now)
    {
        var wanted = Fields(applied);
        var conflicts = Conflicts(current, applied, wanted, manager);
        if (conflicts.Count > 0 && !force)
        {
            throw Refused(conflicts);
        }

        var previous = current.Objects("metadata", "managedFields").FirstOrDefault(entry => IsApply(entry, manager)).Object("fieldsV1");
        if (previous is not null)
        {
            var others = current.Objects("metadata", "managedFields")
                .Where(entry => entry.Text("operation") == "Apply" && !IsApply(entry, manager)).Select(entry => entry.Object("fieldsV1")).ToList();
            RemoveAbandoned(current, previous, wanted, others);
        }

        var revision = applied.Text("metadata", "resourceVersion");
        var next = (JsonObject)StrategicPatch.Apply(current, WithoutNulls(applied));
        (next["metadata"] as JsonObject)?.Remove("resourceVersion");
        if (revision is not null)
        {
            next.Ensure("metadata")["resourceVersion"] = revision;
        }

        foreach (var (owner, path) in conflicts)
        {
            Disown(next, owner, path);
        }

        Own(next, applied, manager, apiVersion, now);
        return next;
    }

    /// <summary>Records what a manager applied.</summary>
    public static void Own(JsonObject next, JsonObject applied, string manager, string apiVersion, string now)
    {
        var fields = Fields(applied);
        var entries = next.Ensure("metadata")["managedFields"] as JsonArray ?? [];
        var kept = entries.OfType<JsonObject>().Where(entry => !IsApply(entry, manager)).Select(entry => entry.DeepClone()).ToList();
        var own = entries.OfType<JsonObject>().FirstOrDefault(entry => IsApply(entry, manager));
        var time = own is not null && JsonNode.DeepEquals(own["fieldsV1"], fields) ? own.Text("time") ?? now : now;
        next["metadata"]!["managedFields"] = new JsonArray([new JsonObject
        {
            ["manager"] = manager,
            ["operation"] = "Apply",
            ["apiVersion"] = apiVersion,
            ["time"] = time,
            ["fieldsType"] = "FieldsV1",
            ["fieldsV1"] = fields,
        }, .. kept]);
    }

    private static bool IsApply(JsonObject entry, string manager) => entry.Text("operation") == "Apply" && entry.Text("manager") == manager;

    private static JsonObject Fields(JsonObject applied)
    {
        var fields = new JsonObject();
        foreach (var (name, value) in applied.Where(pair => pair.Key is not ("apiVersion" or "kind")))
        {
            if (name != "metadata")
            {
                fields[$"f:{name}"] = FieldsOf(value);
                continue;
            }

            var metadata = new JsonObject();
            foreach (var (inner, owned) in (value as JsonObject ?? []).Where(pair => !NeverOwned.Contains(pair.Key)))
            {
                metadata[$"f:{inner}"] = FieldsOf(owned);
            }

            if (metadata.Count > 0)
            {
                fields["f:metadata"] = metadata;
            }
        }

        return fields;
    }

    private static JsonObject FieldsOf(JsonNode? value)
    {
        var fields = new JsonObject();
        foreach (var (name, inner) in value as JsonObject ?? [])
        {
            fields[$"f:{name}"] = FieldsOf(inner);
        }

        return fields;
    }

    private static List<(string Owner, string Path)> Conflicts(JsonObject current, JsonObject applied, JsonObject wanted, string manager)
    {
        var found = new List<(string, string)>();
        foreach (var entry in current.Objects("metadata", "managedFields").Where(entry => entry.Text("operation") == "Apply" && !IsApply(entry, manager)))
        {
            Collect(entry.Text("manager") ?? "", current, applied, wanted, entry.Object("fieldsV1") ?? [], "", found);
        }

        return found;
    }

    private static void Collect(
        string owner, JsonNode? current, JsonNode? applied, JsonObject wanted, JsonObject owned, string path, List<(string, string)> found)
    {
        foreach (var (name, inner) in wanted)
        {
            if (owned[name] is not JsonObject ownedInner)
            {
                continue;
            }

            var field = name[2..];
            var (mine, theirs) = (applied.At(field), current.At(field));
            if (inner is JsonObject { Count: > 0 } deeper && ownedInner.Count > 0)
            {
                Collect(owner, theirs, mine, deeper, ownedInner, $"{path}.{field}", found);
            }
            else if (theirs is not null && !JsonNode.DeepEquals(mine, theirs) && !(mine is JsonObject && theirs is JsonObject))
            {
                found.Add((owner, $"{path}.{field}"));
            }
        }
    }

    private static void RemoveAbandoned(JsonObject current, JsonObject previous, JsonObject wanted, IReadOnlyList<JsonObject?> others)
    {
        foreach (var (name, inner) in previous)
        {
            var field = name[2..];
            var stillWanted = wanted.Object(name);
            var ownedElsewhere = others.Select(other => other.Object(name)).ToList();
            if (inner is JsonObject { Count: > 0 } deeper && current[field] is JsonObject child)
            {
                RemoveAbandoned(child, deeper, stillWanted ?? [], ownedElsewhere);
                if (child.Count == 0 && stillWanted is null && ownedElsewhere.TrueForAll(other => other is null))
                {
                    current.Remove(field);
                }
            }
            else if (stillWanted is null && ownedElsewhere.TrueForAll(other => other is null))
            {
                current.Remove(field);
            }
        }
    }

    private static void Disown(JsonObject next, string owner, string path)
    {
        var entry = next.Objects("metadata", "managedFields").FirstOrDefault(one => IsApply(one, owner));
        var steps = path.TrimStart('.').Split('.');
        var fields = entry.Object("fieldsV1");
        foreach (var step in steps[..^1])
        {
            fields = fields.Object($"f:{step}");
        }

        fields?.Remove($"f:{steps[^1]}");
    }

    private static JsonObject WithoutNulls(JsonObject applied)
    {
        var copy = applied.Copy();
        foreach (var name in copy.Where(pair => pair.Value is null).Select(pair => pair.Key).ToList())
        {
            copy.Remove(name);
        }

        return copy;
    }

    private static KubeException Refused(List<(string Owner, string Path)> conflicts)
    {
        var count = conflicts.Count;
        var texts = conflicts.GroupBy(conflict => conflict.Owner).Select(group => group.Count() == 1
            ? $"conflict with \"{group.Key}\": {group.First().Path}"
            : $"conflicts with \"{group.Key}\":\n{string.Join('\n', group.Select(one => $"- {one.Path}"))}");
        return new KubeException(409, "Conflict", $"Apply failed with {count} conflict{(count == 1 ? "" : "s")}: {string.Join('\n', texts)}", new JsonObject
        {
            ["causes"] = new JsonArray([.. conflicts.Select(conflict => new JsonObject
            {
                ["reason"] = "FieldManagerConflict",
                ["message"] = $"conflict with \"{conflict.Owner}\"",
                ["field"] = conflict.Path,
            })]),
        });
    }
}
