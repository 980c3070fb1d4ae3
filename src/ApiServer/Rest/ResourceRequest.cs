using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.ApiServer.Store;
using Hikigane.Kube;
using Hikigane.Resources.Json;
using Microsoft.AspNetCore.Http;

namespace Hikigane.ApiServer.Rest;

/// <summary>One request to a resource: query and body to a verb, its result to the representation that the client wants.</summary>
internal sealed class ResourceRequest(ObjectApi api, ApiHooks hooks, HttpContext context, Caller caller, Target target)
{
    private const int LargestUnsent = 64 * 1024;
    private static readonly byte[] ListTail = "]}\n"u8.ToArray();

    private readonly List<string> warnings = [];
    private HttpRequest Request => context.Request;

    private bool IsObject => target.Name.Length > 0;

    private bool IsStored => target.Subresource is null or "status" || (target.Subresource == "ephemeralcontainers" && target.Kind.Type == Resources.Kinds.Pod);

    public Task ServeAsync(CancellationToken cancellationToken)
    {
        var isWatch = Request.Query["watch"].ToString() is "true" or "1" or "True";
        return (Request.Method, IsObject) switch
        {
            _ when !IsStored => AnswerAsync(cancellationToken),
            ("GET" or "HEAD", _) when isWatch => WatchAsync(cancellationToken),
            ("GET" or "HEAD", true) => GetAsync(cancellationToken),
            ("GET" or "HEAD", false) => ListAsync(cancellationToken),
            ("POST", false) => CreateAsync(cancellationToken),
            ("PUT", true) => UpdateAsync(cancellationToken),
            ("PATCH", true) => PatchAsync(cancellationToken),
            ("DELETE", _) when target.Subresource is null => DeleteAsync(cancellationToken),
            _ => throw Errors.MethodNotAllowed(),
        };
    }

    private async Task GetAsync(CancellationToken cancellationToken)
    {
        Require("get");
        var stored = await api.Reads.GetAsync(caller, target, Request.Query["resourceVersion"].ToString(), cancellationToken);
        if (Request.Headers[AppliedView.CommandHeader] == "kubectl apply" && Negotiation.Of(Request, hooks.Transform is not null).As is null)
        {
            await WriteAsync(200, await AppliedView.OfAsync(api, caller, target, ObjectApi.As(stored, target), cancellationToken), cancellationToken);
            return;
        }

        await WriteObjectAsync(200, stored, cancellationToken);
    }

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        Require("list");
        var negotiated = Negotiation.Of(Request, hooks.Transform is not null);
        var page = await api.Reads.ListAsync(caller, target, ReadQuery.Of(Request.Query), cancellationToken);
        var metadata = new JsonObject { ["resourceVersion"] = page.Revision.ToString() };
        if (page.Continue is not null)
        {
            metadata["continue"] = page.Continue;
        }

        if (page.Remaining is { } remaining)
        {
            metadata["remainingItemCount"] = remaining;
        }

        if (negotiated.As is not null)
        {
            await WriteAsync(200, Transformed(negotiated, [.. page.Items.Select(one => ObjectApi.As(one, target))], metadata), cancellationToken);
            return;
        }

        await WriteListAsync(page.Items, metadata, cancellationToken);
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        Require("watch");
        var negotiated = Negotiation.Of(Request, hooks.Transform is not null);
        await new WatchAnswer(api, hooks, context, target, negotiated).RunAsync(caller, ReadQuery.Of(Request.Query), cancellationToken);
    }

    private async Task CreateAsync(CancellationToken cancellationToken)
    {
        Require("create");
        if (target.Type.IsNamespaced && target.Namespace.Length == 0 && target.Kind.Answer is null)
        {
            throw Errors.MethodNotAllowed();
        }

        var manifest = AsObject(await BodyAsync(checksFields: true, cancellationToken));
        ImplyKind(manifest);
        if (target.Kind.Answer is not null)
        {
            await WriteAsync(201, await api.Writes.AnswerAsync(caller, target, "create", manifest, Options(), cancellationToken), cancellationToken);
            return;
        }

        await WriteObjectAsync(201, await api.Writes.CreateAsync(caller, target, manifest, Options(), cancellationToken), cancellationToken);
    }

    private async Task UpdateAsync(CancellationToken cancellationToken)
    {
        Require("update");
        var existed = api.Store.Current.Find(target.Key) is not null;
        var manifest = AsObject(await BodyAsync(checksFields: true, cancellationToken));
        ImplyKind(manifest);
        await WriteObjectAsync(existed ? 200 : 201, await api.Writes.UpdateAsync(caller, target, manifest, Options(), cancellationToken), cancellationToken);
    }

    private async Task PatchAsync(CancellationToken cancellationToken)
    {
        Require("patch");
        PatchKind? kind = RequestBody.MediaType(Request) switch
        {
            "application/json-patch+json" => PatchKind.Json,
            "application/merge-patch+json" => PatchKind.Merge,
            "application/strategic-merge-patch+json" => PatchKind.Strategic,
            "application/apply-patch+yaml" => PatchKind.Apply,
            _ => null,
        };
        if (kind is not { } known)
        {
            throw new KubeException(415, "UnsupportedMediaType", "the body of the request was in an unknown format - accepted media types include: "
                + "application/json-patch+json, application/merge-patch+json, "
                + (target.Kind.IsCustom ? "" : "application/strategic-merge-patch+json, ") + "application/apply-patch+yaml");
        }

        var body = await BodyAsync(checksFields: known != PatchKind.Json, cancellationToken)
            ?? throw Errors.BadRequest("error decoding patch: EOF");
        var (stored, isCreated) = await api.Patches.PatchAsync(caller, target, known, body, Options(), cancellationToken);
        await WriteObjectAsync(isCreated ? 201 : 200, stored, cancellationToken);
    }

    private async Task DeleteAsync(CancellationToken cancellationToken)
    {
        var options = RequestBody.Delete(await BodyAsync(checksFields: false, cancellationToken), Request.Query);
        if (!IsObject)
        {
            Require("deletecollection");
            var gone = await api.Deletes.DeleteCollectionAsync(caller, target, ReadQuery.Of(Request.Query), options, cancellationToken);
            await WriteListAsync(gone, new JsonObject { ["resourceVersion"] = api.Store.Current.Revision.ToString() }, cancellationToken);
            return;
        }

        Require("delete");
        var deleted = await api.Deletes.DeleteAsync(caller, target, options, cancellationToken);
        if (!deleted.IsGone || target.Kind.Type == Resources.Kinds.Pod)
        {
            await WriteObjectAsync(200, deleted.Object, cancellationToken);
            return;
        }

        var details = new JsonObject { ["name"] = target.Name };
        if (target.Type.Group.Length > 0)
        {
            details["group"] = target.Type.Group;
        }

        details["kind"] = target.Type.Plural;
        details["uid"] = deleted.Object.Object.Uid();
        await WriteAsync(200, new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Success",
            ["details"] = details,
        }, cancellationToken);
    }

    private async Task AnswerAsync(CancellationToken cancellationToken)
    {
        var verb = Request.Method switch
        {
            "GET" or "HEAD" => "get",
            "POST" => "create",
            "PUT" => "update",
            "PATCH" => "patch",
            "DELETE" => "delete",
            _ => throw Errors.MethodNotAllowed(),
        };
        var body = verb is "get" ? null : await BodyAsync(checksFields: false, cancellationToken) as JsonObject;
        var answer = await api.Writes.AnswerAsync(caller, target, verb, body, Options(), cancellationToken);
        await WriteAsync(verb == "create" ? 201 : 200, answer, cancellationToken);
    }

    private void Require(string verb)
    {
        if (!target.Kind.Serves(verb))
        {
            throw Errors.MethodNotAllowed();
        }

        if (target.Subresource == "status" && !target.Kind.HasStatus)
        {
            throw Errors.NoSuchResource();
        }
    }

    private async Task<JsonNode?> BodyAsync(bool checksFields, CancellationToken cancellationToken)
    {
        var bytes = await RequestBody.ReadAsync(Request, cancellationToken);
        var mediaType = RequestBody.MediaType(Request);
        if (bytes.IsEmpty)
        {
            return null;
        }

        var problems = new List<string>();
        var body = RequestBody.Parse(bytes, mediaType, hooks, problems);
        if (checksFields && body is JsonObject manifest && mediaType != "application/vnd.kubernetes.protobuf")
        {
            CheckFields(manifest, problems);
        }

        return body;
    }

    /// <summary>Fields that stand twice or that the kind does not have: refused, told or ignored, as the client asks.</summary>
    private void CheckFields(JsonObject manifest, List<string> problems)
    {
        var validation = Request.Query["fieldValidation"].ToString();
        if (validation is not ("" or "Strict" or "Warn" or "Ignore"))
        {
            throw Errors.InvalidOptions(
                Request.Method switch { "POST" => "CreateOptions", "PUT" => "UpdateOptions", _ => "PatchOptions" },
                $"fieldValidation: Unsupported value: \"{validation}\": supported values: \"Ignore\", \"Strict\", \"Warn\"");
        }

        if (validation == "Ignore" || hooks.CheckFields is not { } check)
        {
            return;
        }

        problems.AddRange(check(target, manifest));
        if (problems.Count > 0 && validation == "Strict")
        {
            throw Errors.BadRequest($"{target.Type.Kind} in version \"{target.Type.Version}\" cannot be handled as a {target.Type.Kind}: "
                + $"strict decoding error: {string.Join(", ", problems)}");
        }

        warnings.AddRange(problems);
    }

    /// <summary>A typed client may leave kind and version out: the URL says them.</summary>
    private void ImplyKind(JsonObject manifest)
    {
        if (!manifest.ContainsKey("kind") && !manifest.ContainsKey("apiVersion"))
        {
            manifest["kind"] = target.Type.Kind;
            manifest["apiVersion"] = target.Type.ApiVersion;
        }
    }

    private JsonObject AsObject(JsonNode? body) => body as JsonObject
        ?? throw Errors.BadRequest($"the object provided is unrecognized (must be of type {target.Type.Kind}): couldn't get version/kind");

    private WriteOptions Options()
    {
        var dryRun = Request.Query["dryRun"].ToString();
        if (dryRun is not ("" or "All"))
        {
            throw Errors.InvalidOptions(Request.Method == "POST" ? "CreateOptions" : "UpdateOptions", $"dryRun: Unsupported value: \"{dryRun}\": supported values: \"All\"");
        }

        var manager = Request.Query["fieldManager"].ToString();
        return new WriteOptions(dryRun == "All", manager.Length > 0 ? manager : null, Request.Query["force"].ToString() is "true" or "1")
        {
            Warnings = warnings,
            FieldValidation = Request.Query["fieldValidation"].ToString() is { Length: > 0 } validation ? validation : "Warn",
        };
    }

    private JsonNode Transformed(Negotiation negotiated, IReadOnlyList<JsonObject> objects, JsonObject? listMetadata)
    {
        var include = Request.Query["includeObject"].ToString() is { Length: > 0 } given ? given : "Metadata";
        var representation = new Representation(negotiated.As!, negotiated.Version, target, objects, listMetadata, include, HasColumns: true, api.Time.GetUtcNow());
        return hooks.Transform!(representation) ?? throw new KubeException(406, "NotAcceptable", "only the following media types are accepted: application/json");
    }

    private async Task WriteObjectAsync(int code, StoredObject stored, CancellationToken cancellationToken)
    {
        var negotiated = Negotiation.Of(Request, hooks.Transform is not null);
        if (negotiated.As is not null)
        {
            await WriteAsync(code, Transformed(negotiated, [ObjectApi.As(stored, target)], null), cancellationToken);
        }
        else if (target.Type == target.Kind.Type)
        {
            Begin(code);
            context.Response.ContentLength = stored.Json.Length + 1;
            var body = context.Response.BodyWriter;
            body.Write(stored.Json.Span);
            body.Write("\n"u8);
            await body.FlushAsync(cancellationToken);
        }
        else
        {
            await WriteAsync(code, ObjectApi.As(stored, target), cancellationToken);
        }
    }

    /// <summary>A list goes out as the stored bytes of its items.</summary>
    private async Task WriteListAsync(IReadOnlyList<StoredObject> items, JsonObject metadata, CancellationToken cancellationToken)
    {
        Begin(200);
        var body = context.Response.BodyWriter;
        var head = $"{{\"kind\":\"{target.Type.Kind}List\",\"apiVersion\":\"{target.Type.ApiVersion}\",\"metadata\":{metadata.ToJsonString()},\"items\":[";
        body.Write(Encoding.UTF8.GetBytes(head));
        var isFirst = true;
        foreach (var one in items)
        {
            if (!isFirst)
            {
                body.Write(","u8);
            }

            isFirst = false;
            body.Write(target.Type == target.Kind.Type ? one.Json.Span : Encoding.UTF8.GetBytes(ObjectApi.As(one, target).ToJsonString()));
            if (body.UnflushedBytes > LargestUnsent)
            {
                await body.FlushAsync(cancellationToken);
            }
        }

        body.Write(ListTail);
        await body.FlushAsync(cancellationToken);
    }

    private async Task WriteAsync(int code, JsonNode answer, CancellationToken cancellationToken)
    {
        Begin(code);
        var bytes = Encoding.UTF8.GetBytes(answer.ToJsonString() + "\n");
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, cancellationToken);
    }

    private void Begin(int code)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = "application/json";
        foreach (var warning in warnings)
        {
            var text = warning.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).ReplaceLineEndings(" ");
            context.Response.Headers.Append("Warning", $"299 - \"{text}\"");
        }
    }
}
