using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.Runtime.Workloads;

/// <summary>
/// What Kubernetes puts into every namespace: the ServiceAccount <c>default</c> and the ConfigMap <c>kube-root-ca.crt</c>
/// (<paramref name="certificateAuthority"/>, PEM).
/// </summary>
public sealed class NamespaceContentController(IKube kube, string certificateAuthority) : IController
{
    private const string ServiceAccount = "default";
    private const string ConfigMap = "kube-root-ca.crt";

    public string Name => "serviceaccount-controller";

    public ResourceType Type => Kinds.Namespace;

    public IReadOnlyList<WatchedType> Watches =>
    [
        new WatchedType(Kinds.ServiceAccount, changed => changed.Name() == ServiceAccount ? [new ObjectKey("", changed.Namespace())] : []),
        new WatchedType(Kinds.ConfigMap, changed => changed.Name() == ConfigMap ? [new ObjectKey("", changed.Namespace())] : []),
    ];

    public async Task<DateTimeOffset?> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (await Observe.FindAsync(kube, Kinds.Namespace, key, cancellationToken) is not { } ns || ns.IsBeingDeleted())
        {
            return null;
        }

        var metadata = new JsonObject { ["name"] = ServiceAccount, ["namespace"] = key.Name };
        await EnsureAsync(Kinds.ServiceAccount, new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ServiceAccount", ["metadata"] = metadata }, cancellationToken);
        await EnsureAsync(Kinds.ConfigMap, Certificate(key.Name), cancellationToken);
        return null;
    }

    private JsonObject Certificate(string ns) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "ConfigMap",
        ["metadata"] = new JsonObject
        {
            ["name"] = ConfigMap,
            ["namespace"] = ns,
            ["annotations"] = new JsonObject
            {
                ["kubernetes.io/description"] = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as "
                    + "the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.",
            },
        },
        ["data"] = new JsonObject { ["ca.crt"] = certificateAuthority },
    };

    private async Task EnsureAsync(ResourceType type, JsonObject wanted, CancellationToken cancellationToken)
    {
        var existing = await Observe.FindAsync(kube, type, wanted.Key(), cancellationToken);
        if (existing is null)
        {
            try
            {
                await kube.CreateAsync(type, wanted.Namespace(), wanted, cancellationToken);
            }
            catch (KubeException exception) when (exception.IsAlreadyExists)
            {
            }
        }
        else if (wanted["data"] is { } content && !JsonNode.DeepEquals(existing["data"], content))
        {
            var updated = existing.Copy();
            updated["data"] = content.DeepClone();
            await kube.UpdateAsync(type, updated, cancellationToken);
        }
    }
}
