using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Validation;

/// <summary>What is wrong with a CustomResourceDefinition. As apiextensions-apiserver pkg/apis/apiextensions/validation.</summary>
internal static class DefinitionRules
{
    public static void Check(Problems problems, JsonObject manifest)
    {
        var (group, plural) = (manifest.Text("spec", "group") ?? "", manifest.Text("spec", "names", "plural") ?? "");
        if (manifest.Name() != $"{plural}.{group}")
        {
            problems.Invalid("metadata.name", manifest.Name(), "must be spec.names.plural+\".\"+spec.group");
        }

        problems.Name("spec.group", group, Rest.Naming.SubdomainProblem);
        problems.Name("spec.scope", manifest.Text("spec", "scope"));
        problems.OneOf("spec.scope", manifest.Text("spec", "scope") is "" ? null : manifest.Text("spec", "scope"), "Cluster", "Namespaced");
        problems.Name("spec.names.plural", plural, NameRules.DnsLabel);
        problems.Name("spec.names.kind", manifest.Text("spec", "names", "kind"));
        Versions(problems, manifest);
    }

    private static void Versions(Problems problems, JsonObject manifest)
    {
        var versions = manifest.Objects("spec", "versions").ToList();
        if (versions.Count == 0)
        {
            problems.Required("spec.versions", "must have exactly one version marked as storage version");
            return;
        }

        var seen = new HashSet<string>();
        foreach (var (index, version) in versions.Index())
        {
            var path = $"spec.versions[{index}]";
            problems.Name(path + ".name", version.Text("name"), NameRules.DnsLabel);
            if (!seen.Add(version.Text("name") ?? ""))
            {
                problems.Invalid(path + ".name", version.Text("name"), "must be unique");
            }

            if (version.Object("schema", "openAPIV3Schema") is not { } schema)
            {
                problems.Required(path + ".schema.openAPIV3Schema", "schemas are required");
            }
            else if (schema.Text("type") is not "object")
            {
                problems.Required(path + ".schema.openAPIV3Schema.type", "must be object at the root");
            }
        }

        if (versions.Count(version => version.Flag("storage")) != 1)
        {
            problems.Invalid("spec.versions", manifest.At("spec", "versions"), "must have exactly one version marked as storage version");
        }
    }
}
