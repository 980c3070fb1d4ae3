using System.Text.Json.Nodes;
using Hikigane.Resources;

namespace Hikigane.ApiServer.Rest;

/// <summary>
/// How one kind is served: versions, names, subresources, and the functions that default, validate, convert and print it. The registry
/// fills these; the verbs know no kind by name.
/// </summary>
public sealed record ServedKind
{
    /// <summary>The storage version.</summary>
    public required ResourceType Type { get; init; }

    /// <summary>All served versions, preferred first; the storage version alone unless said otherwise.</summary>
    public IReadOnlyList<ResourceType> Versions { get => field ?? [Type]; init; }

    public string Singular { get => field ?? Type.Kind.ToLowerInvariant(); init; }

    public IReadOnlyList<string> ShortNames { get; init; } = [];

    public IReadOnlyList<string> Categories { get; init; } = [];

    /// <summary>Whether a custom resource: no strategic patches, an update must carry a version, list items carry their kind.</summary>
    public bool IsCustom { get; init; }

    /// <summary>Whether <c>status</c> is a subresource: the main resource cannot write it.</summary>
    public bool HasStatus { get; init; }

    /// <summary>Whether <c>metadata.generation</c> counts changes outside metadata and status.</summary>
    public bool HasGeneration { get; init; }

    /// <summary>Whether PUT without a version overwrites.</summary>
    public bool AllowsUnconditionalUpdate { get => field; init; } = true;

    /// <summary>Whether PUT of a missing object creates it.</summary>
    public bool AllowsCreateOnUpdate { get; init; }

    /// <summary>Field selectors beyond metadata.name and metadata.namespace: dotted paths.</summary>
    public IReadOnlyList<string> FieldSelectors { get; init; } = [];

    /// <summary>Subresources other than status and scale, by name (<c>token</c>, <c>binding</c>, <c>finalize</c> …).</summary>
    public IReadOnlyDictionary<string, SubresourceHandler> Subresources { get; init; } = new Dictionary<string, SubresourceHandler>();

    /// <summary>Whether <c>scale</c> is served, and the dotted paths it reads and writes.</summary>
    public ScalePaths? Scale { get; init; }

    /// <summary>Answers a create without storing anything (reviews); null for stored kinds.</summary>
    public SubresourceHandler? Answer { get; init; }

    /// <summary>Converts between two served versions, in place or not; the default renames <c>apiVersion</c>.</summary>
    public Func<JsonObject, ResourceType, JsonObject>? Convert { get; init; }

    /// <summary>Fills defaults in place, in the storage version. The second is the old object on updates.</summary>
    public Action<JsonObject, JsonObject?>? Default { get; init; }

    /// <summary>All that is wrong with an object in the storage version. The second is the old object on updates.</summary>
    public Func<JsonObject, JsonObject?, IReadOnlyList<FieldProblem>>? Validate { get; init; }

    /// <summary>The <c>openAPIV3Schema</c> of each version of a custom resource that has one.</summary>
    public IReadOnlyDictionary<string, JsonObject> Schemas { get; init; } = new Dictionary<string, JsonObject>();

    /// <summary>Checks a name beyond the default rule (DNS-1123 subdomain): what is wrong with it, or null.</summary>
    public Func<string, string?>? CheckName { get; init; }

    /// <summary>Whether a verb (<c>get list watch create update patch delete deletecollection</c>) is served.</summary>
    public Func<string, bool> Serves { get; init; } = _ => true;
}

/// <summary>Where <c>scale</c> finds replicas and selector.</summary>
public sealed record ScalePaths(string Spec = "spec.replicas", string Status = "status.replicas", string? Selector = null);

/// <summary>One validation error: path, reason of the cause (<c>FieldValueRequired</c> …) and the text after the path.</summary>
public sealed record FieldProblem(string Field, string Message, string Reason = "FieldValueInvalid");

/// <summary>A request to a subresource or to a kind that is only answered.</summary>
public sealed record SubresourceRequest(ObjectApi Api, Caller Caller, Target Target, string Verb, JsonObject? Body, WriteOptions Options);

/// <summary>Serves one subresource.</summary>
public delegate Task<JsonObject> SubresourceHandler(SubresourceRequest request, CancellationToken cancellationToken);
