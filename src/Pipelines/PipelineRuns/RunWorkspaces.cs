using System.Text.Json.Nodes;
using Hikigane.Pipelines.Variables;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Reconcile;

namespace Hikigane.Pipelines.PipelineRuns;

/// <summary>
/// Workspaces of a run: claims made from templates, affinity assistants, and what each task is bound to.
/// As tektoncd/pipeline pkg/reconciler/volumeclaim and affinity_assistant.go.
/// </summary>
internal static class RunWorkspaces
{
    private const string NopImage = "ko://github.com/tektoncd/pipeline/cmd/nop";

    /// <summary>Creates the claims and affinity assistants that are not there yet.</summary>
    public static void Prepare(RunDraft draft, JsonObject pipeline)
    {
        if (draft.World.Children.Count > 0)
        {
            return;
        }

        foreach (var workspace in draft.Run.Objects("spec", "workspaces").Where(one => one["volumeClaimTemplate"] is not null))
        {
            var template = workspace.Object("volumeClaimTemplate")!;
            var name = ClaimName(draft, workspace);
            if (draft.World.Owned.Contains($"persistentvolumeclaims/{name}"))
            {
                continue;
            }

            var metadata = template.Object("metadata")?.Copy() ?? [];
            metadata["name"] = name;
            metadata["namespace"] = draft.Run.Namespace();
            metadata["ownerReferences"] = new JsonArray(draft.Run.OwnerReference());
            draft.Changes.Add(new Change.Create(Kinds.PersistentVolumeClaim, new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "PersistentVolumeClaim",
                ["metadata"] = metadata,
                ["spec"] = template["spec"]?.DeepClone(),
            }));
        }

        if (draft.World.Config.Coschedule != "workspaces")
        {
            return;
        }

        foreach (var (workspace, claim) in Claims(draft))
        {
            var name = AssistantName(draft, workspace);
            if (!draft.World.Owned.Contains($"statefulsets/{name}"))
            {
                draft.Changes.Add(new Change.Create(Kinds.StatefulSet, Assistant(draft, name, claim)));
            }
        }
    }

    /// <summary>The affinity assistant whose node a task has to share; null when it mounts no claim.</summary>
    public static string? AssistantFor(RunDraft draft, JsonObject task)
    {
        if (draft.World.Config.Coschedule != "workspaces")
        {
            return null;
        }

        var claims = Claims(draft).Select(one => one.Workspace).ToHashSet();
        return Bindings(draft, task).Select(one => one.Text("workspace") is { Length: > 0 } named ? named : one.Text("name") ?? "")
            .FirstOrDefault(claims.Contains) is { } workspace ? AssistantName(draft, workspace) : null;
    }

    /// <summary>Workspaces of a child: the run's binding under the task's own name.</summary>
    public static JsonArray? Bind(RunDraft draft, JsonObject task)
    {
        var bound = new List<JsonNode?>();
        var context = Replacements.Of(
            ("context.pipelineRun.name", draft.Run.Name()), ("context.pipelineRun.namespace", draft.Run.Namespace()), ("context.pipelineRun.uid", draft.Run.Uid()));
        context.AddDefaults(draft.Status.Objects("pipelineSpec", "params"));
        context.AddParams(draft.Run.Objects("spec", "params"));
        foreach (var binding in Bindings(draft, task))
        {
            var name = binding.Text("workspace") is { Length: > 0 } named ? named : binding.Text("name") ?? "";
            if (draft.Run.Objects("spec", "workspaces").FirstOrDefault(one => one.Text("name") == name) is not { } given)
            {
                continue;
            }

            var copy = (JsonObject)PipelineVariables.Substitute(given, context)!;
            copy["name"] = binding.Text("name");
            if (copy.Remove("volumeClaimTemplate"))
            {
                copy["persistentVolumeClaim"] = new JsonObject { ["claimName"] = ClaimName(draft, given) };
            }

            var parts = new[] { copy.Text("subPath"), binding.Text("subPath") }.Where(part => !string.IsNullOrEmpty(part)).Select(part => part!.Trim('/'));
            if (string.Join('/', parts) is { Length: > 0 } path)
            {
                copy["subPath"] = path;
            }

            bound.Add(copy);
        }

        return bound.Count > 0 ? new JsonArray([.. bound]) : null;
    }

    /// <summary>What a task binds, and what its inline specification mentions without binding.</summary>
    private static IEnumerable<JsonObject> Bindings(RunDraft draft, JsonObject task)
    {
        var named = task.Objects("workspaces").ToList();
        if (task.Object("taskSpec") is not { } spec)
        {
            return named;
        }

        var mentioned = ResultReference.Texts(spec).SelectMany(Substitution.Names)
            .Where(name => name.StartsWith("workspaces.", StringComparison.Ordinal)).Select(name => name.Split('.')[1]).Distinct().ToList();
        var known = named.Select(one => one.Text("name")).ToHashSet();
        var bound = draft.Run.Objects("spec", "workspaces").Select(one => one.Text("name") ?? "").ToHashSet();
        return named.Concat(mentioned.Where(name => bound.Contains(name) && !known.Contains(name)).Select(name => new JsonObject { ["name"] = name }));
    }

    private static IEnumerable<(string Workspace, string Claim)> Claims(RunDraft draft) =>
        draft.Run.Objects("spec", "workspaces")
            .Where(one => one["volumeClaimTemplate"] is not null || one["persistentVolumeClaim"] is not null)
            .Select(one => (one.Text("name") ?? "", one["volumeClaimTemplate"] is not null ? ClaimName(draft, one) : one.Text("persistentVolumeClaim", "claimName") ?? ""));

    private static string ClaimName(RunDraft draft, JsonObject workspace)
    {
        var given = workspace.Text("volumeClaimTemplate", "metadata", "name") is { Length: > 0 } name ? name : "pvc";
        return $"{given}-{ChildNames.Short((workspace.Text("name") ?? "") + draft.Run.Uid())}";
    }

    private static string AssistantName(RunDraft draft, string workspace) => $"affinity-assistant-{ChildNames.Short(workspace + draft.Run.Name())}";

    private static JsonObject Assistant(RunDraft draft, string name, string claim)
    {
        var labels = draft.Run.Object("metadata", "labels")?.Copy() ?? [];
        labels["tekton.dev/pipelineRun"] = draft.Run.Name();
        labels["app.kubernetes.io/instance"] = name;
        labels["app.kubernetes.io/component"] = "affinity-assistant";
        var template = draft.World.Config.DefaultAssistantTemplate ?? draft.Run.Object("spec", "taskRunTemplate", "podTemplate") ?? [];
        var spec = new JsonObject
        {
            ["containers"] = new JsonArray(new JsonObject
            {
                ["name"] = "affinity-assistant",
                ["image"] = NopImage,
                ["args"] = new JsonArray("tekton_run_indefinitely"),
                ["resources"] = new JsonObject
                {
                    ["limits"] = new JsonObject { ["cpu"] = "50m", ["memory"] = "100Mi" },
                    ["requests"] = new JsonObject { ["cpu"] = "50m", ["memory"] = "100Mi" },
                },
                ["securityContext"] = new JsonObject(),
            }),
            ["volumes"] = new JsonArray(new JsonObject { ["name"] = "workspace-0", ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = claim } }),
            ["affinity"] = new JsonObject
            {
                ["podAntiAffinity"] = new JsonObject
                {
                    ["preferredDuringSchedulingIgnoredDuringExecution"] = new JsonArray(new JsonObject
                    {
                        ["weight"] = 100,
                        ["podAffinityTerm"] = new JsonObject
                        {
                            ["labelSelector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app.kubernetes.io/component"] = "affinity-assistant" } },
                            ["topologyKey"] = "kubernetes.io/hostname",
                        },
                    }),
                },
            },
            ["restartPolicy"] = "Always",
            ["serviceAccountName"] = draft.Run.Text("spec", "taskRunTemplate", "serviceAccountName"),
        };
        foreach (var field in new[] { "tolerations", "nodeSelector", "imagePullSecrets", "securityContext", "priorityClassName" })
        {
            if (template[field] is { } value)
            {
                spec[field] = value.DeepClone();
            }
        }

        return new JsonObject
        {
            ["apiVersion"] = "apps/v1",
            ["kind"] = "StatefulSet",
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["namespace"] = draft.Run.Namespace(),
                ["labels"] = labels.DeepClone(),
                ["ownerReferences"] = new JsonArray(draft.Run.OwnerReference()),
            },
            ["spec"] = new JsonObject
            {
                ["replicas"] = 1,
                ["selector"] = new JsonObject { ["matchLabels"] = labels.DeepClone() },
                ["template"] = new JsonObject { ["metadata"] = new JsonObject { ["labels"] = labels }, ["spec"] = spec },
            },
        };
    }
}
