using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Rest;

/// <summary>RFC 6902. What cannot be done is a 422, as the API server answers.</summary>
internal static class JsonPatch
{
    private const int MostOperations = 10_000;

    public static JsonNode Apply(JsonNode target, JsonNode patch)
    {
        if (patch is not JsonArray operations)
        {
            throw Errors.BadRequest("error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch");
        }

        if (operations.Count > MostOperations)
        {
            throw new KubeException(413, "RequestEntityTooLarge",
                $"The allowed maximum operations in a JSON patch is {MostOperations}, got {operations.Count}");
        }

        // Wrapped, so that the whole document has a parent like everything in it.
        var holder = new JsonArray(target.Parent is null ? target : target.DeepClone());
        foreach (var operation in operations)
        {
            Apply(holder, operation as JsonObject ?? throw Refused());
        }

        var result = holder[0]!;
        holder.RemoveAt(0);
        return result;
    }

    private static void Apply(JsonArray holder, JsonObject operation)
    {
        var path = Steps(operation.Text("path") ?? throw Refused());
        switch (operation.Text("op"))
        {
            case "add":
                Add(holder, path, operation["value"]?.DeepClone());
                break;
            case "remove":
                Remove(holder, path);
                break;
            case "replace":
                Remove(holder, path);
                Add(holder, path, operation["value"]?.DeepClone());
                break;
            case "move":
                var moved = Remove(holder, Steps(operation.Text("from") ?? throw Refused()));
                Add(holder, path, moved);
                break;
            case "copy":
                Add(holder, path, Find(holder, Steps(operation.Text("from") ?? throw Refused()))?.DeepClone());
                break;
            case "test":
                if (!JsonNode.DeepEquals(Find(holder, path), operation["value"]))
                {
                    throw Refused();
                }

                break;
            default:
                throw Refused();
        }
    }

    private static string[] Steps(string pointer) =>
        pointer.Length > 0 && pointer[0] != '/'
            ? throw Refused()
            : ["0", .. JsonDifference.Steps(pointer)];

    private static JsonNode? Find(JsonNode? node, ReadOnlySpan<string> path)
    {
        foreach (var step in path)
        {
            node = node switch
            {
                JsonObject one when one.TryGetPropertyValue(step, out var value) => value,
                JsonArray list => list[Index(list, step, list.Count - 1)],
                _ => throw Refused(),
            };
        }

        return node;
    }

    private static void Add(JsonArray holder, string[] path, JsonNode? value)
    {
        switch (Find(holder, path.AsSpan(0, path.Length - 1)))
        {
            case JsonObject one:
                one[path[^1]] = value;
                break;
            case JsonArray list:
                list.Insert(path[^1] == "-" ? list.Count : Index(list, path[^1], list.Count), value);
                break;
            default:
                throw Refused();
        }
    }

    private static JsonNode? Remove(JsonArray holder, string[] path)
    {
        JsonNode? removed;
        switch (Find(holder, path.AsSpan(0, path.Length - 1)))
        {
            case JsonObject one when one.TryGetPropertyValue(path[^1], out removed):
                one.Remove(path[^1]);
                return removed;
            case JsonArray list:
                var at = Index(list, path[^1], list.Count - 1);
                removed = list[at];
                list.RemoveAt(at);
                return removed;
            default:
                throw Refused();
        }
    }

    private static int Index(JsonArray list, string step, int last) =>
        int.TryParse(step, System.Globalization.NumberStyles.None, null, out var at) && at <= last && list.Count >= at ? at : throw Refused();

    private static KubeException Refused() =>
        new(422, "Invalid", "the server rejected our request due to an error in our request", []);
}
