using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Validation;

/// <summary>What is wrong with a Service. As kubernetes pkg/apis/core/validation <c>ValidateService</c>.</summary>
internal static class ServiceRules
{
    public static void Check(Problems problems, JsonObject manifest, JsonObject? old)
    {
        var type = manifest.Text("spec", "type");
        problems.OneOf("spec.type", type, "ClusterIP", "ExternalName", "LoadBalancer", "NodePort");
        problems.OneOf("spec.sessionAffinity", manifest.Text("spec", "sessionAffinity"), "ClientIP", "None");
        if (type == "ExternalName")
        {
            problems.Name("spec.externalName", manifest.Text("spec", "externalName"), Rest.Naming.SubdomainProblem);
        }
        else if (!manifest.Items("spec", "ports").Any() && manifest.Text("spec", "clusterIP") != "None")
        {
            problems.Required("spec.ports");
        }

        Ports(problems, manifest);
        CoreValidation.Labels(problems, manifest.Object("spec", "selector"), "spec.selector");
        if (type != "ExternalName" && old?.Text("spec", "type") is not (null or "ExternalName")
            && old.Text("spec", "clusterIP") is { Length: > 0 } address && address != manifest.Text("spec", "clusterIP"))
        {
            problems.Invalid("spec.clusterIPs[0]", manifest.At("spec", "clusterIPs"), "may not change once set");
        }
    }

    private static void Ports(Problems problems, JsonObject manifest)
    {
        var ports = manifest.Items("spec", "ports").ToList();
        var (names, numbers) = (new HashSet<string>(), new HashSet<(string?, long?)>());
        foreach (var (index, port) in ports.Index())
        {
            var path = $"spec.ports[{index}]";
            var name = port.Text("name") ?? "";
            if (name.Length > 0 || ports.Count > 1)
            {
                problems.Name(path + ".name", name, NameRules.DnsLabel);
            }

            if (name.Length > 0 && !names.Add(name))
            {
                problems.Duplicate(path + ".name", name);
            }

            problems.Port(path + ".port", port.Integer("port") ?? 0);
            if (port.Integer("nodePort") is { } node and (< 30000 or > 32767))
            {
                problems.Invalid(path + ".nodePort", node, "provided port is not in the valid range. The range of valid ports is 30000-32767");
            }

            problems.OneOf(path + ".protocol", port.Text("protocol"), "SCTP", "TCP", "UDP");
            if (port.At("targetPort")?.GetValueKind() == JsonValueKind.Number)
            {
                problems.Port(path + ".targetPort", port.Integer("targetPort"));
            }

            if (!numbers.Add((port.Text("protocol"), port.Integer("port"))))
            {
                // Shown as the struct that Kubernetes compares: what does not count is empty.
                problems.Duplicate(path, new JsonObject
                {
                    ["Name"] = "",
                    ["Protocol"] = port.Text("protocol"),
                    ["AppProtocol"] = null,
                    ["Port"] = port.Integer("port"),
                    ["TargetPort"] = 0,
                    ["NodePort"] = 0,
                });
            }
        }
    }
}
