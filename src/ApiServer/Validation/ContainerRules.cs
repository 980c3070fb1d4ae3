using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Validation;

/// <summary>What is wrong with one container of a pod.</summary>
internal static class ContainerRules
{
    public static void Check(Problems problems, JsonNode? container, string path, HashSet<string> names, HashSet<string> volumes)
    {
        var name = container.Text("name");
        problems.Name(path + ".name", name, NameRules.DnsLabel);
        if (!string.IsNullOrEmpty(name) && !names.Add(name))
        {
            problems.Duplicate(path + ".name", name);
        }

        var image = container.Text("image");
        problems.Name(path + ".image", image, text => text.Trim() == text ? null : "must not have leading or trailing whitespace");
        problems.OneOf(path + ".imagePullPolicy", container.Text("imagePullPolicy"), "Always", "IfNotPresent", "Never");
        problems.OneOf(path + ".terminationMessagePolicy", container.Text("terminationMessagePolicy"), "FallbackToLogsOnError", "File");
        Ports(problems, container, path);
        Environment(problems, container, path);
        Mounts(problems, container, path, volumes);
        Probes(problems, container, path);
    }

    private static void Ports(Problems problems, JsonNode? container, string path)
    {
        var names = new HashSet<string>();
        foreach (var (index, port) in container.Items("ports").Index())
        {
            var at = $"{path}.ports[{index}]";
            if (port.Text("name") is { Length: > 0 } name && !names.Add(name))
            {
                problems.Duplicate(at + ".name", name);
            }

            if ((port.Integer("containerPort") ?? 0) == 0)
            {
                problems.Required(at + ".containerPort");
            }
            else
            {
                problems.Port(at + ".containerPort", port.Integer("containerPort"));
            }

            problems.OneOf(at + ".protocol", port.Text("protocol"), "SCTP", "TCP", "UDP");
        }
    }

    private static void Environment(Problems problems, JsonNode? container, string path)
    {
        foreach (var (index, variable) in container.Items("env").Index())
        {
            var at = $"{path}.env[{index}]";
            problems.Name(at + ".name", variable.Text("name"), NameRules.EnvironmentName);
            if (variable.Object("valueFrom") is not { } source)
            {
                continue;
            }

            if (source.Count == 0)
            {
                problems.Invalid(at + ".valueFrom", "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`");
            }
            else if (!string.IsNullOrEmpty(variable.Text("value")))
            {
                problems.Invalid(at + ".valueFrom", "", "may not be specified when `value` is not empty");
            }

            foreach (var reference in (string[])["configMapKeyRef", "secretKeyRef"])
            {
                if (source.Object(reference) is { } key)
                {
                    problems.Name($"{at}.valueFrom.{reference}.name", key.Text("name"));
                    problems.Name($"{at}.valueFrom.{reference}.key", key.Text("key"), NameRules.ConfigKey);
                }
            }
        }
    }

    private static void Mounts(Problems problems, JsonNode? container, string path, HashSet<string> volumes)
    {
        var places = new HashSet<string>();
        foreach (var (index, mount) in container.Items("volumeMounts").Index())
        {
            var at = $"{path}.volumeMounts[{index}]";
            problems.Name(at + ".name", mount.Text("name"));
            if (mount.Text("name") is { Length: > 0 } name && !volumes.Contains(name))
            {
                problems.NotFound(at + ".name", name);
            }

            problems.Name(at + ".mountPath", mount.Text("mountPath"));
            if (mount.Text("mountPath") is { Length: > 0 } place && !places.Add(place))
            {
                problems.Invalid(at + ".mountPath", place, "must be unique");
            }

            if (mount.Text("subPath") is { Length: > 0 } inner)
            {
                if (inner.StartsWith('/'))
                {
                    problems.Invalid(at + ".subPath", inner, "must be a relative path");
                }

                if (inner.Split('/').Contains(".."))
                {
                    problems.Invalid(at + ".subPath", inner, "must not contain '..'");
                }
            }
        }
    }

    private static void Probes(Problems problems, JsonNode? container, string path)
    {
        foreach (var field in (string[])["livenessProbe", "readinessProbe", "startupProbe"])
        {
            if (container.Object(field) is not { } probe)
            {
                continue;
            }

            if (!((string[])["exec", "httpGet", "tcpSocket", "grpc"]).Any(probe.ContainsKey))
            {
                problems.Required($"{path}.{field}", "must specify a handler type");
            }

            foreach (var number in (string[])["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"])
            {
                problems.AtLeast($"{path}.{field}.{number}", probe.Integer(number), 0);
            }
        }
    }
}
