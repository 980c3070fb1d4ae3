using System.Text.Json.Nodes;
using Hikigane.ApiServer.Registry;

namespace Hikigane.ApiServer.Discovery;

/// <summary>
/// What clients read before anything else: which groups, versions and resources there are. Aggregated for kubectl since 1.26, legacy for all others.
/// </summary>
public static class DiscoveryDocuments
{
    public const string AggregatedV2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    public const string AggregatedV2Beta1 = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";

    /// <summary><c>/api</c> or <c>/apis</c>, aggregated.</summary>
    /// <param name="version"><c>v2</c> or <c>v2beta1</c>.</param>
    public static JsonObject Aggregated(ResourceSnapshot snapshot, bool isCore, string version) => new()
    {
        ["kind"] = "APIGroupDiscoveryList",
        ["apiVersion"] = $"apidiscovery.k8s.io/{version}",
        ["metadata"] = new JsonObject(),
        ["items"] = new JsonArray([.. snapshot.Groups.Where(group => group.Name.Length == 0 == isCore).Select(group => (JsonNode)new JsonObject
        {
            ["metadata"] = isCore ? new JsonObject() : new JsonObject { ["name"] = group.Name },
            ["versions"] = new JsonArray([.. group.Versions.Select(name => (JsonNode)new JsonObject
            {
                ["version"] = name,
                ["resources"] = new JsonArray([.. snapshot.In(group.Name, name).Select(resource => (JsonNode)AggregatedResource(resource))]),
                ["freshness"] = "Current",
            })]),
        })]),
    };

    /// <summary><c>/api</c>, legacy.</summary>
    public static JsonObject CoreVersions(string address) => new()
    {
        ["kind"] = "APIVersions",
        ["versions"] = new JsonArray("v1"),
        ["serverAddressByClientCIDRs"] = new JsonArray(new JsonObject { ["clientCIDR"] = "0.0.0.0/0", ["serverAddress"] = address }),
    };

    /// <summary><c>/apis</c>, legacy.</summary>
    public static JsonObject GroupList(ResourceSnapshot snapshot) => new()
    {
        ["kind"] = "APIGroupList",
        ["apiVersion"] = "v1",
        ["groups"] = new JsonArray([.. snapshot.Groups.Where(group => group.Name.Length > 0).Select(group => (JsonNode)GroupOf(group))]),
    };

    /// <summary><c>/apis/&lt;group&gt;</c>; null where there is no such group.</summary>
    public static JsonObject? Group(ResourceSnapshot snapshot, string name)
    {
        if (name.Length == 0 || snapshot.Groups.FirstOrDefault(group => group.Name == name) is not { } found)
        {
            return null;
        }

        var document = GroupOf(found);
        document.Insert(0, "kind", "APIGroup");
        document.Insert(1, "apiVersion", "v1");
        return document;
    }

    /// <summary><c>/api/v1</c>, <c>/apis/&lt;group&gt;/&lt;version&gt;</c>; null where there is no such version.</summary>
    public static JsonObject? Resources(ResourceSnapshot snapshot, string group, string version)
    {
        var resources = snapshot.In(group, version).ToList();
        return resources.Count == 0 ? null : new JsonObject
        {
            ["kind"] = "APIResourceList",
            ["apiVersion"] = "v1",
            ["groupVersion"] = resources[0].Type.ApiVersion,
            ["resources"] = new JsonArray([.. resources.SelectMany(Legacy)]),
        };
    }

    private static JsonObject AggregatedResource(ServedResource resource)
    {
        var document = new JsonObject
        {
            ["resource"] = resource.Type.Plural,
            ["responseKind"] = ResponseKind(resource.Type.Group, resource.Type.Version, resource.Type.Kind),
            ["scope"] = resource.Type.IsNamespaced ? "Namespaced" : "Cluster",
            ["singularResource"] = resource.Singular,
            ["verbs"] = Strings(resource.Verbs),
        };
        AddNames(document, resource);
        if (resource.Subresources.Count > 0)
        {
            document["subresources"] = new JsonArray([.. resource.Subresources.Select(subresource => (JsonNode)new JsonObject
            {
                ["subresource"] = subresource.Name,
                ["responseKind"] = subresource.Response is ({ Length: > 0 } group, var version, var kind)
                    ? ResponseKind(group, version, kind)
                    : ResponseKind(resource.Type.Group, resource.Type.Version, subresource.ResponseKind),
                ["verbs"] = Strings(subresource.Verbs),
            })]);
        }

        return document;
    }

    private static IEnumerable<JsonNode> Legacy(ServedResource resource)
    {
        var main = new JsonObject
        {
            ["name"] = resource.Type.Plural,
            ["singularName"] = resource.Singular,
            ["namespaced"] = resource.Type.IsNamespaced,
            ["kind"] = resource.Type.Kind,
            ["verbs"] = Strings(resource.Verbs),
        };
        AddNames(main, resource);
        yield return main;
        foreach (var subresource in resource.Subresources)
        {
            var (group, version, kind) = subresource.Response;
            var document = new JsonObject
            {
                ["name"] = $"{resource.Type.Plural}/{subresource.Name}",
                ["singularName"] = "",
                ["namespaced"] = resource.Type.IsNamespaced,
                ["kind"] = kind,
                ["verbs"] = Strings(subresource.Verbs),
            };
            if (group.Length > 0)
            {
                document["group"] = group;
                document["version"] = version;
            }

            yield return document;
        }
    }

    private static void AddNames(JsonObject document, ServedResource resource)
    {
        if (resource.ShortNames.Count > 0)
        {
            document["shortNames"] = Strings(resource.ShortNames);
        }

        if (resource.Categories.Count > 0)
        {
            document["categories"] = Strings(resource.Categories);
        }
    }

    private static JsonObject GroupOf(ServedGroup group) => new()
    {
        ["name"] = group.Name,
        ["versions"] = new JsonArray([.. group.Versions.Select(version => (JsonNode)VersionOf(group.Name, version))]),
        ["preferredVersion"] = VersionOf(group.Name, group.Versions[0]),
    };

    private static JsonObject VersionOf(string group, string version) => new() { ["groupVersion"] = $"{group}/{version}", ["version"] = version };

    private static JsonObject ResponseKind(string group, string version, string kind) => new() { ["group"] = group, ["version"] = version, ["kind"] = kind };

    private static JsonArray Strings(IEnumerable<string> values) => new([.. values.Select(value => (JsonNode)value)]);
}
