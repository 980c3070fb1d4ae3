using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Pipelines.Variables;
using Hikigane.Resources.Json;
using Hikigane.Resources.Yaml;

namespace Hikigane.Pipelines.Resolutions;

/// <summary>
/// ResolutionRequests as a run makes them: one per run and set of params, by its computed name. As tektoncd/pipeline pkg/resolution/resource.
/// </summary>
public static class RemoteRequests
{
    private const int MaxLength = 63;

    /// <summary>The request that an owner makes of a resolver.</summary>
    public static JsonObject Build(JsonObject owner, string ownerKind, string resolver, IEnumerable<JsonObject> given, string? url)
    {
        var list = given.Select(param => param.Copy()).ToList();
        var spec = new JsonObject();
        if (list.Count > 0)
        {
            spec["params"] = new JsonArray([.. list]);
        }

        if (!string.IsNullOrEmpty(url))
        {
            spec["url"] = url;
        }

        var reference = owner.OwnerReference();
        reference["apiVersion"] = "tekton.dev/v1";
        reference["kind"] = ownerKind;
        return new JsonObject
        {
            ["apiVersion"] = "resolution.tekton.dev/v1beta1",
            ["kind"] = "ResolutionRequest",
            ["metadata"] = new JsonObject
            {
                ["name"] = Name(resolver, $"{owner.Namespace()}/{owner.Name()}", list, url),
                ["namespace"] = owner.Namespace(),
                ["labels"] = new JsonObject { ["resolution.tekton.dev/type"] = resolver },
                ["ownerReferences"] = new JsonArray(reference),
            },
            ["spec"] = spec,
        };
    }

    /// <summary>What a finished request holds, or why it failed; both null while it is open.</summary>
    public static (JsonObject? Manifest, string? Error) Read(JsonObject request)
    {
        var condition = request.Condition("Succeeded");
        if (condition.Text("status") == "False")
        {
            return (null, $"error requesting remote resource: {condition.Text("message")}");
        }

        if (condition.Text("status") != "True" || request.Text("status", "data") is not { } data)
        {
            return (null, null);
        }

        try
        {
            var text = Encoding.UTF8.GetString(Convert.FromBase64String(data));
            return YamlReader.ReadObject(text, out var error) is { } manifest
                ? (manifest, null)
                : (null, $"invalid runtime object: {error}");
        }
        catch (FormatException exception)
        {
            return (null, $"invalid resource request: {exception.Message}");
        }
    }

    private static string Name(string resolver, string owner, List<JsonObject> given, string? url)
    {
        var text = new StringBuilder(owner);
        foreach (var param in given.OrderBy(param => param.Text("name"), StringComparer.Ordinal))
        {
            var value = ParamValue.Read(param["value"]);
            text.Append(param.Text("name")).Append(value is ParamValue.Text plain ? plain.Value : JsonText.Write(value.ToJson()));
        }

        var hash = Fnv128(text.Append(url).ToString());
        var prefix = resolver.Length + hash.Length + 1 > MaxLength ? resolver[..(MaxLength - hash.Length - 1)] : resolver;
        return $"{prefix}-{hash}";
    }

    private static string Fnv128(string text)
    {
        var prime = new UInt128(0x0000000001000000, 0x000000000000013B);
        var hash = new UInt128(0x6c62272e07bb0142, 0x62b821756295c58d);
        foreach (var one in Encoding.UTF8.GetBytes(text))
        {
            hash = unchecked((hash ^ one) * prime);
        }

        return hash.ToString("x32", CultureInfo.InvariantCulture);
    }
}
