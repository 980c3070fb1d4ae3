using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Rest;

/// <summary><c>pods/eviction</c>: a pod is deleted politely. There are no disruption budgets here, so nothing stands against it.</summary>
internal static class PodEviction
{
    public static async Task<JsonObject> EvictAsync(SubresourceRequest request, CancellationToken cancellationToken)
    {
        if (request.Verb != "create")
        {
            throw Errors.MethodNotAllowed();
        }

        var name = request.Body is { } body ? body.Name() : "";
        if (name.Length > 0 && name != request.Target.Name)
        {
            throw Errors.BadRequest($"name in URL does not match name in Eviction object: {request.Target.Name} vs {name}");
        }

        var options = request.Body.Object("deleteOptions");
        var deletion = new DeleteOptions(
            options.Text("preconditions", "uid"), options.Text("preconditions", "resourceVersion"), options.Text("propagationPolicy"),
            options.Integer("gracePeriodSeconds"), request.Options.IsDryRun || options.Items("dryRun").Any());

        // Who may evict need not be allowed to delete.
        await request.Api.Deletes.DeleteAsync(Caller.System, request.Target with { Subresource = null }, deletion, cancellationToken);
        return new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success", ["code"] = 201 };
    }
}
