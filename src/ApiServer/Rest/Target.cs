using Hikigane.ApiServer.Store;
using Hikigane.Resources;

namespace Hikigane.ApiServer.Rest;

/// <summary>Who asks. The name and groups are what authorization sees.</summary>
public sealed record Caller(string Name, IReadOnlyList<string> Groups)
{
    /// <summary>The process itself: may do everything.</summary>
    public static readonly Caller System = new("system:admin", ["system:masters", "system:authenticated"]);

    public string Uid { get; init; } = "";

    public IReadOnlyDictionary<string, IReadOnlyList<string>> Extra { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>First part of the User-Agent: the field manager where none is given.</summary>
    public string Agent { get; init; } = "hikigane";
}

/// <summary>What a request is about: a kind in one of its versions, a namespace (empty: all, or cluster scope), a name, a subresource.</summary>
public sealed record Target(ServedKind Kind, ResourceType Type, string Namespace, string Name, string? Subresource = null)
{
    public StoreKey Key => new(Kind.Type.GroupResource, Type.IsNamespaced ? Namespace : "", Name);
}

/// <summary>Options of a write.</summary>
public sealed record WriteOptions(bool IsDryRun = false, string? FieldManager = null, bool Force = false)
{
    public static readonly WriteOptions Default = new();

    /// <summary><c>Strict</c>, <c>Warn</c> or <c>Ignore</c>.</summary>
    public string FieldValidation { get; init; } = "Warn";

    /// <summary>Collects warnings for the answer's headers.</summary>
    public ICollection<string> Warnings { get; init; } = [];
}

/// <summary>What authorization decides on; for paths that are no resources, only <see cref="Path"/> is set.</summary>
public sealed record AccessRequest(Caller Caller, string Verb, Target? Target, string Path = "");

/// <summary>Null allows; otherwise the text behind the standard message (often empty).</summary>
public delegate string? Authorizer(AccessRequest request);
