using System.Text.Json.Nodes;
using Hikigane.ApiServer.Tables;
using Hikigane.Resources;

namespace Hikigane.ApiServer.Registry;

/// <summary>A path below an object: <c>status</c>, <c>scale</c>, <c>log</c> …</summary>
/// <param name="ResponseKind">Kind that is answered, as <c>Kind</c> or <c>group/version/Kind</c> where it is not the resource's own group.</param>
public sealed record Subresource(string Name, string ResponseKind, params string[] Verbs)
{
    public (string Group, string Version, string Kind) Response
    {
        get
        {
            var parts = ResponseKind.Split('/');
            return parts.Length == 3 ? (parts[0], parts[1], parts[2]) : ("", "", ResponseKind);
        }
    }
}

/// <summary>
/// Everything the API says about one resource in one version: names, verbs, subresources, columns, schema. Discovery, tables, OpenAPI and
/// kubectl's <c>get</c> are all answered from here.
/// </summary>
public sealed record ServedResource
{
    public static readonly string[] AllVerbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

    public required ResourceType Type { get; init; }

    public required string Singular { get; init; }

    public string ListKind => $"{Type.Kind}List";

    public IReadOnlyList<string> ShortNames { get; init; } = [];

    public IReadOnlyList<string> Categories { get; init; } = [];

    public IReadOnlyList<string> Verbs { get; init; } = AllVerbs;

    public IReadOnlyList<Subresource> Subresources { get; init; } = [];

    /// <summary>The version that objects are stored in.</summary>
    public required string StorageVersion { get; init; }

    /// <summary>Whether the resource is defined by a CustomResourceDefinition: no strategic merge patch, no protobuf, lists carry kinds.</summary>
    public bool IsCustom { get; init; }

    /// <summary>The version's <c>openAPIV3Schema</c> where a definition declares one.</summary>
    public JsonObject? Schema { get; init; }

    /// <summary>The version's <c>subresources.scale</c>, or null.</summary>
    public JsonObject? Scale { get; init; }

    /// <summary>Warning that is sent with every answer of a deprecated version.</summary>
    public string? DeprecationWarning { get; init; }

    /// <summary>Whether <c>/status</c> is apart: the main endpoint then ignores status.</summary>
    public bool HasStatus => Subresources.Any(subresource => subresource.Name == "status");

    /// <summary>Whether objects are kept; reviews are answered and forgotten.</summary>
    public bool IsStored => Verbs.Contains("get");

    internal IReadOnlyList<Column> Columns { get; init; } = [];

    /// <summary>The objects as a <c>meta.k8s.io/v1 Table</c>.</summary>
    public JsonObject ToTable(IEnumerable<JsonObject> objects, JsonObject? listMetadata, string? includeObject, DateTimeOffset now) =>
        Table.Of(Columns, objects, listMetadata, includeObject, now);
}
