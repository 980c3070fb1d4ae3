using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Runtime.Volumes;

namespace Hikigane.Runtime.Pods;

/// <summary>The container refers to something that is not there: <c>CreateContainerConfigError</c>, tried again later.</summary>
internal sealed class ContainerConfigException(string message) : Exception(message);

/// <summary>Environment, command and mounts of a container, from its spec and the objects that it refers to.</summary>
internal static class ContainerEnvironment
{
    /// <summary>Variables in Kubernetes' order: services, then <c>envFrom</c>, then <c>env</c>; a later one wins.</summary>
    public static async Task<Dictionary<string, string>> BuildAsync(JsonObject pod, JsonObject container, PodServices services, CancellationToken cancellationToken)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = System.Environment.GetEnvironmentVariable("PATH") ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            ["HOSTNAME"] = pod.Text("spec", "hostname") ?? pod.Name(),
            ["HOME"] = Home,
        };
        if (System.Environment.GetEnvironmentVariable("DOTNET_ROOT") is { } root)
        {
            environment["DOTNET_ROOT"] = root;
        }

        AddServices(environment, pod, services);
        foreach (var source in container.Objects("envFrom"))
        {
            await AddAllAsync(environment, pod, source, services, cancellationToken);
        }

        foreach (var variable in container.Objects("env"))
        {
            var value = variable.Object("valueFrom") is { } from
                ? await ValueFromAsync(pod, container, from, services, cancellationToken)
                : Expand(variable.Text("value") ?? "", environment);
            if (value is not null)
            {
                environment[variable.Text("name") ?? ""] = value;
            }
        }

        return environment;
    }

    /// <summary>Where a container's private home is seen.</summary>
    public static string Home => System.Environment.UserName == "root" ? "/root" : System.Environment.GetEnvironmentVariable("HOME") ?? "/tmp";

    /// <summary>Replaces <c>$(NAME)</c>; <c>$$</c> is a dollar sign, and an unknown name stays as it is.</summary>
    public static string Expand(string text, IReadOnlyDictionary<string, string> environment)
    {
        if (!text.Contains('$', StringComparison.Ordinal))
        {
            return text;
        }

        var expanded = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '$' || i + 1 == text.Length)
            {
                expanded.Append(text[i]);
                continue;
            }

            var close = text[i + 1] == '(' ? text.IndexOf(')', i + 2) : -1;
            if (text[i + 1] == '$')
            {
                expanded.Append('$');
                i++;
            }
            else if (close < 0)
            {
                expanded.Append('$');
            }
            else
            {
                var name = text[(i + 2)..close];
                expanded.Append(environment.TryGetValue(name, out var value) ? value : $"$({name})");
                i = close;
            }
        }

        return expanded.ToString();
    }

    private static void AddServices(Dictionary<string, string> environment, JsonObject pod, PodServices services)
    {
        if (pod.At("spec", "enableServiceLinks")?.GetValueKind() != System.Text.Json.JsonValueKind.False)
        {
            foreach (var service in services.Caches.For(Kinds.Service).In(pod.Namespace()).Where(service => service.Text("spec", "clusterIP") is { Length: > 0 } ip && ip != "None"))
            {
                var prefix = service.Name().ToUpperInvariant().Replace('-', '_').Replace('.', '_');
                environment[$"{prefix}_SERVICE_HOST"] = service.Text("spec", "clusterIP")!;
                foreach (var (port, index) in service.Objects("spec", "ports").Select((port, index) => (port, index)))
                {
                    var number = (port.Integer("port") ?? 0).ToString();
                    if (index == 0)
                    {
                        environment[$"{prefix}_SERVICE_PORT"] = number;
                    }

                    if (port.Text("name") is { Length: > 0 } named)
                    {
                        environment[$"{prefix}_SERVICE_PORT_{named.ToUpperInvariant().Replace('-', '_')}"] = number;
                    }
                }
            }
        }

        environment["KUBERNETES_SERVICE_HOST"] = services.Node.ApiHost;
        environment["KUBERNETES_SERVICE_PORT"] = services.Node.ApiPort.ToString();
        environment["KUBERNETES_SERVICE_PORT_HTTPS"] = services.Node.ApiPort.ToString();
    }

    private static async Task AddAllAsync(Dictionary<string, string> environment, JsonObject pod, JsonObject source, PodServices services, CancellationToken cancellationToken)
    {
        foreach (var (field, type, word) in Sources)
        {
            if (source.Object(field + "Ref") is not { } reference)
            {
                continue;
            }

            var found = await FindAsync(type, word, pod, reference, services, cancellationToken);
            foreach (var (key, value) in found is null ? [] : PodVolumes.Keys(found))
            {
                environment[(source.Text("prefix") ?? "") + key] = Encoding.UTF8.GetString(value);
            }
        }
    }

    private static async Task<string?> ValueFromAsync(JsonObject pod, JsonObject container, JsonObject from, PodServices services, CancellationToken cancellationToken)
    {
        if (from.Object("fieldRef") is { } field)
        {
            return PodFields.Read(pod, field.Text("fieldPath") ?? "", services.Node) ?? "";
        }

        if (from.Object("resourceFieldRef") is { } resource)
        {
            return PodFields.Resource(container, resource);
        }

        foreach (var (name, type, word) in Sources)
        {
            if (from.Object(name + "KeyRef") is { } reference)
            {
                var found = await FindAsync(type, word, pod, reference, services, cancellationToken);
                if (found is not null && PodVolumes.Keys(found).TryGetValue(reference.Text("key") ?? "", out var value))
                {
                    return Encoding.UTF8.GetString(value);
                }

                return reference.Flag("optional") ? null
                    : throw new ContainerConfigException($"couldn't find key {reference.Text("key")} in {type.Kind} {pod.Namespace()}/{reference.Text("name")}");
            }
        }

        return null;
    }

    private static readonly (string Field, ResourceType Type, string Word)[] Sources =
        [("configMap", Kinds.ConfigMap, "configmap"), ("secret", Kinds.Secret, "secret")];

    private static async Task<JsonObject?> FindAsync(ResourceType type, string word, JsonObject pod, JsonObject reference, PodServices services, CancellationToken cancellationToken)
    {
        try
        {
            return await services.Kube.GetAsync(type, pod.Namespace(), reference.Text("name") ?? "", cancellationToken);
        }
        catch (KubeException exception) when (exception.IsNotFound)
        {
            return reference.Flag("optional") ? null : throw new ContainerConfigException($"{word} \"{reference.Text("name")}\" not found");
        }
    }
}
