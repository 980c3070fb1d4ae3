using System.Text.Json.Nodes;
using Hikigane.Pipelines.Names;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.Pods;

/// <summary>
/// Secrets of the service account that become git and registry credentials: entrypoint arguments, volumes and mounts.
/// As tektoncd/pipeline pkg/pod/creds_init.go and pkg/credentials.
/// </summary>
internal sealed class Credentials
{
    public List<string> Arguments { get; } = [];

    public List<JsonObject> Volumes { get; } = [];

    public List<JsonObject> Mounts { get; } = [];

    public List<string> Missing { get; } = [];

    public string? Error { get; private set; }

    public static Credentials Read(PodInput input)
    {
        var found = new Credentials();
        if (input.Config.DisableCredsInit)
        {
            return found;
        }

        if (input.ServiceAccount is null)
        {
            var name = input.Run.Text("spec", "serviceAccountName") is { Length: > 0 } given ? given : "default";
            found.Error = $"serviceaccounts \"{name}\" not found";
            return found;
        }

        var names = input.ServiceAccount.Objects("secrets").Select(entry => entry.Text("name")).OfType<string>().Where(name => name.Length > 0).Distinct();
        var used = new HashSet<string>();
        foreach (var name in names)
        {
            if (!input.Secrets.TryGetValue(name, out var secret))
            {
                found.Missing.Add(name);
                continue;
            }

            if (secret.Text("type") == "kubernetes.io/ssh-auth" && input.Config.RequireKnownHosts && secret.At("data", "known_hosts") is null)
            {
                found.Error = "TaskRun validation failed. Git SSH Secret must have \"known_hosts\" included "
                    + "when feature flag \"require-git-ssh-secret-known-hosts\" is set to true";
                return found;
            }

            found.Add(name, secret, used);
        }

        return found;
    }

    private void Add(string name, JsonObject secret, HashSet<string> used)
    {
        var arguments = ArgumentsOf(name, secret).ToList();
        if (arguments.Count == 0)
        {
            return;
        }

        Arguments.AddRange(arguments);
        var volume = ChildNames.Hashed("tekton-creds", name, 8);
        while (!used.Add(volume))
        {
            volume = ChildNames.Hashed("tekton-creds", volume + "$", 8);
        }

        Mounts.Add(new JsonObject { ["name"] = volume, ["mountPath"] = $"/tekton/creds-secrets/{name}" });
        Volumes.Add(new JsonObject { ["name"] = volume, ["secret"] = new JsonObject { ["secretName"] = name } });
    }

    private static IEnumerable<string> ArgumentsOf(string name, JsonObject secret) => secret.Text("type") switch
    {
        "kubernetes.io/basic-auth" => Annotated(secret, "tekton.dev/docker-").Select(url => $"-basic-docker={name}={url}")
            .Concat(Annotated(secret, "tekton.dev/git-").Select(url => $"-basic-git={name}={url}")),
        "kubernetes.io/ssh-auth" => Annotated(secret, "tekton.dev/git-").Select(host => $"-ssh-git={name}={host}"),
        "kubernetes.io/dockerconfigjson" => [$"-docker-config={name}"],
        "kubernetes.io/dockercfg" => [$"-docker-cfg={name}"],
        _ => [],
    };

    /// <summary>Values of the annotations with a prefix, sorted.</summary>
    private static IEnumerable<string> Annotated(JsonObject secret, string prefix) =>
        (secret.Object("metadata", "annotations") ?? []).Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal))
        .Select(pair => pair.Value?.ToString() ?? "").Order(StringComparer.Ordinal);
}
