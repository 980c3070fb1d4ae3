using System.Text.Json.Nodes;
using Hikigane.ApiServer.Store;
using Hikigane.Kube;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Rest;

/// <summary><c>scale</c> of a workload: its replicas as an <c>autoscaling/v1 Scale</c>, to read and to change.</summary>
internal static class ScaleSubresource
{
    public static async Task<JsonObject> ServeAsync(SubresourceRequest request, CancellationToken cancellationToken)
    {
        var target = request.Target with { Subresource = null };
        var stored = request.Api.Reads.Find(target);
        if (request.Verb == "get")
        {
            return Scale(stored);
        }

        if (request.Verb is not ("update" or "patch"))
        {
            throw Errors.MethodNotAllowed();
        }

        var body = request.Body ?? throw Errors.BadRequest("the body of a scale must be an object with spec.replicas");
        var wanted = request.Verb == "patch" ? MergePatch.Apply(Scale(stored), body) as JsonObject ?? [] : body;
        var replicas = wanted.Integer("spec", "replicas") ?? 0;
        if (replicas < 0)
        {
            throw Errors.Invalid(target.Type, target.Name, new FieldProblem("spec.replicas", $"Invalid value: {replicas}: must be greater than or equal to 0"));
        }

        var change = new JsonObject { ["spec"] = new JsonObject { ["replicas"] = replicas } };
        if (body.Text("metadata", "resourceVersion") is { Length: > 0 } version)
        {
            change["metadata"] = new JsonObject { ["resourceVersion"] = version };
        }

        // The caller may scale without being allowed to patch the workload itself.
        var (scaled, _) = await request.Api.Patches.PatchAsync(Caller.System, target, PatchKind.Merge, change, request.Options, cancellationToken);
        return Scale(scaled);
    }

    private static JsonObject Scale(StoredObject stored)
    {
        var workload = stored.Object;
        var metadata = new JsonObject();
        foreach (var field in (string[])["name", "namespace", "uid", "resourceVersion", "creationTimestamp"])
        {
            metadata[field] = workload.Text("metadata", field);
        }

        var pairs = (workload.Object("spec", "selector", "matchLabels") ?? []).Select(pair => $"{pair.Key}={pair.Value.Text()}");
        return new JsonObject
        {
            ["kind"] = "Scale",
            ["apiVersion"] = "autoscaling/v1",
            ["metadata"] = metadata,
            ["spec"] = new JsonObject { ["replicas"] = workload.Integer("spec", "replicas") ?? 1 },
            ["status"] = new JsonObject
            {
                ["replicas"] = workload.Integer("status", "replicas") ?? 0,
                ["selector"] = string.Join(",", pairs.Order(StringComparer.Ordinal)),
            },
        };
    }
}
