using System.Text.Json.Nodes;
using Hikigane.Pipelines.Names;
using Hikigane.Pipelines.Pods;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.TaskRuns;

/// <summary>Workspace bindings → volumes, mounts and claims. As tektoncd/pipeline pkg/workspace and pkg/reconciler/volumeclaim.</summary>
internal static class WorkspaceVolumes
{
    private static readonly string[] Sources = ["persistentVolumeClaim", "emptyDir", "configMap", "secret", "projected", "csi"];

    public static string MountPath(JsonObject declaration) =>
        declaration.Text("mountPath") is { Length: > 0 } path ? path : $"/workspace/{declaration.Text("name")}";

    /// <summary>The volume of each bound workspace; one claim is one volume.</summary>
    public static Dictionary<string, JsonObject> Create(IEnumerable<JsonObject> bindings)
    {
        var volumes = new Dictionary<string, JsonObject>();
        var claims = new Dictionary<string, JsonObject>();
        var used = new HashSet<string>();
        foreach (var binding in bindings)
        {
            var workspace = binding.Text("name") ?? "";
            var name = ChildNames.Hashed("ws", workspace, 5);
            while (!used.Add(name))
            {
                name = ChildNames.Hashed("ws", name + "$", 5);
            }

            var source = Sources.FirstOrDefault(one => binding.Object(one) is not null);
            if (source is null)
            {
                continue;
            }

            var volume = new JsonObject { ["name"] = name, [source] = binding[source]!.DeepClone() };
            if (source == "persistentVolumeClaim")
            {
                var claim = binding.Text("persistentVolumeClaim", "claimName") ?? "";
                volume = claims.TryGetValue(claim, out var shared) ? shared : claims[claim] = volume;
            }

            volumes[workspace] = volume;
        }

        return volumes;
    }

    /// <summary>Mounts bound workspaces: in all steps and sidecars, or only where one of them asks for the workspace.</summary>
    public static void Apply(JsonObject taskSpec, IReadOnlyList<JsonObject> bindings, Dictionary<string, JsonObject> volumes)
    {
        if (bindings.Count == 0)
        {
            return;
        }

        var users = taskSpec.Objects("steps").Concat(taskSpec.Objects("sidecars")).ToList();
        var isolated = users.SelectMany(user => user.Objects("workspaces")).Select(usage => usage.Text("name")).ToHashSet();
        var added = new HashSet<string>();
        foreach (var binding in bindings)
        {
            var name = binding.Text("name") ?? "";
            var declaration = taskSpec.Objects("workspaces").FirstOrDefault(one => one.Text("name") == name) ?? new JsonObject { ["name"] = name };
            var volume = volumes.GetValueOrDefault(name);
            var mount = Mount(volume.Text("name") ?? "", MountPath(declaration), binding.Text("subPath"), declaration.Flag("readOnly"));
            if (isolated.Contains(name))
            {
                MountWhereAsked(users, name, mount);
            }
            else
            {
                PodParts.List(taskSpec.Ensure("stepTemplate"), "volumeMounts").Add(mount.Copy());
                foreach (var sidecar in taskSpec.Objects("sidecars").Where(sidecar => !Mounts(sidecar, mount.Text("mountPath"))))
                {
                    PodParts.List(sidecar, "volumeMounts").Add(mount.Copy());
                }
            }

            if (volume is not null && added.Add(volume.Text("name")!))
            {
                PodParts.List(taskSpec, "volumes").Add(volume.Copy());
            }
        }
    }

    /// <summary>Claims that the templates of the bindings ask for, owned by the run.</summary>
    public static IEnumerable<JsonObject> Claims(JsonObject run)
    {
        foreach (var binding in run.Objects("spec", "workspaces"))
        {
            if (binding.Object("volumeClaimTemplate") is { } template)
            {
                var claim = template.Copy();
                claim["apiVersion"] = "v1";
                claim["kind"] = "PersistentVolumeClaim";
                claim.Remove("status");
                var metadata = claim.Ensure("metadata");
                metadata["name"] = ClaimName(run, binding);
                metadata["namespace"] = run.Namespace();
                var owner = run.OwnerReference();
                owner["apiVersion"] = "tekton.dev/v1";
                owner["kind"] = "TaskRun";
                metadata["ownerReferences"] = new JsonArray(owner);
                yield return claim;
            }
        }
    }

    /// <summary>The bindings with templates replaced by the claims they became.</summary>
    public static JsonArray WithClaims(JsonObject run) => new([.. run.Objects("spec", "workspaces").Select(binding =>
    {
        if (binding.Object("volumeClaimTemplate") is null)
        {
            return (JsonNode)binding.Copy();
        }

        var bound = new JsonObject { ["name"] = binding.Text("name"), ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = ClaimName(run, binding) } };
        if (binding.Text("subPath") is { } subPath)
        {
            bound["subPath"] = subPath;
        }

        return bound;
    })]);

    private static string ClaimName(JsonObject run, JsonObject binding) =>
        ChildNames.Claim(binding.Text("volumeClaimTemplate", "metadata", "name"), binding.Text("name") ?? "", run.Uid());

    private static JsonObject Mount(string volume, string path, string? subPath, bool isReadOnly)
    {
        var mount = PodParts.Mount(volume, path, isReadOnly);
        if (!string.IsNullOrEmpty(subPath))
        {
            mount["subPath"] = subPath;
        }

        return mount;
    }

    private static void MountWhereAsked(List<JsonObject> users, string workspace, JsonObject mount)
    {
        foreach (var user in users)
        {
            if (user.Objects("workspaces").FirstOrDefault(usage => usage.Text("name") == workspace) is { } usage)
            {
                var own = mount.Copy();
                own["mountPath"] = usage.Text("mountPath") is { Length: > 0 } path ? path : mount.Text("mountPath");
                PodParts.List(user, "volumeMounts").Add(own);
            }
        }
    }

    private static bool Mounts(JsonObject container, string? path) => container.Objects("volumeMounts").Any(mount => mount.Text("mountPath") == path);
}
