using System.Text;
using System.Text.Json.Nodes;
using Hikigane.ApiServer.Store;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Server.Install;
using Hikigane.Server.Interceptors;
using Hikigane.Triggers.Interceptors;

namespace Hikigane.Server.Previews;

/// <summary>
/// The objects that decide an event, as somebody outside the server finds them: from a running API, from the data directory of a stopped
/// installation, from files, or from several of these; the later ones count.
/// </summary>
public sealed class KnownObjects
{
    private static readonly ResourceType[] Decisive =
    [
        Kinds.EventListener, Kinds.Trigger, Kinds.TriggerBinding, Kinds.TriggerTemplate, Kinds.Interceptor, Kinds.ClusterTriggerBinding, Kinds.ClusterInterceptor,
    ];

    private KnownObjects(IReadOnlyList<JsonObject> manifests, string source)
    {
        Manifests = manifests;
        Source = source;
    }

    /// <summary>Nothing but the interceptors that come with the program.</summary>
    public static KnownObjects BuiltIn { get; } = new(
        [.. TriggersInstall.Manifests().Where(manifest => manifest.Text("kind") == "ClusterInterceptor")], "files only");

    public IReadOnlyList<JsonObject> Manifests { get; }

    /// <summary>Where they come from, for a person.</summary>
    public string Source { get; }

    /// <summary>The API that they come from; null when there is none to ask more of.</summary>
    public IKube? Kube { get; private init; }

    /// <summary>Everything that an API shows. What may not be listed does not exist, as for a listener.</summary>
    public static async Task<KnownObjects> OfApiAsync(IKube kube, string source, CancellationToken cancellationToken)
    {
        var manifests = new List<JsonObject>();
        foreach (var type in Decisive)
        {
            try
            {
                var list = await kube.ListAsync(type, null, ListQuery.All, cancellationToken);
                manifests.AddRange(list.Items.Select(item => Kind(item, type)));
            }
            catch (KubeException exception) when (exception.IsForbidden || exception.IsNotFound)
            {
            }
        }

        return new KnownObjects(manifests, source) { Kube = kube };
    }

    /// <summary>Other objects, such as those that the ledger recorded, with the Secrets of today: the ledger keeps none.</summary>
    public KnownObjects Replaced(IReadOnlyList<JsonObject> manifests, string source) =>
        new([.. Manifests.Where(manifest => manifest.Text("kind") == "Secret"), .. manifests], source) { Kube = Kube };

    /// <summary>Everything in the data directory of an installation that does not run. Throws <see cref="StartException"/> when it runs.</summary>
    public static async Task<KnownObjects> OfDirectoryAsync(string dataDirectory)
    {
        try
        {
            await using var store = SqliteStore.Open(dataDirectory, TimeProvider.System);
            var snapshot = store.Current;
            return new KnownObjects(
                [.. Decisive.Append(Kinds.Secret).SelectMany(type => snapshot.In(type.GroupResource, null).Select(one => Kind(one.Object, type)))],
                $"the stopped installation in {dataDirectory}");
        }
        catch (Exception exception) when (exception is InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw new StartException(exception.Message, exception);
        }
    }

    /// <summary>With drafts over what is known. A draft without a namespace belongs to <paramref name="ns"/>.</summary>
    public KnownObjects With(IEnumerable<JsonObject> drafts, string ns) => new(
        [.. Manifests, .. drafts.Select(draft =>
        {
            var copy = draft.Copy();
            if (copy.Namespace().Length == 0 && copy.Text("kind")?.StartsWith("Cluster", StringComparison.Ordinal) != true)
            {
                copy.Ensure("metadata")["namespace"] = ns;
            }

            return copy;
        })], Source)
    {
        Kube = Kube,
    };

    /// <summary>The newest of the objects with this kind and name.</summary>
    public JsonObject? Find(string kind, ObjectKey key) =>
        Manifests.LastOrDefault(manifest => manifest.Text("kind") == kind && manifest.Key() == key);

    internal SecretReader Secrets => async (key, cancellationToken) =>
    {
        if (Find("Secret", new ObjectKey(key.Namespace, key.Name)) is { } secret)
        {
            var data = (secret.Object("data") ?? []).ToDictionary(pair => pair.Key, pair => Convert.FromBase64String(pair.Value.Text() ?? ""));
            foreach (var (name, value) in secret.Object("stringData") ?? [])
            {
                data[name] = Encoding.UTF8.GetBytes(value.Text() ?? "");
            }

            return SecretValue.From(data, key);
        }

        return Kube is null ? SecretValue.From(null, key) : await SecretCache.ReadOnceAsync(Kube, key, cancellationToken);
    };

    /// <summary>The items of a list do not say their kind.</summary>
    private static JsonObject Kind(JsonObject item, ResourceType type)
    {
        if (item.Text("kind") is not null)
        {
            return item;
        }

        var copy = item.Copy();
        copy["kind"] = type.Kind;
        return copy;
    }
}
