using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Hikigane.ApiServer.Rest;

/// <summary>Where the other parts of the server join the pipeline of a request. Set by the wiring before serving.</summary>
public sealed class ApiHooks
{
    /// <summary>Who asks; null answers 401.</summary>
    public Func<HttpContext, ValueTask<Caller?>> Authenticate { get; set; } = _ => ValueTask.FromResult<Caller?>(Caller.System);

    /// <summary>Decodes a protobuf body of a kind (or of options) to JSON; null: the server does not speak it.</summary>
    public Func<ReadOnlyMemory<byte>, JsonObject>? DecodeProtobuf { get; set; }

    /// <summary>Converts a YAML body to JSON.</summary>
    public Func<string, JsonNode?>? DecodeYaml { get; set; }

    /// <summary>Shows objects as a Table or as metadata alone; null where the representation is not known.</summary>
    public Func<Representation, JsonNode?>? Transform { get; set; }

    /// <summary>The fields of an object, or of a patch of it, that its kind does not have, one text each.</summary>
    public Func<Target, JsonObject, IReadOnlyList<string>>? CheckFields { get; set; }

    /// <summary>Discovery, OpenAPI, health: serves a path that is no resource; false when it does not know it.</summary>
    public Func<HttpContext, Caller, ValueTask<bool>>? ServePath { get; set; }

    /// <summary>Logs, exec, port-forward, proxies: serves a subresource that streams; false when it is not one.</summary>
    public Func<HttpContext, Caller, Target, ValueTask<bool>>? Stream { get; set; }
}

/// <summary>A request for another representation (<c>as=Table</c>, <c>as=PartialObjectMetadata</c>) of what is about to be answered.</summary>
/// <param name="As">Table, PartialObjectMetadata or PartialObjectMetadataList.</param>
/// <param name="Version">Version of meta.k8s.io: v1 or v1beta1.</param>
/// <param name="Objects">The objects in the version of the target.</param>
/// <param name="ListMetadata">Metadata of the list; null for one object and for watch events.</param>
/// <param name="IncludeObject">None, Metadata or Object.</param>
/// <param name="HasColumns">Whether column definitions are wanted: not after the first event of a watch.</param>
public sealed record Representation(
    string As, string Version, Target Target, IReadOnlyList<JsonObject> Objects, JsonObject? ListMetadata, string IncludeObject, bool HasColumns, DateTimeOffset Now);
