using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hikigane.ApiServer.Rest;
using Hikigane.ApiServer.Validation;
using Hikigane.Kit;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Runtime.Workloads;
using Hikigane.Server.Controllers;
using Hikigane.Server.Install;
using Hikigane.Triggers.EventListeners;

namespace Hikigane.Golden.Triggers;

/// <summary>Plays the steps of a case against the embedded API and compares what is there when all is at rest.</summary>
internal static partial class EventListenerObjectsJudge
{
    private const string Namespace = "lamp-el";

    private static readonly ResourceType Custom = new("serving.knative.dev", "v1", "services", "Service");

    public static async Task<string?> JudgeAsync(JsonObject recorded)
    {
        await using var api = await EmbeddedApi.InMemory(TimeProvider.System);
        var input = (JsonObject)recorded["input"]!;
        Serve(api.Api.Kinds);
        await PrepareAsync(api.Kube, input);
        var options = Options(input);
        var wanted = (JsonArray)recorded["want"]!;
        for (var i = 0; i < wanted.Count; i++)
        {
            var step = (JsonObject)input["steps"]![i]!;
            await PlayAsync(api.Kube, step);
            await SettleAsync(api.Kube, options);
            var got = await SnapshotAsync(api.Kube, (JsonObject)wanted[i]!, step);
            if (JsonDiff.Explain(UnderWay(wanted[i]!.DeepClone()), UnderWay(got)) is { } difference)
            {
                return $"step {i}: {difference}";
            }
        }

        return null;
    }

    /// <summary>The kinds of the case with the defaults and the rules of the API server.</summary>
    private static void Serve(ServedKinds kinds)
    {
        foreach (var type in (ResourceType[])[Kinds.Deployment, Kinds.ReplicaSet, Kinds.Service])
        {
            var fill = CoreDefaults.Of(type.Group, type.Kind)!;
            kinds.Add(kinds.Find(type.GroupResource)! with
            {
                Default = (one, _) =>
                {
                    fill(one);
                    if (type == Kinds.Service)
                    {
                        Allocate(one.Ensure("spec"));
                    }
                },
                Validate = (one, old) => CoreValidation.Check(type, one, old),
            });
        }

        kinds.Add(kinds.Find(Kinds.EventListener.GroupResource)! with
        {
            Versions = [Kinds.EventListener, Kinds.EventListener with { Version = "v1alpha1" }],
        });
        kinds.Add(new ServedKind { Type = Custom, IsCustom = true });
    }

    /// <summary>Addresses and node ports, where the API server would draw some.</summary>
    private static void Allocate(JsonObject spec)
    {
        if (spec.Text("type") != "ExternalName")
        {
            spec["clusterIP"] ??= "10.0.0.1";
            spec["clusterIPs"] ??= new JsonArray("10.0.0.1");
        }

        if (spec.Text("type") is not ("NodePort" or "LoadBalancer"))
        {
            return;
        }

        foreach (var port in spec.Objects("ports"))
        {
            port["nodePort"] ??= 30000;
        }

        if (spec.Text("type") == "LoadBalancer")
        {
            spec["allocateLoadBalancerNodePorts"] ??= true;
        }
    }

    private static async Task PrepareAsync(IKube kube, JsonObject input)
    {
        foreach (var ns in (string[])[Namespace, EventListenerController.SystemNamespace])
        {
            await TryAsync(() => kube.CreateAsync(Kinds.Namespace, null, Named("v1", "Namespace", ns), default));
        }

        foreach (var map in TriggersInstall.Manifests().Where(one => one.Text("kind") == "ConfigMap"))
        {
            foreach (var (key, value) in input.Object("config", map.Name()) ?? [])
            {
                map.Ensure("data")[key] = value?.DeepClone();
            }

            if (input.Object("config", map.Name()) is { } config && map.Name() == "config-logging-triggers" && config["zap-logger-config"] is null)
            {
                map.Ensure("data").Remove("zap-logger-config");
            }

            await TryAsync(() => kube.CreateAsync(Kinds.ConfigMap, map.Namespace(), map, default));
        }
    }

    private static ListenerOptions Options(JsonObject input)
    {
        var options = new ListenerOptions { Image = "example.com/triggers/eventlistenersink:v0.37.0" };
        var flags = input.Items("controllerFlags").Select(flag => flag.Text()!).SelectMany(flag => flag.Split('=')).ToList();
        for (var i = 0; i + 1 < flags.Count; i += 2)
        {
            var value = flags[i + 1];
            options = flags[i] switch
            {
                "-el-security-context" => options with { HasSecurityContext = value == "true" },
                "-el-read-only-root-filesystem" => options with { HasReadOnlyRootFilesystem = value == "true" },
                "-el-events" => options with { Events = value },
                "-el-image" => options with { Image = value },
                "-el-port" => options with { Port = int.Parse(value) },
                "-el-readtimeout" => options with { ReadTimeout = int.Parse(value) },
                "-el-writetimeout" => options with { WriteTimeout = int.Parse(value) },
                "-el-idletimeout" => options with { IdleTimeout = int.Parse(value) },
                "-el-timeouthandler" => options with { TimeoutHandler = int.Parse(value) },
                "-el-httpclient-readtimeout" => options with { ClientReadTimeout = int.Parse(value) },
                "-el-httpclient-keep-alive" => options with { ClientKeepAlive = int.Parse(value) },
                "-el-httpclient-tlshandshaketimeout" => options with { ClientTlsHandshakeTimeout = int.Parse(value) },
                "-el-httpclient-responseheadertimeout" => options with { ClientResponseHeaderTimeout = int.Parse(value) },
                "-el-httpclient-expectcontinuetimeout" => options with { ClientExpectContinueTimeout = int.Parse(value) },
                "-period-seconds" => options with { PeriodSeconds = int.Parse(value) },
                "-failure-threshold" => options with { FailureThreshold = int.Parse(value) },
                _ => options,
            };
        }

        return options with
        {
            MetricsPort = input.Text("controllerEnv", "METRICS_PROMETHEUS_PORT") ?? options.MetricsPort,
            KubernetesMinVersion = input.Text("controllerEnv", "KUBERNETES_MIN_VERSION") ?? options.KubernetesMinVersion,
            ClusterDomain = input.Text("controllerEnv", "CLUSTER_DOMAIN") ?? options.ClusterDomain,
        };
    }

    private static async Task PlayAsync(IKube kube, JsonObject step)
    {
        foreach (var (verb, value) in step)
        {
            switch (verb)
            {
                case "create" or "createOther" or "createInterceptor":
                    var manifest = ((JsonObject)value!).Copy();
                    await kube.CreateAsync(TypeOf(manifest), manifest.Namespace(), manifest, default);
                    break;
                case "replace":
                    var replaced = ((JsonObject)value!).Copy();
                    var live = await kube.GetAsync(TypeOf(replaced), Namespace, replaced.Name(), default);
                    replaced["metadata"]!["resourceVersion"] = live.Text("metadata", "resourceVersion");
                    replaced["status"] = live["status"]?.DeepClone();
                    await kube.UpdateAsync(TypeOf(replaced), replaced, default);
                    break;
                case "patch":
                    var kind = value.Text("type") == "strategic" ? PatchKind.Strategic : value.Text("type") == "json" ? PatchKind.Json : PatchKind.Merge;
                    var type = TypeOf(value.Text("kind")!);
                    await kube.PatchAsync(type, Key(type), new Patch(kind, value!["patch"]!.DeepClone()), default, value.Text("subresource"));
                    break;
                case "delete":
                    await kube.DeleteAsync(TypeOf(value.Text()!), Key(TypeOf(value.Text()!)), DeleteQuery.Default, default);
                    break;
                case "markPodsReady":
                    await MarkReadyAsync(kube);
                    break;
            }
        }
    }

    private static async Task MarkReadyAsync(IKube kube)
    {
        foreach (var pod in (await kube.ListAsync(Kinds.Pod, Namespace, ListQuery.All, default)).Items.Select(one => one.Copy()))
        {
            pod.Ensure("status")["conditions"] = new JsonArray(new JsonObject { ["type"] = "Ready", ["status"] = "True" });
            await kube.UpdateAsync(Kinds.Pod, pod, default, "status");
        }
    }

    private static async Task SettleAsync(IKube kube, ListenerOptions options)
    {
        var applier = new PlanApplier(kube, new EventRecorder(kube, TimeProvider.System, "test"));
        IController[] controllers =
        [
            // First: it sees what a user changed before the listener's controller takes it back, as it did when the cases were recorded.
            new DeploymentController(kube, applier, TimeProvider.System),
            new EventListenerController(kube, applier, TimeProvider.System, options),
            new InterceptorController(kube, applier, Kinds.ClusterInterceptor), new InterceptorController(kube, applier, Kinds.Interceptor),
            new ReplicaSetController(kube, applier, new EventRecorder(kube, TimeProvider.System, "test"), TimeProvider.System),
        ];
        for (var round = 0; round < 10; round++)
        {
            foreach (var controller in controllers)
            {
                foreach (var one in (await kube.ListAsync(controller.Type, null, ListQuery.All, default)).Items)
                {
                    await TryAsync(() => controller.ReconcileAsync(one.Key(), default));
                }
            }

            await CollectAsync(kube);
        }
    }

    /// <summary>What the garbage collector does: whose owner is gone, goes.</summary>
    private static async Task CollectAsync(IKube kube)
    {
        ResourceType[] types = [Kinds.EventListener, Kinds.Deployment, Kinds.ReplicaSet, Kinds.Pod, Kinds.Service, Custom];
        HashSet<string> owners = [];
        foreach (var type in types)
        {
            foreach (var one in (await kube.ListAsync(type, Namespace, ListQuery.All, default)).Items)
            {
                if (one.ControllerOwner().Text("uid") is { } owner && !owners.Contains(owner))
                {
                    await TryAsync(() => kube.DeleteAsync(type, one.Key(), DeleteQuery.Default, default));
                    continue;
                }

                owners.Add(one.Uid());
            }
        }
    }

    private static async Task<JsonObject> SnapshotAsync(IKube kube, JsonObject want, JsonObject step)
    {
        var got = new JsonObject();
        if (want.ContainsKey("deployment"))
        {
            got["deployment"] = Shown(await FindAsync(kube, Kinds.Deployment, "el-lamp"));
            got["service"] = Shown(await FindAsync(kube, Kinds.Service, "el-lamp"));
            var listeners = (await kube.ListAsync(Kinds.EventListener, Namespace, ListQuery.All, default)).Items;
            if (listeners.Count > 0 && listeners[0].Name() is var name && name != "lamp")
            {
                got["deployment"] = Shown(await FindAsync(kube, Kinds.Deployment, "el-" + name));
                got["service"] = Shown(await FindAsync(kube, Kinds.Service, "el-" + name));
            }

            var listener = listeners.Count > 0 ? listeners[0].Copy() : null;
            var shown = listener is null ? null : new JsonObject { ["status"] = listener["status"] is JsonObject { Count: > 0 } status ? status.DeepClone() : null };
            if (listener?.At("metadata", "finalizers") is { } finalizers)
            {
                shown!["finalizers"] = finalizers.DeepClone();
            }

            got["eventListener"] = shown;
        }

        if (want.ContainsKey("custom"))
        {
            got["custom"] = new JsonArray([.. (await kube.ListAsync(Custom, null, ListQuery.All, default)).Items.Select(one => Shown(one, keepsStatus: true))]);
        }

        if (want.ContainsKey("status"))
        {
            var interceptor = (JsonObject)step["createInterceptor"]!;
            got["status"] = (await kube.GetAsync(TypeOf(interceptor), interceptor.Namespace(), interceptor.Name(), default))["status"]?.DeepClone();
        }

        if (want.ContainsKey("events"))
        {
            var events = (await kube.ListAsync(Kinds.Event, null, ListQuery.All, default)).Items
                .Where(one => one.Text("involvedObject", "kind") is "EventListener" or "ClusterInterceptor" or "Interceptor")
                .Select(one => new JsonObject { ["type"] = one.Text("type"), ["reason"] = one.Text("reason"), ["message"] = one.Text("message") });
            got["events"] = new JsonArray([.. events]);
        }

        return (JsonObject)Normalize(got)!;
    }

    private static JsonObject? Shown(JsonObject? live, bool keepsStatus = false)
    {
        if (live is null)
        {
            return null;
        }

        var shown = live.Copy();
        if (!keepsStatus)
        {
            shown.Remove("status");
        }

        var metadata = shown.Ensure("metadata");
        foreach (var field in (string[])["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"])
        {
            metadata.Remove(field);
        }

        shown.Object("metadata", "annotations")?.Remove("deployment.kubernetes.io/revision");
        if (shown.Object("metadata", "annotations") is { Count: 0 })
        {
            metadata.Remove("annotations");
        }

        return shown;
    }

    private static JsonNode? Normalize(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject map:
                map.Remove("lastTransitionTime");
                map.Remove("lastUpdateTime");
                foreach (var (key, value) in map.ToList())
                {
                    map[key] = (key, value) switch
                    {
                        ("uid", _) => "<uid>",
                        ("clusterIP", JsonValue) => "<ip>",
                        ("clusterIPs", JsonArray) => new JsonArray("<ip>"),
                        ("nodePort", JsonValue) => "<port>",
                        (_, JsonValue) when value.Text() is { } text => HashOf().Replace(text, "$1-<hash>"),
                        _ => Normalize(value?.DeepClone()),
                    };
                }

                return map;
            case JsonArray list:
                return new JsonArray([.. list.Select(item => Normalize(item?.DeepClone()))]);
            default:
                return node;
        }
    }

    /// <summary>
    /// Which of two reasons a rollout under way shows depends on whether Kubernetes' controller counted before the first new pod was made or
    /// after it: the recorded set-up settled on either, for equal steps. Our order is fixed, and has unit tests.
    /// </summary>
    private static JsonNode UnderWay(JsonNode snapshot)
    {
        foreach (var condition in snapshot.Objects("eventListener", "status", "conditions")
            .Where(one => one.Text("type") == "Progressing" && one.Text("reason") is "NewReplicaSetCreated" or "ReplicaSetUpdated"))
        {
            (condition["reason"], condition["message"]) = ("<in progress>", "<in progress>");
        }

        return snapshot;
    }

    private static ResourceType TypeOf(JsonObject manifest)
    {
        var type = TypeOf(manifest.Text("kind") == "Service" && manifest.Text("apiVersion") != "v1" ? "Custom" : manifest.Text("kind")!);
        return manifest.Text("apiVersion") is { } version && version.StartsWith("triggers.tekton.dev/", StringComparison.Ordinal)
            ? type with { Version = version["triggers.tekton.dev/".Length..] }
            : type;
    }

    private static ResourceType TypeOf(string kind) => kind switch
    {
        "EventListener" => Kinds.EventListener,
        "Deployment" => Kinds.Deployment,
        "Service" => Kinds.Service,
        "ClusterInterceptor" => Kinds.ClusterInterceptor,
        "Interceptor" => Kinds.Interceptor,
        _ => Custom,
    };

    private static ObjectKey Key(ResourceType type) => new(Namespace, type == Kinds.EventListener ? "lamp" : "el-lamp");

    private static JsonObject Named(string apiVersion, string kind, string name) =>
        new() { ["apiVersion"] = apiVersion, ["kind"] = kind, ["metadata"] = new JsonObject { ["name"] = name } };

    private static async Task<JsonObject?> FindAsync(IKube kube, ResourceType type, string name)
    {
        try
        {
            return await kube.GetAsync(type, Namespace, name, default);
        }
        catch (KubeException exception) when (exception.IsNotFound)
        {
            return null;
        }
    }

    private static async Task TryAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception exception) when (exception is KubeException or FormatException)
        {
            // A controller that failed is tried again in the next round, as the loop would.
        }
    }

    [GeneratedRegex("(el-[a-z0-9-]+?)-[bcdfghjklmnpqrstvwxz2456789]{10}(?=\")")]
    private static partial Regex HashOf();
}
