using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Reconcile;

namespace Hikigane.Pipelines.PipelineRuns;

/// <summary>What a run that is over takes away: its affinity assistants and, where asked for, the claims made for it.</summary>
internal static class Cleanup
{
    public static IReadOnlyList<Change> After(PipelineRunWorld world)
    {
        var ns = world.Run.Namespace();
        var changes = new List<Change>();
        var takesClaims = world.Config.Coschedule is "pipelineruns" or "isolate-pipelinerun"
            || (world.Config.Coschedule == "workspaces" && world.Run.Annotation("tekton.dev/auto-cleanup-pvc") == "true");
        foreach (var owned in world.Owned.Order(StringComparer.Ordinal))
        {
            var (plural, name) = (owned.Split('/')[0], owned.Split('/')[1]);
            if (plural == "statefulsets")
            {
                changes.Add(new Change.Delete(Kinds.StatefulSet, new ObjectKey(ns, name)));
            }
            else if (takesClaims && plural == "persistentvolumeclaims")
            {
                changes.Add(new Change.Delete(Kinds.PersistentVolumeClaim, new ObjectKey(ns, name)));
            }
        }

        return changes;
    }
}
