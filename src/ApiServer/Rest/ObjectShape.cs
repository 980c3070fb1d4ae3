using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Rest;

/// <summary>The server's part of an object: kind, name, metadata, generation, and who may write the status. Objects given are the caller's own.</summary>
internal static class ObjectShape
{
    private static readonly string[] ServerOwned =
        ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink"];

    private static readonly string[] OwnerFields = ["apiVersion", "kind", "name", "uid"];

    /// <summary>Kind, version and namespace of a body must be those of the URL.</summary>
    public static void Check(Target target, JsonObject manifest)
    {
        var (apiVersion, kind) = (manifest.Text("apiVersion"), manifest.Text("kind"));
        if (string.IsNullOrEmpty(kind) || string.IsNullOrEmpty(apiVersion))
        {
            throw Errors.BadRequest($"Object 'Kind' is missing in '{Short(manifest)}'");
        }

        if (kind != target.Type.Kind)
        {
            throw Errors.BadRequest($"{kind} in version \"{apiVersion[(apiVersion.IndexOf('/', StringComparison.Ordinal) + 1)..]}\" cannot be handled as a {target.Type.Kind}: "
                + $"converting ({kind}) to ({target.Type.Kind}): unknown conversion");
        }

        if (apiVersion != target.Type.ApiVersion)
        {
            throw Errors.BadRequest($"the API version in the data ({apiVersion}) does not match the expected API version ({target.Type.ApiVersion})");
        }

        if (target.Type.IsNamespaced && manifest.Namespace() is { Length: > 0 } ns && ns != target.Namespace)
        {
            throw Errors.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        }
    }

    /// <summary>Name and metadata of a new object; gives the target with its name.</summary>
    public static Target PrepareNew(Target target, JsonObject next, string generateName, string now)
    {
        var metadata = next.Ensure("metadata");
        if (generateName.Length > 0)
        {
            metadata["name"] = Naming.Generate(generateName);
        }

        if (next.Name().Length == 0)
        {
            throw Errors.Invalid(target.Type, "", new FieldProblem("metadata.name", "Required value: name or generateName is required", "FieldValueRequired"));
        }

        foreach (var name in (string[])["resourceVersion", .. ServerOwned])
        {
            metadata.Remove(name);
        }

        if (target.Type.IsNamespaced)
        {
            metadata["namespace"] = target.Namespace;
        }
        else
        {
            metadata.Remove("namespace");
        }

        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = now;
        return target with { Name = next.Name() };
    }

    /// <summary>What is wrong with the names and owners of a new object.</summary>
    public static IEnumerable<FieldProblem> NameProblems(Target target, JsonObject next)
    {
        var check = target.Kind.CheckName ?? (name => DefaultProblem(target, name));
        if (next.Text("metadata", "generateName") is { Length: > 0 } prefix && check(prefix.TrimEnd('-') + "x") is not null && check(prefix) is { } why)
        {
            yield return new FieldProblem("metadata.generateName", $"Invalid value: \"{prefix}\": {why}");
        }

        if (check(next.Name()) is { } problem)
        {
            yield return new FieldProblem("metadata.name", $"Invalid value: \"{next.Name()}\": {problem}");
        }

        foreach (var (index, owner) in next.Objects("metadata", "ownerReferences").Index())
        {
            foreach (var field in OwnerFields.Where(field => owner.Text(field) is null or ""))
            {
                yield return new FieldProblem($"metadata.ownerReferences[{index}].{field}", $"Invalid value: \"\": {(field == "apiVersion" ? "version" : field)} must not be empty");
            }
        }

        if (next.Objects("metadata", "ownerReferences").Count(owner => owner.Flag("controller")) > 1)
        {
            yield return new FieldProblem("metadata.ownerReferences", "Invalid value: only one reference can have Controller set to true");
        }
    }

    /// <summary>What the server alone decides about a new object, after admission.</summary>
    public static void FinishNew(Target target, JsonObject next)
    {
        if (target.Kind.HasGeneration)
        {
            next.Ensure("metadata")["generation"] = 1;
        }

        if (target.Kind.HasStatus && target.Kind.IsCustom)
        {
            next.Remove("status");
        }

        if (target.Kind.Type == Resources.Kinds.Namespace)
        {
            next.Ensure("metadata", "labels")["kubernetes.io/metadata.name"] = target.Name;
            next.Ensure("spec")["finalizers"] = new JsonArray("kubernetes");
            next["status"] = new JsonObject { ["phase"] = "Active" };
        }
    }

    /// <summary>Takes from the old object what a client cannot change, and keeps spec and status apart.</summary>
    public static void KeepIdentity(Target target, JsonObject old, JsonObject next)
    {
        var metadata = next.Ensure("metadata");
        var uid = next.Uid();
        if (uid.Length > 0 && uid != old.Uid())
        {
            throw Errors.Conflict(target.Type, target.Name, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {old.Uid()}");
        }

        if (old.IsBeingDeleted())
        {
            var known = Texts(old["metadata"]?["finalizers"]);
            var added = Texts(next["metadata"]?["finalizers"]).Where(one => !known.Contains(one)).ToList();
            if (added.Count > 0)
            {
                throw Errors.Invalid(target.Type, target.Name, new FieldProblem("metadata.finalizers",
                    "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers "
                    + $"[]string{{{string.Join(", ", added.Select(one => $"\"{one}\""))}}}", "FieldValueForbidden"));
            }
        }

        foreach (var name in (string[])["name", "namespace", "resourceVersion", .. ServerOwned])
        {
            Take(old["metadata"]!, metadata, name);
        }

        next["apiVersion"] = target.Type.ApiVersion;
        next["kind"] = target.Type.Kind;
        if (target.Subresource == "status")
        {
            KeepAllButStatus(target, old, next);
        }
        else if (target.Subresource == "ephemeralcontainers")
        {
            KeepAllButEphemeral(target, old, next);
        }
        else if (target.Kind.HasStatus)
        {
            Take(old, next, "status");
        }

        if (target.Kind.Type == Resources.Kinds.Namespace && target.Subresource != "finalize" && old["spec"] is not null)
        {
            Take(old["spec"]!, next.Ensure("spec"), "finalizers");
        }
    }

    /// <summary>Counts the generation up where anything but metadata and status changed.</summary>
    public static void FinishChange(Target target, JsonObject old, JsonObject next)
    {
        next.Ensure("metadata");
        if (target.Kind.HasStatus && target.Subresource is null)
        {
            // Admission may have written one.
            Take(old, next, "status");
        }

        if (!target.Kind.HasGeneration || target.Subresource == "status")
        {
            return;
        }

        var names = old.Select(pair => pair.Key).Union(next.Select(pair => pair.Key))
            .Where(name => name is not ("metadata" or "apiVersion" or "kind") && !(name == "status" && target.Kind.HasStatus));
        if (names.Any(name => !JsonNode.DeepEquals(old[name], next[name])))
        {
            next["metadata"]!["generation"] = (old.Integer("metadata", "generation") ?? 0) + 1;
        }
    }

    /// <summary>Whether an object that is being deleted has nothing left that holds it.</summary>
    public static bool MayGo(JsonObject next) =>
        next.IsBeingDeleted() && (next.Integer("metadata", "deletionGracePeriodSeconds") ?? 0) == 0
        && !next.Items("metadata", "finalizers").Any()
        && !(next.Text("kind") == "Namespace" && next.Items("spec", "finalizers").Any());

    internal static IReadOnlyList<string> Texts(JsonNode? list) =>
        [.. (list as JsonArray ?? []).OfType<JsonValue>().Where(one => one.GetValueKind() == System.Text.Json.JsonValueKind.String).Select(one => one.GetValue<string>())];

    private static void KeepAllButStatus(Target target, JsonObject old, JsonObject next)
    {
        foreach (var name in next.Select(pair => pair.Key).Where(name => name is not ("status" or "metadata")).ToList())
        {
            Take(old, next, name);
        }

        foreach (var (name, _) in old.Where(pair => pair.Key is not ("status" or "metadata")))
        {
            Take(old, next, name);
        }

        var metadata = (JsonObject)next["metadata"]!;
        if (target.Kind.IsCustom)
        {
            next["metadata"] = old["metadata"]!.DeepClone();
        }
        else
        {
            Take(old["metadata"]!, metadata, "ownerReferences");
        }
    }

    /// <summary>Containers for debugging may be added to a pod; those that are there stay.</summary>
    private static void KeepAllButEphemeral(Target target, JsonObject old, JsonObject next)
    {
        var wanted = next.At("spec", "ephemeralContainers")?.DeepClone();
        var kept = old.Objects("spec", "ephemeralContainers").Select(one => one.Text("name")).ToHashSet();
        var names = (wanted as JsonArray ?? []).OfType<JsonObject>().Select(one => one.Text("name")).ToList();
        if (kept.FirstOrDefault(name => !names.Contains(name)) is { } missing)
        {
            throw Errors.Invalid(target.Type, target.Name, new FieldProblem(
                "spec.ephemeralContainers", $"Forbidden: existing ephemeral containers \"{missing}\" may not be removed", "FieldValueForbidden"));
        }

        foreach (var name in next.Select(pair => pair.Key).Union(old.Select(pair => pair.Key)).Where(name => name != "metadata").ToList())
        {
            Take(old, next, name);
        }

        if (wanted is not null)
        {
            next.Ensure("spec")["ephemeralContainers"] = wanted;
        }
    }

    internal static void Take(JsonNode from, JsonObject to, string name)
    {
        if (from[name] is { } value)
        {
            to[name] = value.DeepClone();
        }
        else
        {
            to.Remove(name);
        }
    }

    private static string? DefaultProblem(Target target, string name) =>
        target.Type.Group == "rbac.authorization.k8s.io" ? Naming.PathSegmentProblem(name) : Naming.SubdomainProblem(name);

    private static string Short(JsonObject manifest)
    {
        var text = manifest.ToJsonString();
        return text.Length > 200 ? text[..200] : text;
    }
}
