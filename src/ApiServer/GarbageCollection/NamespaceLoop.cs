using System.Text.Json.Nodes;
using Hikigane.ApiServer.Rest;
using Hikigane.ApiServer.Store;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.GarbageCollection;

/// <summary>
/// Empties namespaces that are being deleted, then lets them go. Woken by changes of namespaces and of what is in them; level-based, so
/// doing it twice is harmless. As Kubernetes' namespace controller.
/// </summary>
internal sealed class NamespaceLoop(ObjectApi api)
{
    private static readonly DeleteOptions Background = new(Propagation: "Background");

    /// <summary>Looks at one change of the log.</summary>
    public async Task OnChangeAsync(StoreChange change, CancellationToken cancellationToken)
    {
        var name = change.Key.Resource == "namespaces" ? change.Key.Name : change.IsDeletion ? change.Key.Namespace : "";
        if (name.Length > 0 && api.Store.Current.Find(new StoreKey("namespaces", "", name))?.Object is { } ns && ns.IsBeingDeleted())
        {
            await EmptyAsync(name, cancellationToken);
        }
    }

    private async Task EmptyAsync(string name, CancellationToken cancellationToken)
    {
        // Pods first: what they use goes after them.
        var kinds = api.Kinds.All.Where(kind => kind.Type.IsNamespaced).OrderBy(kind => kind.Type == Kinds.Pod ? 0 : 1).ToList();
        foreach (var kind in kinds)
        {
            foreach (var one in api.Store.Current.In(kind.Type.GroupResource, name).ToList())
            {
                if (!one.Object.IsBeingDeleted())
                {
                    await DeleteAsync(new Target(kind, kind.Type, name, one.Key.Name), cancellationToken);
                }
            }
        }

        var remaining = kinds.Select(kind => (kind.Type, Count: api.Store.Current.In(kind.Type.GroupResource, name).Count())).Where(pair => pair.Count > 0).ToList();
        if (remaining.Count == 0)
        {
            await ChangeAsync(name, "finalize", ns => ns.Ensure("spec")["finalizers"] = new JsonArray(), cancellationToken);
            return;
        }

        var message = "Some resources are remaining: "
            + string.Join(", ", remaining.Select(pair => $"{pair.Type.Plural}.{pair.Type.Group} has {pair.Count} resource instances"));
        await ChangeAsync(name, "status", ns => Remain(ns, message), cancellationToken);
    }

    private void Remain(JsonObject ns, string message)
    {
        if (ns.Condition("NamespaceContentRemaining") is { } known)
        {
            known["message"] = message;
            return;
        }

        var status = ns.Ensure("status");
        var conditions = status["conditions"] as JsonArray ?? [];
        if (conditions.Parent is null)
        {
            status["conditions"] = conditions;
        }

        conditions.Add((JsonNode)new JsonObject
        {
            ["type"] = "NamespaceContentRemaining",
            ["status"] = "True",
            ["lastTransitionTime"] = api.Now,
            ["reason"] = "SomeResourcesRemain",
            ["message"] = message,
        });
    }

    private async Task DeleteAsync(Target target, CancellationToken cancellationToken)
    {
        try
        {
            await api.Deletes.DeleteAsync(Caller.System, target, Background, cancellationToken);
        }
        catch (KubeException exception) when (exception.IsNotFound)
        {
            // Gone already.
        }
    }

    private async Task ChangeAsync(string name, string subresource, Action<JsonObject> change, CancellationToken cancellationToken)
    {
        try
        {
            await api.Writes.ChangeAsync(Caller.System, api.Target(Kinds.Namespace, null, name, subresource), ns =>
            {
                change(ns);
                ns.Ensure("metadata").Remove("resourceVersion");
                return ns;
            }, WriteOptions.Default, cancellationToken);
        }
        catch (KubeException exception) when (exception.IsNotFound)
        {
            // Gone already.
        }
    }
}
