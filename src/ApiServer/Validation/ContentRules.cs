using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Validation;

/// <summary>What is wrong with a ConfigMap, a Secret or a PersistentVolumeClaim.</summary>
internal static class ContentRules
{
    private const int Limit = 1 << 20;
    private const string Frozen = "field is immutable when `immutable` is set";

    public static void ConfigMap(Problems problems, JsonObject manifest, JsonObject? old)
    {
        var size = Keys(problems, manifest, "data") + Keys(problems, manifest, "binaryData");
        foreach (var (key, _) in manifest.Object("binaryData") ?? [])
        {
            if (manifest.Object("data")?.ContainsKey(key) == true)
            {
                problems.Invalid($"data[{key}]", key, "duplicate of key present in binaryData");
            }
        }

        if (size > Limit)
        {
            problems.TooLong("[]", Limit);
        }

        Immutable(problems, manifest, old, "data", "binaryData");
    }

    public static void Secret(Problems problems, JsonObject manifest, JsonObject? old)
    {
        if (Keys(problems, manifest, "data") > Limit * 4 / 3)
        {
            problems.TooLong("data", Limit);
        }

        string[] needed = manifest.Text("type") switch
        {
            "kubernetes.io/dockercfg" => [".dockercfg"],
            "kubernetes.io/dockerconfigjson" => [".dockerconfigjson"],
            "kubernetes.io/ssh-auth" => ["ssh-privatekey"],
            "kubernetes.io/tls" => ["tls.crt", "tls.key"],
            "kubernetes.io/basic-auth" when manifest["data"].At("username") is null && manifest["data"].At("password") is null => ["username", "password"],
            _ => [],
        };
        foreach (var key in needed.Where(key => manifest["data"].At(key) is null))
        {
            problems.Required($"data[{key}]");
        }

        if (manifest.Text("type") == "kubernetes.io/service-account-token" && string.IsNullOrEmpty(manifest.Annotation("kubernetes.io/service-account.name")))
        {
            problems.Required("metadata.annotations[kubernetes.io/service-account.name]");
        }

        if (old is not null)
        {
            problems.Unchanged("type", manifest["type"], old["type"]);
        }

        Immutable(problems, manifest, old, "data");
    }

    public static void Claim(Problems problems, JsonObject manifest, JsonObject? old)
    {
        var modes = manifest.Items("spec", "accessModes").Select(mode => mode.Text()).ToList();
        if (modes.Count == 0)
        {
            problems.Required("spec.accessModes", "at least 1 access mode is required");
        }

        foreach (var mode in modes)
        {
            problems.OneOf("spec.accessModes", mode, "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod");
        }

        if (modes.Contains("ReadWriteOncePod") && modes.Count > 1)
        {
            problems.Forbidden("spec.accessModes", "may not use ReadWriteOncePod with other access modes");
        }

        if (manifest.At("spec", "resources", "requests", "storage") is null)
        {
            problems.Required("spec.resources[storage]");
        }

        problems.OneOf("spec.volumeMode", manifest.Text("spec", "volumeMode"), "Block", "Filesystem");
        if (old is not null && !JsonNode.DeepEquals(Fixed(manifest, old), Fixed(old, old)))
        {
            problems.Forbidden("spec", "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims");
        }
    }

    /// <summary>The part of a claim that stays: without the request, and without the volume while none was set.</summary>
    private static JsonObject Fixed(JsonObject manifest, JsonObject old)
    {
        var spec = manifest.Object("spec")?.Copy() ?? [];
        spec.Remove("resources");
        spec.Remove("volumeAttributesClassName");
        if (string.IsNullOrEmpty(old.Text("spec", "volumeName")))
        {
            spec.Remove("volumeName");
        }

        if (string.IsNullOrEmpty(old.Text("spec", "storageClassName")))
        {
            spec.Remove("storageClassName");
        }

        return spec;
    }

    private static int Keys(Problems problems, JsonObject manifest, string field)
    {
        var size = 0;
        foreach (var (key, value) in manifest.Object(field) ?? [])
        {
            size += Encoding.UTF8.GetByteCount(value.Text() ?? "");
            if (NameRules.ConfigKey(key) is { } problem)
            {
                problems.Invalid($"{field}[{key}]", key, problem);
            }
        }

        return size;
    }

    private static void Immutable(Problems problems, JsonObject manifest, JsonObject? old, params ReadOnlySpan<string> fields)
    {
        if (!old.Flag("immutable"))
        {
            return;
        }

        if (!manifest.Flag("immutable"))
        {
            problems.Forbidden("immutable", Frozen);
        }

        foreach (var field in fields)
        {
            if (!JsonNode.DeepEquals(manifest[field], old.At(field)))
            {
                problems.Forbidden(field, Frozen);
            }
        }
    }
}
