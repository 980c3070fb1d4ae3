using System.Text.Json.Nodes;
using Hikigane.ApiServer.Store;
using Hikigane.Kube;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Rest;

/// <summary>patch in its four forms. The patched object then goes the way of an update.</summary>
public sealed class PatchVerb(ObjectApi api)
{
    /// <summary>Patches; the second value says whether an apply created the object.</summary>
    public async Task<(StoredObject Object, bool IsCreated)> PatchAsync(
        Caller caller, Target target, PatchKind kind, JsonNode body, WriteOptions options, CancellationToken cancellationToken)
    {
        api.Check(caller, "patch", target);
        if (kind == PatchKind.Apply)
        {
            return await ApplyAsync(caller, target, body, options, cancellationToken);
        }

        if (options.Force)
        {
            throw Errors.InvalidOptions("PatchOptions", "force: Forbidden: may not be specified for non-apply patch");
        }

        if (kind == PatchKind.Strategic && target.Kind.IsCustom)
        {
            throw new KubeException(415, "UnsupportedMediaType", "the body of the request was in an unknown format - accepted media types include: "
                + "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml");
        }

        return (await api.Writes.ChangeAsync(caller, target, current => Patched(current, kind, body), options, cancellationToken), false);
    }

    private static JsonObject Patched(JsonObject current, PatchKind kind, JsonNode body)
    {
        // A patch is conditional only when it says so itself.
        var revision = current.Text("metadata", "resourceVersion");
        var patched = kind switch
        {
            PatchKind.Json => JsonPatch.Apply(current, body),
            PatchKind.Merge => MergePatch.Apply(current, AsObject(body)),
            _ => StrategicPatch.Apply(current, AsObject(body)),
        };
        if (patched is not JsonObject result)
        {
            throw Errors.BadRequest("the patch does not yield an object");
        }

        if (result.Text("metadata", "resourceVersion") == revision && body.Text("metadata", "resourceVersion") is null)
        {
            (result["metadata"] as JsonObject)?.Remove("resourceVersion");
        }

        return result;
    }

    private async Task<(StoredObject Object, bool IsCreated)> ApplyAsync(
        Caller caller, Target target, JsonNode body, WriteOptions options, CancellationToken cancellationToken)
    {
        var applied = AsObject(body);
        if (string.IsNullOrEmpty(options.FieldManager))
        {
            throw Errors.InvalidOptions("PatchOptions", "fieldManager: Required value: is required for apply patch");
        }

        if (applied["metadata"]?["managedFields"] is not null)
        {
            throw Errors.BadRequest("metadata.managedFields must be nil");
        }

        if (api.Store.Current.Find(target.Key) is null && target.Subresource is null)
        {
            var fresh = applied.Copy();
            fresh.Ensure("metadata")["name"] = target.Name;
            ServerSideApply.Own(fresh, applied, options.FieldManager, target.Type.ApiVersion, api.Now);
            try
            {
                return (await api.Writes.CreateAsync(caller, target with { Name = "" }, fresh, options, cancellationToken), true);
            }
            catch (KubeException exception) when (exception.IsAlreadyExists)
            {
                // Somebody created it meanwhile: apply on top.
            }
        }

        var stored = await api.Writes.ChangeAsync(
            caller, target, current => ServerSideApply.Apply(current, applied, options.FieldManager, options.Force, target.Type.ApiVersion, api.Now),
            options, cancellationToken);
        return (stored, false);
    }

    private static JsonObject AsObject(JsonNode body) =>
        body as JsonObject ?? throw Errors.BadRequest("error decoding patch: the patch must be an object");
}
