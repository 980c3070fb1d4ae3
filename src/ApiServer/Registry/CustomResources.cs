using System.Text.Json.Nodes;
using Hikigane.ApiServer.Tables;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Registry;

/// <summary>CustomResourceDefinition → what it makes the API serve, one entry per served version.</summary>
internal static class CustomResources
{
    public static IReadOnlyList<ServedResource> Of(JsonObject definition)
    {
        var versions = definition.Objects("spec", "versions").ToList();
        var storage = versions.FirstOrDefault(version => version.Flag("storage")).Text("name") ?? "";
        return [.. versions.Where(version => version.Flag("served")).Select(version => Of(definition, version, storage))];
    }

    private static ServedResource Of(JsonObject definition, JsonObject version, string storage)
    {
        var names = definition.Object("spec", "names");
        var kind = names.Text("kind") ?? "";
        var group = definition.Text("spec", "group") ?? "";
        var name = version.Text("name") ?? "";
        return new ServedResource
        {
            Type = new ResourceType(group, name, names.Text("plural") ?? "", kind, definition.Text("spec", "scope") != "Cluster"),
            Singular = names.Text("singular") is { Length: > 0 } singular ? singular : kind.ToLowerInvariant(),
            ShortNames = [.. names.Items("shortNames").Select(item => item.Text()).OfType<string>()],
            Categories = [.. names.Items("categories").Select(item => item.Text()).OfType<string>()],
            StorageVersion = storage,
            Subresources = [.. Subresources(version, kind)],
            Scale = version.Object("subresources", "scale"),
            Schema = version.Object("schema", "openAPIV3Schema"),
            Columns = CustomColumns.Of(version.Objects("additionalPrinterColumns")),
            IsCustom = true,
            DeprecationWarning = version.Flag("deprecated")
                ? version.Text("deprecationWarning") ?? $"{group}/{name} {kind} is deprecated" : null,
        };
    }

    private static IEnumerable<Subresource> Subresources(JsonObject version, string kind)
    {
        if (version.Object("subresources", "status") is not null)
        {
            yield return new Subresource("status", kind, "get", "patch", "update");
        }

        if (version.Object("subresources", "scale") is not null)
        {
            yield return new Subresource("scale", "autoscaling/v1/Scale", "get", "patch", "update");
        }
    }
}
