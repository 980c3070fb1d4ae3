using System.Text.Json.Nodes;
using Hikigane.ApiServer.Admission;
using Hikigane.ApiServer.Store;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Rest;

/// <summary>Options of a delete, from the body or the query string.</summary>
public sealed record DeleteOptions(string? Uid = null, string? ResourceVersion = null, string? Propagation = null, long? GracePeriodSeconds = null, bool IsDryRun = false)
{
    public static readonly DeleteOptions Default = new();
}

/// <summary>What a delete did: the last state, and whether the object is gone or only marked.</summary>
public sealed record Deleted(StoredObject Object, bool IsGone);

/// <summary>
/// delete and deletecollection: finalizers, propagation, graceful deletion of pods, namespaces that empty first. The garbage collector
/// and the namespace loop finish what is only marked here.
/// </summary>
public sealed class DeleteVerbs(ObjectApi api)
{
    private const string Foreground = "foregroundDeletion";
    private const string Orphan = "orphan";
    private const long DefaultGrace = 30;

    public async Task<Deleted> DeleteAsync(Caller caller, Target target, DeleteOptions options, CancellationToken cancellationToken)
    {
        api.Check(caller, "delete", target);
        return await DeleteCheckedAsync(caller, target, options, cancellationToken);
    }

    /// <summary>Deletes all that the selectors let through; returns their last states.</summary>
    public async Task<IReadOnlyList<StoredObject>> DeleteCollectionAsync(
        Caller caller, Target target, ReadOptions selection, DeleteOptions options, CancellationToken cancellationToken)
    {
        api.Check(caller, "deletecollection", target);
        var selectors = Selectors.Parse(target.Kind, selection.LabelSelector, selection.FieldSelector);
        var deleted = new List<StoredObject>();
        foreach (var one in api.Store.Current.In(target.Key.Resource, target.Namespace).Where(one => selectors.IsEverything || selectors.Match(one.Object)))
        {
            try
            {
                var single = target with { Namespace = one.Key.Namespace, Name = one.Key.Name };
                deleted.Add((await DeleteCheckedAsync(caller, single, options, cancellationToken)).Object);
            }
            catch (Kube.KubeException exception) when (exception.IsNotFound)
            {
                // Somebody else was faster.
            }
        }

        return deleted;
    }

    private async Task<Deleted> DeleteCheckedAsync(Caller caller, Target target, DeleteOptions options, CancellationToken cancellationToken)
    {
        if (options.Propagation is not (null or "" or "Background" or "Foreground" or "Orphan"))
        {
            throw Errors.InvalidOptions("DeleteOptions", $"propagationPolicy: Invalid value: \"{options.Propagation}\": "
                + "DeletionPropagation need to be one of \"Foreground\", \"Background\", \"Orphan\" or nil");
        }

        while (true)
        {
            var stored = api.Reads.Find(target);
            CheckPreconditions(target, stored.Object, options);
            if (target.Kind.Type == Kinds.Namespace && target.Name is "default" or "kube-system" or "kube-public" && target.Kind.Type == Kinds.Namespace)
            {
                throw Errors.Forbidden(target.Type, target.Name, "this namespace may not be deleted");
            }

            var admission = new AdmissionRequest(target, caller, "DELETE", null, ObjectApi.As(stored, target), options.IsDryRun, []);
            await api.Admission.MutateAsync(admission, cancellationToken);
            await api.Admission.ValidateAsync(admission, cancellationToken);
            var last = Mark(target, stored.Object, options);
            var isGone = ObjectShape.MayGo(last);
            if (!isGone && JsonNode.DeepEquals(last, stored.Object))
            {
                return new Deleted(stored, false);
            }

            try
            {
                var write = isGone ? new StoreWrite(target.Key, stored.Revision, null, last) : new StoreWrite(target.Key, stored.Revision, last);
                return new Deleted(await api.Writes.StoreAsync(write, new WriteOptions(options.IsDryRun), cancellationToken), isGone);
            }
            catch (StoreConflictException)
            {
                // Changed meanwhile: look again.
            }
        }
    }

    private static void CheckPreconditions(Target target, JsonObject one, DeleteOptions options)
    {
        if (!string.IsNullOrEmpty(options.Uid) && options.Uid != one.Uid())
        {
            throw Errors.Conflict(target.Type, target.Name, $"the UID in the precondition ({options.Uid}) does not match the UID in record ({one.Uid()}). "
                + "The object might have been deleted and then recreated");
        }

        if (!string.IsNullOrEmpty(options.ResourceVersion) && options.ResourceVersion != one.Text("metadata", "resourceVersion"))
        {
            throw Errors.Conflict(target.Type, target.Name, $"the ResourceVersion in the precondition ({options.ResourceVersion}) does not match the "
                + $"ResourceVersion in record ({one.Text("metadata", "resourceVersion")}). The object might have been modified");
        }
    }

    /// <summary>The object as the delete leaves it: marked, its finalizers as the propagation wants them.</summary>
    private JsonObject Mark(Target target, JsonObject stored, DeleteOptions options)
    {
        var last = stored.Copy();
        var metadata = last.Ensure("metadata");
        var finalizers = ObjectShape.Texts(metadata["finalizers"]).ToList();
        if (!string.IsNullOrEmpty(options.Propagation))
        {
            finalizers.RemoveAll(one => one is Foreground or Orphan);
            if (options.Propagation is "Foreground" or "Orphan")
            {
                finalizers.Add(options.Propagation == "Foreground" ? Foreground : Orphan);
            }
        }

        if (finalizers.Count > 0)
        {
            metadata["finalizers"] = new JsonArray([.. finalizers.Select(one => JsonValue.Create(one))]);
        }
        else
        {
            metadata.Remove("finalizers");
        }

        var grace = target.Kind.Type == Kinds.Pod ? PodGrace(stored, options) : 0;
        if (!last.IsBeingDeleted())
        {
            metadata["deletionTimestamp"] = ObjectApi.Stamp(api.Time.GetUtcNow() + TimeSpan.FromSeconds(grace));
            metadata["deletionGracePeriodSeconds"] = grace;
            if (target.Kind.HasGeneration)
            {
                metadata["generation"] = (last.Integer("metadata", "generation") ?? 0) + 1;
            }
        }
        else if (target.Kind.Type == Kinds.Pod && grace < (last.Integer("metadata", "deletionGracePeriodSeconds") ?? 0))
        {
            metadata["deletionTimestamp"] = ObjectApi.Stamp(api.Time.GetUtcNow() + TimeSpan.FromSeconds(grace));
            metadata["deletionGracePeriodSeconds"] = grace;
        }

        if (target.Kind.Type == Kinds.Namespace)
        {
            last.Ensure("status")["phase"] = "Terminating";
        }

        return last;
    }

    /// <summary>A pod that no kubelet has, or that has ended, goes at once. As the pod strategy's CheckGracefulDelete.</summary>
    private static long PodGrace(JsonObject pod, DeleteOptions options)
    {
        if (string.IsNullOrEmpty(pod.Text("spec", "nodeName")) || pod.Text("status", "phase") is "Succeeded" or "Failed")
        {
            return 0;
        }

        return Math.Max(0, options.GracePeriodSeconds ?? pod.Integer("spec", "terminationGracePeriodSeconds") ?? DefaultGrace);
    }
}
