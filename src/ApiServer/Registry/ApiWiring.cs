using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Hikigane.ApiServer.Admission;
using Hikigane.ApiServer.Authentication;
using Hikigane.ApiServer.Authorization;
using Hikigane.ApiServer.Discovery;
using Hikigane.ApiServer.Protobuf;
using Hikigane.ApiServer.Rest;
using Hikigane.ApiServer.Store;
using Hikigane.ApiServer.Tables;
using Hikigane.ApiServer.Validation;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Yaml;

namespace Hikigane.ApiServer.Registry;

/// <summary>
/// Joins registry, discovery, tables, protobuf, authentication, authorization and defaults to the verbs: what makes the API believed by kubectl.
/// <code>
/// var api = new ObjectApi(store, new ServedKinds(), time);
/// var wiring = new ApiWiring(api, directory, adminToken);
/// await wiring.BootstrapAsync(cancellationToken);
/// await ApiServerHost.StartAsync(api, wiring.Hooks(podStreams), options, logging, cancellationToken);
/// </code>
/// </summary>
public sealed class ApiWiring : IDisposable
{
    private readonly ObjectApi api;
    private readonly ServedResources resources = new();
    private readonly RequestAuthentication authentication;
    private long bootstrapped;

    /// <param name="directory">Where the signing key is kept; null: in this process alone.</param>
    /// <param name="adminToken">The bearer token of the administrator; null: none.</param>
    public ApiWiring(ObjectApi api, string? directory, string? adminToken)
    {
        this.api = api;
        Authorizer = new RbacAuthorizer(() => RbacObjects.Of(api.Store.Current));
        Tokens = new ServiceAccountTokens(directory, (type, ns, name) => api.Store.Current.Find(new StoreKey(type.GroupResource, ns, name))?.Object, api.Time);
        authentication = new RequestAuthentication(Tokens, adminToken, Authorizer);
        RegisteredKinds.Fill(api.Kinds, resources.Current);
        FillKinds(new ServiceAddresses(api.Store));
        api.Authorize = Authorize;
        api.Admission.Mutate("", "Pod", AdmitPod);
        api.Admission.Validate(Kinds.Role.Group, "Role", RequireHeld);
        api.Admission.Validate(Kinds.Role.Group, "ClusterRole", RequireHeld);
        api.Admission.Validate(Kinds.Role.Group, "RoleBinding", RequireHeld);
        api.Admission.Validate(Kinds.Role.Group, "ClusterRoleBinding", RequireHeld);
    }

    public RbacAuthorizer Authorizer { get; }

    public ServiceAccountTokens Tokens { get; }

    /// <summary>What the HTTP pipeline calls.</summary>
    public ApiHooks Hooks(Kube.IPodStreams? pods)
    {
        var paths = new DiscoveryPaths(resources, Tokens);
        var streams = pods is null ? null : new Streaming.PodSubresources(api, pods);
        return new ApiHooks
        {
            Authenticate = authentication.CallerAsync,
            DecodeProtobuf = body => ProtobufDecoder.Decode(body.Span),
            DecodeYaml = FromYaml,
            Transform = Transform,
            CheckFields = UnknownFields.Of,
            ServePath = (context, _) => paths.ServeAsync(context),
            Stream = streams is null ? null : streams.ServeAsync,
        };
    }

    /// <summary>Makes the namespaces, the bootstrap roles and Tekton's definitions that are missing.</summary>
    public async Task BootstrapAsync(CancellationToken cancellationToken)
    {
        await api.BootstrapAsync(cancellationToken);
        // Together: they become a few commits instead of one each.
        await Task.WhenAll(BootstrapRoles.Objects()
            .Select(manifest => EnsureAsync(manifest.Text("kind") == "ClusterRole" ? Kinds.ClusterRole : Kinds.ClusterRoleBinding, manifest, cancellationToken))
            .Concat(TektonDefinitions.All.Select(definition => EnsureAsync(Kinds.CustomResourceDefinition, definition.Copy(), cancellationToken))));

        var snapshot = api.Store.Current;
        bootstrapped = snapshot.Revision;
        foreach (var kept in snapshot.In(Kinds.CustomResourceDefinition.GroupResource, null))
        {
            resources.Define(kept.Object);
        }

        RegisteredKinds.Fill(api.Kinds, resources.Current);
    }

    /// <summary>Follows the definitions that users create, change and delete, until cancelled.</summary>
    public async Task FollowDefinitionsAsync(CancellationToken cancellationToken)
    {
        // From where the bootstrap looked: what was created meanwhile is not missed.
        var cursor = api.Store.Follow(Kinds.CustomResourceDefinition.GroupResource, bootstrapped);
        while (!cancellationToken.IsCancellationRequested)
        {
            var signal = cursor.NextSignal;
            while (cursor.TryNext() is { } change)
            {
                if (change.IsDeletion)
                {
                    resources.Remove(change.Key.Name);
                    RegisteredKinds.Fill(api.Kinds, resources.Current);
                }
                else
                {
                    Define(change.After.Object);
                }
            }

            await signal.WaitAsync(cancellationToken);
        }
    }

    public void Dispose() => Tokens.Dispose();

    private void Define(JsonObject definition)
    {
        resources.Define(definition);
        RegisteredKinds.Fill(api.Kinds, resources.Current);
    }

    private async Task EnsureAsync(ResourceType type, JsonObject manifest, CancellationToken cancellationToken)
    {
        var target = api.Target(type, null, manifest.Name());
        if (api.Store.Current.Find(target.Key) is null)
        {
            await api.Writes.CreateAsync(Caller.System, target with { Name = "" }, manifest, WriteOptions.Default, cancellationToken);
        }
    }

    private void FillKinds(ServiceAddresses addresses)
    {
        var reviews = new AccessReviews(Authorizer);
        foreach (var kind in api.Kinds.All)
        {
            var filled = kind;
            if (CoreDefaults.Of(kind.Type.Group, kind.Type.Kind) is { } fill)
            {
                filled = filled with
                {
                    Default = kind.Type == Kinds.Service
                        ? (manifest, old) =>
                        {
                            fill(manifest);
                            addresses.Assign(manifest, old);
                        }
                    : (manifest, _) => fill(manifest),
                };
            }

            var (type, before) = (kind.Type, filled.Validate);
            filled = filled with
            {
                Validate = (manifest, old) => [.. CoreValidation.Check(type, manifest, old), .. before?.Invoke(manifest, old) ?? []],
            };
            filled = (kind.Type.Group, kind.Type.Kind) switch
            {
                ("", "Namespace" or "Service") => filled with { CheckName = NameRules.DnsLabel },
                ("apiextensions.k8s.io", "CustomResourceDefinition") => filled with { Default = WithStatus(filled.Default) },
                ("apps", "Deployment" or "ReplicaSet" or "StatefulSet") => filled with
                {
                    Subresources = new Dictionary<string, SubresourceHandler>(filled.Subresources) { ["scale"] = ScaleSubresource.ServeAsync },
                },
                ("authorization.k8s.io", _) => filled with { Answer = (request, _) => Task.FromResult(reviews.Answer(request.Body ?? [], SubjectOf(request.Caller))) },
                ("authentication.k8s.io", "TokenReview") => filled with { Answer = (request, _) => Task.FromResult(authentication.Review(request.Body ?? [])) },
                ("authentication.k8s.io", "SelfSubjectReview") => filled with { Answer = (request, _) => Task.FromResult(WhoAmI(request)) },
                ("", "ServiceAccount") => filled with
                {
                    Subresources = new Dictionary<string, SubresourceHandler>(filled.Subresources) { ["token"] = (request, _) => Task.FromResult(Token(request)) },
                },
                ("", "Pod") => filled with
                {
                    Subresources = new Dictionary<string, SubresourceHandler>(filled.Subresources) { ["binding"] = PodBinding.BindAsync, ["eviction"] = PodEviction.EvictAsync },
                },
                _ => filled,
            };
            api.Kinds.Add(filled);
        }
    }

    private Action<JsonObject, JsonObject?> WithStatus(Action<JsonObject, JsonObject?>? fill) => (manifest, old) =>
    {
        fill?.Invoke(manifest, old);
        DefinitionStatus.Fill(manifest, api.Now);
    };

    private static JsonObject FromYaml(string text) =>
        YamlReader.ReadObject(text, out var error) ?? throw Errors.BadRequest($"error converting YAML to JSON: {error}");

    private JsonObject Token(SubresourceRequest request) => api.Store.Current.Find(request.Target.Key) is { } account
        ? Tokens.Answer(request.Body ?? [], account.Object)
        : throw Errors.NotFound(request.Target.Type, request.Target.Name);

    private static JsonObject WhoAmI(SubresourceRequest request)
    {
        var answer = request.Body?.Copy() ?? [];
        answer["status"] = new JsonObject { ["userInfo"] = RequestAuthentication.UserOf(request.Caller) };
        return answer;
    }

    private string? Authorize(AccessRequest request)
    {
        var asked = request.Target is { } target
            ? new AccessAttributes(request.Verb, target.Type.Group, target.Type.Plural, target.Subresource ?? "", target.Namespace, target.Name)
            : new AccessAttributes(request.Verb, Path: request.Path);
        return Authorizer.Decide(SubjectOf(request.Caller), asked).IsAllowed ? null : "";
    }

    private ValueTask AdmitPod(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (request is { Operation: "CREATE", Object: { } pod })
        {
            var account = api.Store.Current.Find(new StoreKey("serviceaccounts", request.Target.Namespace, pod.Text("spec", "serviceAccountName") ?? "default"))?.Object;
            var automounts = account?["automountServiceAccountToken"] is null || account.Flag("automountServiceAccountToken");
            PodDefaults.Admit(pod, RandomNumberGenerator.GetString("bcdfghjklmnpqrstvwxz2456789", 5), automounts);
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Nobody grants what he does not hold, unless a rule says <c>escalate</c> or <c>bind</c>.</summary>
    private ValueTask RequireHeld(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (request is { Operation: "CREATE" or "UPDATE", Object: { } manifest })
        {
            var subject = SubjectOf(request.Caller);
            var role = manifest["roleRef"] is null ? manifest : Authorizer.RoleOf(manifest) ?? [];
            var (verb, plural) = manifest["roleRef"] is null ? ("escalate", request.Target.Type.Plural)
                : ("bind", manifest.Text("roleRef", "kind") == "ClusterRole" ? "clusterroles" : "roles");
            var exempt = new AccessAttributes(verb, Kinds.Role.Group, plural, Namespace: request.Target.Namespace, Name: role.Name());
            if (!Authorizer.Decide(subject, exempt).IsAllowed && Authorizer.MissingFor(subject, role, request.Target.Namespace) is { Count: > 0 } missing)
            {
                var groups = string.Join(' ', subject.Groups.Select(group => $"\"{group}\""));
                throw Errors.Forbidden(
                    request.Target.Type, manifest.Name(),
                    $"user \"{subject.Name}\" (groups=[{groups}]) is attempting to grant RBAC permissions not currently held:\n{string.Join('\n', missing)}");
            }
        }

        return ValueTask.CompletedTask;
    }

    private static Subject SubjectOf(Caller caller) => new(caller.Name, caller.Groups);

    private JsonObject? Transform(Representation wanted)
    {
        JsonObject? answer = wanted.As switch
        {
            "Table" when resources.Current.Find(wanted.Target.Type.Group, wanted.Target.Type.Version, wanted.Target.Type.Plural) is { } served =>
                served.ToTable(wanted.Objects, wanted.ListMetadata, wanted.IncludeObject, wanted.Now),
            "PartialObjectMetadata" when wanted.Objects.Count == 1 => Table.PartialMetadata(wanted.Objects[0]),
            "PartialObjectMetadataList" => Table.PartialMetadataList(wanted.Objects, wanted.ListMetadata),
            _ => null,
        };
        if (answer is not null)
        {
            answer["apiVersion"] = $"meta.k8s.io/{wanted.Version}";
            if (!wanted.HasColumns && wanted.As == "Table")
            {
                answer["columnDefinitions"] = null;
            }
        }

        return answer;
    }
}
