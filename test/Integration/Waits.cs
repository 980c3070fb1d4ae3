using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;

namespace Hikigane.Integration;

/// <summary>Waiting on what is to happen, by watch where there is one.</summary>
internal static class Waits
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    /// <summary>The first object of a kind in a namespace that is as wanted; one that is there already counts.</summary>
    public static async Task<JsonObject> ForAsync(
        IKube kube, ResourceType type, Func<JsonObject, bool> isWanted, CancellationToken cancellationToken, string ns = "default")
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        var list = await kube.ListAsync(type, ns, ListQuery.All, patience.Token);
        if (list.Items.FirstOrDefault(isWanted) is { } present)
        {
            return present;
        }

        await foreach (var change in kube.WatchAsync(type, ns, new WatchQuery(list.ResourceVersion), patience.Token))
        {
            if (change.Type is WatchEventType.Added or WatchEventType.Modified && isWanted(change.Object))
            {
                return change.Object;
            }
        }

        throw new InvalidOperationException($"the watch of {type.GroupResource} ended");
    }

    /// <summary>For what cannot be watched, such as a file that another process writes.</summary>
    public static async Task UntilAsync(Func<Task<bool>> holds, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await holds())
        {
            await timer.WaitForNextTickAsync(patience.Token);
        }
    }
}
