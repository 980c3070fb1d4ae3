using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.Server.Install;

/// <summary>
/// What an installation of Tekton consists of, as objects: namespace, configuration, roles, and a Deployment for each part that runs. Applied at
/// every start; what is there already stays as it is, so that a person's configuration survives.
/// </summary>
internal static class Installation
{
    public const string Namespace = "tekton-pipelines";

    public static async Task ApplyAsync(IKube kube, CancellationToken cancellationToken)
    {
        await EnsureAsync(kube, Kinds.Namespace, Named("v1", "Namespace", Namespace, ns: null), cancellationToken);
        await Task.WhenAll(Manifests().Select(one => EnsureAsync(kube, one.Type, one.Manifest, cancellationToken)));
    }

    private static async Task EnsureAsync(IKube kube, ResourceType type, JsonObject manifest, CancellationToken cancellationToken)
    {
        try
        {
            await kube.CreateAsync(type, manifest.Namespace(), manifest, cancellationToken);
        }
        catch (KubeException exception) when (exception.IsAlreadyExists)
        {
        }
    }

    private static IEnumerable<(ResourceType Type, JsonObject Manifest)> Manifests()
    {
        yield return (Kinds.StorageClass, StorageClass());
        foreach (var map in Configuration())
        {
            yield return (Kinds.ConfigMap, map);
        }

        foreach (var manifest in TriggersInstall.Manifests())
        {
            yield return (TypeOf(manifest), manifest);
        }

        foreach (var role in PartRoles.Manifests(Namespace))
        {
            yield return role;
        }

        foreach (var part in HostedParts.Names)
        {
            if (HostedParts.Service(part) is { } service)
            {
                yield return (Kinds.Service, service);
            }

            yield return (Kinds.Deployment, HostedParts.Deployment(part));
        }
    }

    /// <summary>The ConfigMaps of Pipelines.</summary>
    internal static IEnumerable<JsonObject> Configuration()
    {
        foreach (var name in new[] { "feature-flags", "config-defaults" })
        {
            var map = Named("v1", "ConfigMap", name, Namespace);
            map["data"] = new JsonObject();
            yield return map;
        }
    }

    private static ResourceType TypeOf(JsonObject manifest) => (manifest.Text("kind"), manifest.Text("apiVersion")) switch
    {
        ("ConfigMap", _) => Kinds.ConfigMap,
        ("ClusterRole", _) => Kinds.ClusterRole,
        ("ClusterInterceptor", _) => Kinds.ClusterInterceptor,
        var (kind, apiVersion) => throw new InvalidOperationException($"{apiVersion} {kind} is not part of an installation"),
    };

    private static JsonObject StorageClass()
    {
        var manifest = Named("storage.k8s.io/v1", "StorageClass", "standard", ns: null);
        manifest.Ensure("metadata", "annotations")["storageclass.kubernetes.io/is-default-class"] = "true";
        manifest["provisioner"] = "hikigane.dev/directory";
        manifest["reclaimPolicy"] = "Delete";
        manifest["volumeBindingMode"] = "Immediate";
        return manifest;
    }

    private static JsonObject Named(string apiVersion, string kind, string name, string? ns)
    {
        var manifest = new JsonObject { ["apiVersion"] = apiVersion, ["kind"] = kind, ["metadata"] = new JsonObject { ["name"] = name } };
        if (ns is not null)
        {
            manifest["metadata"]!["namespace"] = ns;
        }

        return manifest;
    }
}
