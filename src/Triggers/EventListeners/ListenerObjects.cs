using System.Globalization;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Triggers.EventListeners;

/// <summary>
/// EventListener → the Deployment, Service or custom resource that serve it. As tektoncd/triggers pkg/reconciler/eventlistener/resources.
/// </summary>
public sealed class ListenerObjects(JsonObject listener, ListenerConfig config, ListenerOptions options)
{
    private readonly JsonObject? kubernetes = listener.Object("spec", "resources", "kubernetesResource");
    private readonly JsonObject? pod = listener.Object("spec", "resources", "kubernetesResource", "spec", "template", "spec");

    public string Name => "el-" + listener.Name();

    /// <summary>The user's container, of which some fields are taken over; the first one counts.</summary>
    private JsonObject? UserContainer => pod.Objects("containers").FirstOrDefault();

    private string? CertificateKey => TlsKey("TLS_CERT");

    private string? PrivateKey => TlsKey("TLS_KEY");

    private bool HasTls => CertificateKey is not null && PrivateKey is not null;

    /// <summary>Where the listener can be reached inside the cluster.</summary>
    public string Address => string.Create(
        CultureInfo.InvariantCulture, $"http://{Name}.{listener.Namespace()}.svc.{options.ClusterDomain}:{(HasTls && options.Port == 8080 ? 8443 : ServicePort)}");

    private long ServicePort => kubernetes.Integer("servicePort") ?? (HasTls && options.Port == 8080 ? 8443 : options.Port);

    /// <exception cref="FormatException">The configuration makes no Deployment.</exception>
    public JsonObject Deployment()
    {
        var labels = Labels();
        foreach (var (key, value) in kubernetes.Object("spec", "template", "metadata", "labels") ?? [])
        {
            labels[key] = value?.DeepClone();
        }

        var metadata = new JsonObject { ["labels"] = labels };
        if (kubernetes.Object("spec", "template", "metadata", "annotations") is { } annotations)
        {
            metadata["annotations"] = annotations.Copy();
        }

        var spec = new JsonObject();
        if (kubernetes.Integer("replicas") is { } replicas)
        {
            spec["replicas"] = replicas == 0 ? 1 : replicas;
        }

        spec["selector"] = new JsonObject { ["matchLabels"] = OwnLabels() };
        spec["template"] = new JsonObject { ["metadata"] = metadata, ["spec"] = PodSpec() };
        return new JsonObject
        {
            ["apiVersion"] = "apps/v1",
            ["kind"] = "Deployment",
            ["metadata"] = Metadata(),
            ["spec"] = spec,
        };
    }

    public JsonObject Service()
    {
        var port = new JsonObject
        {
            ["name"] = HasTls ? "https-listener" : "http-listener",
            ["protocol"] = "TCP",
            ["port"] = ServicePort,
            ["targetPort"] = 8080,
        };
        if (kubernetes.Text("serviceType") == "NodePort" && kubernetes.Integer("servicePort") is { } nodePort)
        {
            port["nodePort"] = nodePort;
        }

        var metrics = new JsonObject { ["name"] = "http-metrics", ["protocol"] = "TCP", ["port"] = 9000, ["targetPort"] = 9000 };
        var spec = new JsonObject { ["ports"] = new JsonArray(port, metrics), ["selector"] = OwnLabels() };
        if (kubernetes.Text("serviceType") is { Length: > 0 } type)
        {
            spec["type"] = type;
        }

        if (kubernetes.Text("serviceLoadBalancerClass") is { } loadBalancer)
        {
            spec["loadBalancerClass"] = loadBalancer;
        }

        return new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Service", ["metadata"] = Metadata(), ["spec"] = spec };
    }

    /// <summary>The object of <c>resources.customResource</c>, a Knative Service for instance.</summary>
    /// <exception cref="FormatException">The configuration makes none.</exception>
    public JsonObject Custom()
    {
        var given = listener.Object("spec", "resources", "customResource") ?? [];
        var labels = Labels();
        foreach (var (key, value) in given.Object("metadata", "labels") ?? [])
        {
            labels[key] = value?.DeepClone();
        }

        var metadata = new JsonObject
        {
            ["name"] = given.Text("metadata", "name") is { Length: > 0 } name ? name : Name,
            ["namespace"] = given.Text("metadata", "namespace") is { Length: > 0 } ns ? ns : listener.Namespace(),
            ["labels"] = labels,
            ["ownerReferences"] = new JsonArray(Owner()),
        };
        Copy(given.Object("metadata"), metadata, "annotations");
        var template = new JsonObject();
        Copy(given.Object("spec", "template", "metadata"), template, "name", "labels", "annotations");
        var user = given.Object("spec", "template", "spec");
        var container = Container(user.Objects("containers").FirstOrDefault());
        Secure(container, null);
        container["ports"] = new JsonArray(Port(8080));
        container["readinessProbe"] = new JsonObject
        {
            ["httpGet"] = new JsonObject { ["path"] = "/live", ["port"] = 0, ["scheme"] = "HTTP" },
            ["successThreshold"] = 1,
        };
        AddEnvironment(container, new JsonObject { ["name"] = "SYSTEM_NAMESPACE", ["value"] = listener.Namespace() });
        var spec = new JsonObject { ["containers"] = new JsonArray(container) };
        Copy(user, spec, "tolerations", "nodeSelector", "serviceAccountName", "affinity", "topologySpreadConstraints");
        return new JsonObject
        {
            ["apiVersion"] = given.Text("apiVersion"),
            ["kind"] = given.Text("kind"),
            ["metadata"] = metadata,
            ["spec"] = new JsonObject { ["template"] = new JsonObject { ["metadata"] = template, ["spec"] = spec } },
        };
    }

    private JsonObject PodSpec()
    {
        var container = Container(UserContainer);
        ((JsonArray)container["args"]!).Add((JsonNode)$"--tls-cert={TlsPath(CertificateKey)}");
        ((JsonArray)container["args"]!).Add((JsonNode)$"--tls-key={TlsPath(PrivateKey)}");
        if (!int.TryParse(options.MetricsPort, CultureInfo.InvariantCulture, out var metricsPort))
        {
            throw new FormatException($"strconv.ParseInt: parsing \"{options.MetricsPort}\": invalid syntax");
        }

        container["ports"] = new JsonArray(Port(8080), Port(metricsPort));
        container["livenessProbe"] = UserContainer.At("livenessProbe")?.DeepClone() ?? Probe();
        container["readinessProbe"] = UserContainer.At("readinessProbe")?.DeepClone() ?? Probe();
        Copy(UserContainer, container, "startupProbe");
        Secure(container, UserContainer.Object("securityContext"));
        AddEnvironment(container, new JsonObject
        {
            ["name"] = "SYSTEM_NAMESPACE",
            ["valueFrom"] = new JsonObject
            {
                ["fieldRef"] = new JsonObject { ["apiVersion"] = "v1", ["fieldPath"] = "metadata.namespace" },
            },
        });
        var spec = new JsonObject();
        Copy(pod, spec, "imagePullSecrets", "tolerations", "nodeSelector", "affinity", "topologySpreadConstraints");
        if ((pod.Text("serviceAccountName") is { Length: > 0 } own ? own : listener.Text("spec", "serviceAccountName") is { Length: > 0 } given ? given
            : config.ServiceAccount) is { Length: > 0 } account)
        {
            spec["serviceAccountName"] = account;
        }

        if (options.HasSecurityContext)
        {
            spec["securityContext"] = pod.Object("securityContext")?.Copy() ?? PodSecurity();
        }

        if (TlsSecret() is { } secret)
        {
            spec["volumes"] = new JsonArray(new JsonObject
            {
                ["name"] = "https-connection",
                ["secret"] = new JsonObject { ["secretName"] = secret },
            });
        }

        if (HasTls)
        {
            container["volumeMounts"] = new JsonArray(new JsonObject
            {
                ["name"] = "https-connection",
                ["readOnly"] = true,
                ["mountPath"] = "/etc/triggers/tls",
            });
        }

        spec["containers"] = new JsonArray(container);
        return spec;
    }

    private JsonObject Container(JsonObject? user)
    {
        var args = new JsonArray();
        foreach (var (name, value) in Arguments())
        {
            args.Add((JsonNode)$"--{name}={value}");
        }

        var env = new JsonArray();
        foreach (var (name, value) in (ReadOnlySpan<(string, string)>)
        [
            ("K_LOGGING_CONFIG", config.Logging()), ("K_OBSERVABILITY_CONFIG", config.Observability()), ("NAMESPACE", listener.Namespace()),
            ("NAME", listener.Name()), ("EL_EVENT", options.Events), ("K_SINK_TIMEOUT", options.TimeoutHandler.ToString(CultureInfo.InvariantCulture)),
        ])
        {
            env.Add((JsonNode)(value.Length == 0 ? new JsonObject { ["name"] = name } : new JsonObject { ["name"] = name, ["value"] = value }));
        }

        foreach (var own in user.Objects("env"))
        {
            env.Add(own.DeepClone());
        }

        return new JsonObject
        {
            ["name"] = "event-listener",
            ["image"] = options.Image,
            ["args"] = args,
            ["env"] = env,
            ["resources"] = user.Object("resources")?.Copy() ?? [],
        };
    }

    private (string Name, object Value)[] Arguments() =>
    [
        ("el-name", listener.Name()),
        ("el-namespace", listener.Namespace()),
        ("port", 8080),
        ("readtimeout", options.ReadTimeout),
        ("writetimeout", options.WriteTimeout),
        ("idletimeout", options.IdleTimeout),
        ("timeouthandler", options.TimeoutHandler),
        ("httpclient-readtimeout", options.ClientReadTimeout),
        ("httpclient-keep-alive", options.ClientKeepAlive),
        ("httpclient-tlshandshaketimeout", options.ClientTlsHandshakeTimeout),
        ("httpclient-responseheadertimeout", options.ClientResponseHeaderTimeout),
        ("httpclient-expectcontinuetimeout", options.ClientExpectContinueTimeout),
        ("is-multi-ns", IsMultiNamespace ? "true" : "false"),
        ("payload-validation", listener.Annotation("tekton.dev/payload-validation") == "false" ? "false" : "true"),
        ("cloudevent-uri", listener.Text("spec", "cloudEventURI") ?? ""),
    ];

    private bool IsMultiNamespace => listener.Items("spec", "namespaceSelector", "matchNames").Any()
        || listener.Objects("spec", "triggerGroups").Any(group => group.Items("triggerSelector", "namespaceSelector", "matchNames").Any());

    private void AddEnvironment(JsonObject container, JsonObject systemNamespace)
    {
        var env = (JsonArray)container["env"]!;
        env.Add((JsonNode)systemNamespace);
        env.Add((JsonNode)new JsonObject { ["name"] = "METRICS_PROMETHEUS_PORT", ["value"] = options.MetricsPort });
        env.Add((JsonNode)new JsonObject { ["name"] = "KUBERNETES_MIN_VERSION", ["value"] = options.KubernetesMinVersion });
    }

    private JsonObject Probe() => new()
    {
        ["httpGet"] = new JsonObject { ["path"] = "/live", ["port"] = 8080, ["scheme"] = HasTls ? "HTTPS" : "HTTP" },
        ["periodSeconds"] = options.PeriodSeconds,
        ["failureThreshold"] = options.FailureThreshold,
    };

    private void Secure(JsonObject container, JsonObject? own)
    {
        if (!options.HasSecurityContext)
        {
            return;
        }

        if (own is not null)
        {
            container["securityContext"] = own.Copy();
            return;
        }

        var security = new JsonObject
        {
            ["allowPrivilegeEscalation"] = false,
            ["capabilities"] = new JsonObject { ["drop"] = new JsonArray("ALL") },
            ["runAsNonRoot"] = config.RunAsNonRoot,
            ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" },
        };
        if (options.HasReadOnlyRootFilesystem)
        {
            security["readOnlyRootFilesystem"] = true;
        }

        Put(security, "runAsUser", config.RunAsUser);
        Put(security, "runAsGroup", config.RunAsGroup);
        container["securityContext"] = security;
    }

    private JsonObject PodSecurity()
    {
        var security = new JsonObject
        {
            ["runAsNonRoot"] = config.RunAsNonRoot,
            ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" },
        };
        Put(security, "runAsUser", config.RunAsUser);
        Put(security, "runAsGroup", config.RunAsGroup);
        Put(security, "fsGroup", config.FsGroup);
        return security;
    }

    private JsonObject Metadata()
    {
        var metadata = new JsonObject { ["name"] = Name, ["namespace"] = listener.Namespace(), ["labels"] = Labels() };
        if (listener.Object("metadata", "annotations") is { Count: > 0 } annotations)
        {
            metadata["annotations"] = annotations.Copy();
        }

        metadata["ownerReferences"] = new JsonArray(Owner());
        return metadata;
    }

    private JsonObject Owner()
    {
        var owner = listener.OwnerReference();
        owner["apiVersion"] = "triggers.tekton.dev/v1beta1";
        owner["kind"] = "EventListener";
        return owner;
    }

    private JsonObject Labels()
    {
        var labels = new JsonObject();
        foreach (var (key, value) in config.Kept(listener.Object("metadata", "labels")).Concat(OwnLabels().ToList()))
        {
            labels[key] = value?.DeepClone();
        }

        return labels;
    }

    private JsonObject OwnLabels() => new()
    {
        ["app.kubernetes.io/managed-by"] = "EventListener",
        ["app.kubernetes.io/part-of"] = "Triggers",
        ["eventlistener"] = listener.Name(),
    };

    private static JsonObject Port(int number) => new() { ["containerPort"] = number, ["protocol"] = "TCP" };

    private static string TlsPath(string? key) => key is null ? "" : $"/etc/triggers/tls/{key}";

    private string? TlsKey(string variable) =>
        UserContainer.Objects("env").LastOrDefault(env => env.Text("name") == variable).Text("valueFrom", "secretKeyRef", "key");

    private string? TlsSecret() =>
        UserContainer.Objects("env").LastOrDefault(env => env.Text("name") == "TLS_CERT").Text("valueFrom", "secretKeyRef", "name");

    private static void Copy(JsonObject? from, JsonObject to, params ReadOnlySpan<string> fields)
    {
        foreach (var field in fields)
        {
            if (from?[field] is { } value)
            {
                to[field] = value.DeepClone();
            }
        }
    }

    private static void Put(JsonObject target, string key, long? value)
    {
        if (value is { } number)
        {
            target[key] = number;
        }
    }
}
