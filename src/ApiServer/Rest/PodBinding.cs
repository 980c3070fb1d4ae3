using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Rest;

/// <summary><c>POST pods/NAME/binding</c>: puts a pod on a node, once. As kubernetes pkg/registry/core/pod/storage.</summary>
internal static class PodBinding
{
    public static async Task<JsonObject> BindAsync(SubresourceRequest request, CancellationToken cancellationToken)
    {
        var target = request.Target with { Subresource = null };
        var pod = await request.Api.Reads.GetAsync(Caller.System, target, "", cancellationToken);
        var node = request.Body.Text("target", "name") ?? "";
        if (pod.Object.Text("spec", "nodeName") is { Length: > 0 } bound)
        {
            throw new KubeException(
                409, "Conflict", $"Operation cannot be fulfilled on pods/binding \"{target.Name}\": pod {target.Name} is already assigned to node \"{bound}\"");
        }

        var metadata = new JsonObject { ["resourceVersion"] = pod.Object.Text("metadata", "resourceVersion") };
        var patch = new JsonObject { ["metadata"] = metadata, ["spec"] = new JsonObject { ["nodeName"] = node } };
        await request.Api.Patches.PatchAsync(Caller.System, target, PatchKind.Merge, patch, request.Options, cancellationToken);
        return new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success", ["code"] = 201 };
    }
}
