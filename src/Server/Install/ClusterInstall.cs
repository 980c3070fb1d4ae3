using System.Globalization;
using System.Text.Json.Nodes;
using Hikigane.ApiServer.Registry;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.Server.Install;

/// <summary>
/// What <c>hikigane install</c> gives a cluster: definitions, configuration, accounts and roles, and a Deployment for each role, all of one image
/// whose entry point is <c>hikigane</c>. The webhooks make their own certificates and register themselves.
/// </summary>
public static class ClusterInstall
{
    private const string Manager = "hikigane";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>All manifests, in the order in which they can be applied.</summary>
    public static IEnumerable<JsonObject> Manifests(string ns, string image)
    {
        yield return new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = ns } };
        foreach (var definition in TektonDefinitions.All)
        {
            yield return Converted(definition.Copy(), ns);
        }

        foreach (var manifest in Installation.Configuration().Concat(TriggersInstall.Manifests()).Concat(PartRoles.Manifests(ns).Select(role => role.Manifest)))
        {
            yield return In(ns, manifest);
        }

        foreach (var part in HostedParts.Names)
        {
            if (HostedParts.Service(part) is { } service)
            {
                yield return In(ns, service);
            }

            yield return Deployment(part, ns, image);
        }
    }

    /// <summary>Applies all of it, as whoever the client is; calls back with each object. Doing it again changes what has changed.</summary>
    public static async Task ApplyAsync(
        HttpKube kube, IEnumerable<JsonObject> manifests, Action<JsonObject> applied, TimeProvider time, CancellationToken cancellationToken)
    {
        var discovery = new ApiDiscovery(kube, time);
        foreach (var manifest in manifests)
        {
            var type = await FindAsync(discovery, manifest, time, cancellationToken);
            await kube.PatchAsync(type, manifest.Key(), new Patch(PatchKind.Apply, manifest, Manager, Force: true), cancellationToken);
            applied(manifest);
        }
    }

    /// <summary>A kind that was defined a moment ago is served a moment later.</summary>
    private static async Task<ResourceType> FindAsync(ApiDiscovery discovery, JsonObject manifest, TimeProvider time, CancellationToken cancellationToken)
    {
        var (apiVersion, kind) = (manifest.Text("apiVersion")!, manifest.Text("kind")!);
        var started = time.GetTimestamp();
        while (true)
        {
            if (await discovery.FindAsync(apiVersion, kind, cancellationToken) is { } type)
            {
                return type;
            }

            if (time.GetElapsedTime(started) > LongestWait)
            {
                throw new KubeException(404, "NotFound", $"the API does not serve {apiVersion} {kind}");
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    private static JsonObject Converted(JsonObject definition, string ns)
    {
        if (definition.Text("spec", "group") == "tekton.dev" && definition.Objects("spec", "versions").Count() > 1)
        {
            definition.Ensure("spec")["conversion"] = new JsonObject
            {
                ["strategy"] = "Webhook",
                ["webhook"] = new JsonObject
                {
                    ["conversionReviewVersions"] = new JsonArray("v1"),
                    ["clientConfig"] = new JsonObject
                    {
                        ["service"] = new JsonObject { ["name"] = HostedParts.PipelinesWebhook, ["namespace"] = ns, ["path"] = "/resource-conversion", ["port"] = 443 },
                    },
                },
            };
        }

        definition.Remove("status");
        return definition;
    }

    private static JsonObject In(string ns, JsonObject manifest)
    {
        if (manifest.Namespace() == Installation.Namespace)
        {
            manifest["metadata"]!["namespace"] = ns;
        }

        if (manifest.Object("spec", "clientConfig", "service") is { } service)
        {
            service["namespace"] = ns;
        }

        return manifest;
    }

    private static JsonObject Deployment(string part, string ns, string image)
    {
        var deployment = In(ns, HostedParts.Deployment(part));
        var pod = deployment.Ensure("spec", "template", "spec");
        pod["securityContext"] = new JsonObject
        {
            ["runAsNonRoot"] = true,
            ["runAsUser"] = 65532,
            ["runAsGroup"] = 65532,
            ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" },
        };
        var container = pod.Objects("containers").Single();
        container["image"] = image;
        container["args"] = Arguments(part, image);
        var metricsPort = HostedParts.MetricsPortOf(part);
        container["env"] = new JsonArray(
            new JsonObject
            {
                ["name"] = "SYSTEM_NAMESPACE",
                ["valueFrom"] = new JsonObject { ["fieldRef"] = new JsonObject { ["fieldPath"] = "metadata.namespace" } },
            },
            new JsonObject { ["name"] = "METRICS_PROMETHEUS_PORT", ["value"] = metricsPort.ToString(CultureInfo.InvariantCulture) });
        var ports = container.Objects("ports").Where(port => port.Text("name") != "metrics").Select(port => port.Copy()).ToList();
        container["ports"] = new JsonArray([.. ports, new JsonObject { ["name"] = "metrics", ["containerPort"] = metricsPort }]);
        container["securityContext"] = new JsonObject
        {
            ["allowPrivilegeEscalation"] = false,
            ["readOnlyRootFilesystem"] = true,
            ["capabilities"] = new JsonObject { ["drop"] = new JsonArray("ALL") },
        };
        container["livenessProbe"] = Probe("/health");
        container["readinessProbe"] = Probe("/readiness");
        return deployment;
    }

    private static JsonArray Arguments(string part, string image) => part switch
    {
        HostedParts.TriggersController => new JsonArray("controller", "--for=triggers", "--el-image=" + image),
        HostedParts.PipelinesController => new JsonArray("controller", "--for=pipelines"),
        HostedParts.TriggersWebhook => new JsonArray("webhook", "--for=triggers"),
        HostedParts.PipelinesWebhook => new JsonArray("webhook", "--for=pipelines"),
        _ => new JsonArray("interceptors"),
    };

    private static JsonObject Probe(string path) => new()
    {
        ["httpGet"] = new JsonObject { ["path"] = path, ["port"] = 8080, ["scheme"] = "HTTP" },
        ["periodSeconds"] = 10,
        ["timeoutSeconds"] = 5,
    };
}
