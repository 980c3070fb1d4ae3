using Hikigane.ApiServer.Registry;

namespace Hikigane.ApiServer.Rest;

/// <summary>Makes the verbs' table of kinds from the registry that discovery is answered from, so that what is shown is what is served.</summary>
public static class RegisteredKinds
{
    /// <summary>Puts every stored resource of the registry into the table, and takes out what the registry no longer has.</summary>
    public static void Fill(ServedKinds kinds, ResourceSnapshot registry)
    {
        var groups = registry.All.GroupBy(resource => EventVersions.StoredAs(resource.Type));
        kinds.Replace([.. groups.Select(group => Of([.. group], kinds.Find(group.Key)))]);
    }

    /// <summary>What the table knows already and the registry does not say (defaults, validation, conversion) stays.</summary>
    private static ServedKind Of(IReadOnlyList<ServedResource> versions, ServedKind? known)
    {
        var storage = versions.FirstOrDefault(version => version.Type.Version == version.StorageVersion) ?? versions[0];
        var type = storage.Type;
        var verbs = storage.Verbs;
        var start = known ?? new ServedKind { Type = type };
        return start with
        {
            Type = type,
            Versions = [.. versions.Select(version => version.Type)],
            Singular = storage.Singular,
            ShortNames = storage.ShortNames,
            Categories = storage.Categories,
            IsCustom = storage.IsCustom,
            Convert = type == Resources.Kinds.Event ? EventVersions.Convert : start.Convert,
            Schemas = versions.Where(version => version.Schema is not null).ToDictionary(version => version.Type.Version, version => version.Schema!),
            HasStatus = storage.HasStatus,
            HasGeneration = storage.IsCustom || type.Group is "apps" or "batch" || type.Plural is "pods" or "customresourcedefinitions",
            AllowsUnconditionalUpdate = !storage.IsCustom && type.Plural is not ("leases" or "customresourcedefinitions"),
            AllowsCreateOnUpdate = type.Plural is "leases" or "endpoints" or "events" or "limitranges" or "services"
                || type.Group == "rbac.authorization.k8s.io",
            FieldSelectors = CoreFields.Of(type.GroupResource),
            Serves = verbs.Contains,
        };
    }
}
