using System.Text.Json.Nodes;
using Hikigane.ApiServer.Admission;
using Hikigane.ApiServer.Store;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Rest;

/// <summary>
/// The API on objects, without a wire: what HTTP and <see cref="LocalKube"/> both call. Authorizes, then hands to the verbs.
/// <code>
/// var api = new ObjectApi(new MemoryStore(), ServedKinds.Named(), TimeProvider.System);
/// await api.BootstrapAsync(cancellationToken);
/// IKube kube = new LocalKube(api, Caller.System);
/// await kube.CreateAsync(Kinds.ConfigMap, "default", manifest, cancellationToken);
/// api.Admission.Mutate("tekton.dev", "TaskRun", (request, _) => ValueTask.CompletedTask);
/// </code>
/// </summary>
public sealed class ObjectApi
{
    public ObjectApi(IStore store, ServedKinds kinds, TimeProvider time)
    {
        Store = store;
        Kinds = kinds;
        Time = time;
        Reads = new ReadVerbs(this);
        Writes = new WriteVerbs(this);
        Patches = new PatchVerb(this);
        Deletes = new DeleteVerbs(this);
    }

    public IStore Store { get; }

    public ServedKinds Kinds { get; }

    public TimeProvider Time { get; }

    public AdmissionChain Admission { get; } = new();

    /// <summary>Who may do what; everything is allowed until authorization is wired.</summary>
    public Authorizer Authorize { get; set; } = _ => null;

    public ReadVerbs Reads { get; }

    public WriteVerbs Writes { get; }

    public PatchVerb Patches { get; }

    public DeleteVerbs Deletes { get; }

    /// <summary>The time as object metadata writes it.</summary>
    public string Now => Stamp(Time.GetUtcNow());

    public static string Stamp(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Throws a 403 unless the caller may.</summary>
    public void Check(Caller caller, string verb, Target target)
    {
        var request = new AccessRequest(caller, verb, target);
        if (Authorize(request) is { } why)
        {
            throw Errors.Forbidden(request, why);
        }
    }

    /// <summary>A target by type; a 404 when the type is not served.</summary>
    public Target Target(ResourceType type, string? ns, string? name, string? subresource = null) =>
        Kinds.Find(type.Group, type.Version, type.Plural) is { } found
            ? new Target(found.Kind, found.Type, type.IsNamespaced ? ns ?? "" : "", name ?? "", subresource)
            : throw Errors.NoSuchResource();

    /// <summary>A stored object in the version that was asked for; shared when no conversion is needed.</summary>
    public static JsonObject As(StoredObject stored, Target target) => Convert(stored.Object, target.Kind, target.Type, isShared: true);

    internal static JsonObject Convert(JsonObject one, ServedKind kind, ResourceType wanted, bool isShared)
    {
        if (one.Text("apiVersion") == wanted.ApiVersion)
        {
            return one;
        }

        var own = isShared ? one.Copy() : one;
        if (kind.Convert is { } convert)
        {
            return convert(own, wanted);
        }

        own["apiVersion"] = wanted.ApiVersion;
        return own;
    }

    /// <summary>Makes the namespaces that every cluster has. Doing it again changes nothing.</summary>
    public async Task BootstrapAsync(CancellationToken cancellationToken)
    {
        foreach (var name in (string[])["default", "kube-system", "kube-public", "kube-node-lease"])
        {
            var target = Target(Resources.Kinds.Namespace, null, name);
            if (Store.Current.Find(target.Key) is null)
            {
                var manifest = new JsonObject
                {
                    ["apiVersion"] = "v1",
                    ["kind"] = "Namespace",
                    ["metadata"] = new JsonObject { ["name"] = name },
                };
                await Writes.CreateAsync(Caller.System, target with { Name = "" }, manifest, WriteOptions.Default, cancellationToken);
            }
        }
    }
}
