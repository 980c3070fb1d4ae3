using System.Text.Json.Nodes;
using Hikigane.ApiServer.Admission;
using Hikigane.ApiServer.Store;
using Hikigane.ApiServer.Validation;
using Hikigane.Kube;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Rest;

/// <summary>
/// create and update. A write goes: authorize, shape and metadata, mutate, convert to the storage version, default, prepare, validate,
/// validating admission, store. Updates run the whole way again when somebody else wrote first and the client named no version.
/// </summary>
public sealed class WriteVerbs(ObjectApi api)
{
    private const int NameAttempts = 8;
    private const int UpdateAttempts = 20;

    /// <summary>Creates an object; the answer is in the version of the target.</summary>
    public async Task<StoredObject> CreateAsync(Caller caller, Target target, JsonObject manifest, WriteOptions options, CancellationToken cancellationToken)
    {
        api.Check(caller, "create", target);
        ObjectShape.Check(target, manifest);
        RequireTypes(caller, target, manifest);
        var generated = manifest.Name().Length == 0 ? manifest.Text("metadata", "generateName") ?? "" : "";
        for (var attempt = 1; ; attempt++)
        {
            var prepared = manifest.Copy();
            var named = ObjectShape.PrepareNew(target, prepared, generated, api.Now);
            RequireNamespace(named);
            var storage = await AdmitAsync(caller, named, prepared, null, options, cancellationToken);
            ObjectShape.FinishNew(named, storage);
            try
            {
                return await StoreAsync(new StoreWrite(named.Key, 0, storage), options, cancellationToken);
            }
            catch (StoreConflictException conflict)
            {
                if (generated.Length == 0)
                {
                    throw Errors.AlreadyExists(target.Type, named.Name, conflict.Current?.Object.IsBeingDeleted() == true);
                }

                if (attempt == NameAttempts)
                {
                    throw new KubeException(409, "AlreadyExists",
                        $"{target.Type.GroupResource} \"{named.Name}\" already exists, the server was not able to generate a unique name for the object",
                        new JsonObject { ["name"] = named.Name, ["kind"] = target.Type.Plural, ["retryAfterSeconds"] = 1 });
                }
            }
        }
    }

    /// <summary>Answers a create of a kind that is not stored, or a POST to a subresource.</summary>
    public async Task<JsonObject> AnswerAsync(Caller caller, Target target, string verb, JsonObject? body, WriteOptions options, CancellationToken cancellationToken)
    {
        api.Check(caller, verb, target);
        var handler = target.Subresource is null ? target.Kind.Answer : target.Kind.Subresources.GetValueOrDefault(target.Subresource);
        return handler is null
            ? throw Errors.NoSuchResource()
            : await handler(new SubresourceRequest(api, caller, target, verb, body, options), cancellationToken);
    }

    /// <summary>Replaces an object or its status.</summary>
    public async Task<StoredObject> UpdateAsync(Caller caller, Target target, JsonObject manifest, WriteOptions options, CancellationToken cancellationToken)
    {
        api.Check(caller, "update", target);
        ObjectShape.Check(target, manifest);
        if (manifest.Name() != target.Name)
        {
            throw Errors.BadRequest(manifest.Name().Length == 0
                ? "name must be provided"
                : $"the name of the object ({manifest.Name()}) does not match the name on the URL ({target.Name})");
        }

        if (target.Subresource is null && target.Kind.AllowsCreateOnUpdate && api.Store.Current.Find(target.Key) is null
            && manifest.ResourceVersion() == 0)
        {
            return await CreateAsync(caller, target with { Name = "" }, manifest, options, cancellationToken);
        }

        if (!target.Kind.AllowsUnconditionalUpdate && string.IsNullOrEmpty(manifest.Text("metadata", "resourceVersion")))
        {
            api.Reads.Find(target);
            throw Errors.Invalid(target.Type, target.Name, new FieldProblem("metadata.resourceVersion", "Invalid value: 0: must be specified for an update"));
        }

        return await ChangeAsync(caller, target, _ => manifest.Copy(), options, cancellationToken);
    }

    /// <summary>
    /// Changes an object by a function of its present state (a copy, in the target's version). The result's <c>resourceVersion</c>, where
    /// set, makes the write conditional. A change that changes nothing keeps the version.
    /// </summary>
    internal async Task<StoredObject> ChangeAsync(
        Caller caller, Target target, Func<JsonObject, JsonObject> change, WriteOptions options, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var stored = api.Reads.Find(target);
            var old = ObjectApi.As(stored, target);
            var next = change(old.Copy());
            var wanted = next.Text("metadata", "resourceVersion");
            var isConditional = !string.IsNullOrEmpty(wanted) && wanted != "0";
            if (isConditional && wanted != stored.Revision.ToString())
            {
                throw Errors.Conflict(target.Type, target.Name);
            }

            ObjectShape.KeepIdentity(target, old, next);
            RequireTypes(caller, target, next);
            var storage = await AdmitAsync(caller, target, next, old, options, cancellationToken);
            ObjectShape.FinishChange(target, stored.Object, storage);
            if (JsonNode.DeepEquals(storage, stored.Object))
            {
                return stored;
            }

            var isLast = ObjectShape.MayGo(storage);
            try
            {
                var write = isLast ? new StoreWrite(target.Key, stored.Revision, null, storage) : new StoreWrite(target.Key, stored.Revision, storage);
                return await StoreAsync(write, options, cancellationToken);
            }
            catch (StoreConflictException conflict)
            {
                if (conflict.Current is null)
                {
                    throw Errors.NotFound(target.Type, target.Name);
                }

                if (attempt == UpdateAttempts)
                {
                    throw Errors.Conflict(target.Type, target.Name);
                }

                // The function sees the new state; where the client named a version, the check above now refuses.
            }
        }
    }

    /// <summary>What a new object would be stored as, were it valid.</summary>
    internal ValueTask<JsonObject> DefaultedAsync(Caller caller, Target target, JsonObject manifest, CancellationToken cancellationToken) =>
        DefaultAsync(new AdmissionRequest(target, caller, "CREATE", manifest, null, IsDryRun: true, []), null, cancellationToken);

    internal async Task<StoredObject> StoreAsync(StoreWrite write, WriteOptions options, CancellationToken cancellationToken)
    {
        if (!options.IsDryRun)
        {
            return (await api.Store.WriteAsync(write, cancellationToken)).After;
        }

        var current = api.Store.Current.Find(write.Key);
        if ((current?.Revision ?? 0) != write.Expected)
        {
            throw new StoreConflictException(current);
        }

        var shown = write.Manifest ?? write.Last ?? current!.Object;
        return new StoredObject(write.Key, write.Expected, System.Text.Encoding.UTF8.GetBytes(shown.ToJsonString()));
    }

    /// <summary>Admission around defaulting and validation; gives the object in the storage version.</summary>
    private async ValueTask<JsonObject> AdmitAsync(
        Caller caller, Target target, JsonObject next, JsonObject? old, WriteOptions options, CancellationToken cancellationToken)
    {
        var request = new AdmissionRequest(target, caller, old is null ? "CREATE" : "UPDATE", next, old, options.IsDryRun, options.Warnings);
        var oldStorage = old is null ? null : api.Store.Current.Find(target.Key)?.Object;
        var storage = await DefaultAsync(request, oldStorage, cancellationToken);
        if (target is { Subresource: null, Kind: { IsCustom: true, HasStatus: true } })
        {
            // Admission may have written one; only the status endpoint says how it went.
            ObjectShape.Take(old ?? [], next, "status");
            ObjectShape.Take(oldStorage ?? [], storage, "status");
        }

        var problems = Problems(target, next, storage, oldStorage);
        if (problems.Count > 0)
        {
            throw Errors.Invalid(target.Type, target.Name, problems);
        }

        await api.Admission.ValidateAsync(request, cancellationToken);
        return storage;
    }

    /// <summary>All that is wrong, whoever finds it: the metadata of a new object, the kind's own rules, the definition's schema.</summary>
    private static List<FieldProblem> Problems(Target target, JsonObject next, JsonObject storage, JsonObject? oldStorage)
    {
        var problems = new List<FieldProblem>();
        if (oldStorage is null)
        {
            problems.AddRange(ObjectShape.NameProblems(target, next));
        }

        if (target.Subresource is null)
        {
            problems.AddRange(target.Kind.Validate?.Invoke(storage, oldStorage) ?? []);
        }

        if (target.Kind.Schemas.GetValueOrDefault(target.Type.Version) is { } schema)
        {
            problems.AddRange(SchemaRules.Check(next, schema));
        }

        return problems;
    }

    private async ValueTask<JsonObject> DefaultAsync(AdmissionRequest request, JsonObject? oldStorage, CancellationToken cancellationToken)
    {
        var (kind, next) = (request.Target.Kind, request.Object!);
        if (kind.Schemas.GetValueOrDefault(request.Target.Type.Version) is { } schema)
        {
            StructuralSchema.Prune(next, schema);
            StructuralSchema.Default(next, schema);
        }

        await api.Admission.MutateAsync(request, cancellationToken);
        var storage = ObjectApi.Convert(next, kind, kind.Type, isShared: true);
        storage = ReferenceEquals(storage, next) ? next.Copy() : storage;
        kind.Default?.Invoke(storage, oldStorage);
        return storage;
    }

    /// <summary>What the process itself writes has the right types.</summary>
    private static void RequireTypes(Caller caller, Target target, JsonObject manifest)
    {
        if (!ReferenceEquals(caller, Caller.System) && !target.Kind.IsCustom && WrongTypes.First(manifest) is { } problem)
        {
            throw Errors.BadRequest($"{target.Type.Kind} in version \"{target.Type.Version}\" cannot be handled as a {target.Type.Kind}: {problem}");
        }
    }

    private void RequireNamespace(Target target)
    {
        if (!target.Type.IsNamespaced)
        {
            return;
        }

        var key = new StoreKey("namespaces", "", target.Namespace);
        var ns = api.Store.Current.Find(key)?.Object ?? throw Errors.NotFound(Resources.Kinds.Namespace, target.Namespace);
        if (ns.IsBeingDeleted())
        {
            throw Errors.Forbidden(target.Type, target.Name, $"unable to create new content in namespace {target.Namespace} because it is being terminated",
                new JsonArray(new JsonObject
                {
                    ["reason"] = "NamespaceTerminating",
                    ["message"] = $"namespace {target.Namespace} is being terminated",
                    ["field"] = "metadata.namespace",
                }));
        }
    }
}
