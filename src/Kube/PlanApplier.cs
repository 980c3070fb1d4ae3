using System.Text.Json.Nodes;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Reconcile;

namespace Hikigane.Kube;

/// <summary>Applies a plan: changes in order, then the status, then the events. Applying the same plan twice is harmless.</summary>
public sealed class PlanApplier(IKube kube, EventRecorder events)
{
    public async Task ApplyAsync(ResourceType type, JsonObject subject, Plan plan, CancellationToken cancellationToken)
    {
        foreach (var change in plan.Changes)
        {
            // A change of the subject itself moves its version on; the status has to be written over that one.
            subject = await ApplyAsync(change, cancellationToken) is { } changed && changed.Uid() == subject.Uid() ? changed : subject;
        }

        if (plan.Status is { } status && !JsonNode.DeepEquals(status, subject["status"]))
        {
            var updated = subject.Copy();
            updated["status"] = status.DeepClone();
            await kube.UpdateAsync(type, updated, cancellationToken, "status");
        }

        foreach (var recorded in plan.Events)
        {
            await events.RecordAsync(subject, recorded, cancellationToken);
        }
    }

    private async Task<JsonObject?> ApplyAsync(Change change, CancellationToken cancellationToken)
    {
        switch (change)
        {
            case Change.Create create:
                await CreateAsync(create, cancellationToken);
                return null;
            case Change.Update update:
                return await kube.UpdateAsync(update.Type, update.Manifest, cancellationToken);
            case Change.Patch patch:
                return await kube.PatchAsync(patch.Type, patch.Key, new Patch(PatchKind.Merge, patch.Body), cancellationToken, patch.Subresource);
            case Change.Delete delete:
                await DeleteAsync(delete, cancellationToken);
                return null;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>A second attempt finds the first one's object: the same name and the same controlling owner.</summary>
    private async Task CreateAsync(Change.Create create, CancellationToken cancellationToken)
    {
        try
        {
            await kube.CreateAsync(create.Type, create.Manifest.Namespace(), create.Manifest, cancellationToken);
        }
        catch (KubeException exception) when (exception.IsAlreadyExists)
        {
            var existing = await kube.GetAsync(create.Type, create.Manifest.Namespace(), create.Manifest.Name(), cancellationToken);
            if (existing.ControllerOwner().Text("uid") != create.Manifest.ControllerOwner().Text("uid"))
            {
                throw;
            }
        }
    }

    private async Task DeleteAsync(Change.Delete delete, CancellationToken cancellationToken)
    {
        try
        {
            await kube.DeleteAsync(delete.Type, delete.Key, new DeleteQuery(delete.Uid), cancellationToken);
        }
        catch (KubeException exception) when (exception.IsNotFound || exception.IsConflict)
        {
            // Gone, or somebody else's by now: either way what was to be deleted is no longer there.
        }
    }
}
