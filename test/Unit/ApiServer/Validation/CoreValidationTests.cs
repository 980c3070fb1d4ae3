using System.Text.Json.Nodes;
using Hikigane.ApiServer;
using Hikigane.ApiServer.Registry;
using Hikigane.ApiServer.Rest;
using Hikigane.ApiServer.Store;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Yaml;
using Microsoft.Extensions.Time.Testing;

namespace Hikigane.Unit.ApiServer.Validation;

/// <summary>What the server refuses of Kubernetes' own kinds, in Kubernetes' words.</summary>
public sealed class CoreValidationTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private const string Pod = """
        {apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: a, image: busybox}]}}
        """;

    private static JsonObject Yaml(string text) => YamlReader.ReadObject(text, out var error) ?? throw new InvalidOperationException(error);

    private static async Task<LocalKube> Start()
    {
        var api = new ObjectApi(new MemoryStore(), new ServedKinds(), new FakeTimeProvider());
        var wiring = new ApiWiring(api, null, null);
        await wiring.BootstrapAsync(Token);
        return new LocalKube(api, Caller.System);
    }

    private static async Task<string> Refusal(ResourceType type, string yaml)
    {
        var kube = await Start();
        var refusal = await Assert.ThrowsAsync<KubeException>(() => kube.CreateAsync(type, type.IsNamespaced ? "default" : null, Yaml(yaml), Token));
        Assert.Equal(422, refusal.Code);
        return refusal.Message;
    }

    [Fact]
    public async Task All_that_is_wrong_with_a_pod_is_said_at_once()
    {
        var message = await Refusal(Kinds.Pod, """
            apiVersion: v1
            kind: Pod
            metadata: {name: p}
            spec:
              restartPolicy: Sometimes
              containers:
                - {name: a, image: x, volumeMounts: [{name: gone, mountPath: /m}]}
                - {name: a}
            """);

        Assert.Equal(
            "Pod \"p\" is invalid: [spec.containers[0].volumeMounts[0].name: Not found: \"gone\", spec.containers[1].name: Duplicate value: \"a\", "
            + "spec.containers[1].image: Required value, "
            + "spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"Never\", \"OnFailure\"]",
            message);
    }

    [Theory]
    [InlineData("{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {}}", "Service \"s\" is invalid: spec.ports: Required value")]
    [InlineData("{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: [{port: 70000}]}}",
        "Service \"s\" is invalid: [spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive, "
        + "spec.ports[0].targetPort: Invalid value: 70000: must be between 1 and 65535, inclusive]")]
    public async Task A_service_needs_ports_in_range(string yaml, string message) => Assert.Equal(message, await Refusal(Kinds.Service, yaml));

    [Fact]
    public async Task A_deployment_selects_its_own_template()
    {
        var message = await Refusal(Kinds.Deployment, """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: d}
            spec:
              selector: {matchLabels: {app: a}}
              template: {metadata: {labels: {app: b}}, spec: {containers: [{name: a, image: x}]}}
            """);

        Assert.Equal("Deployment.apps \"d\" is invalid: spec.template.metadata.labels: Invalid value: {\"app\":\"b\"}: `selector` does not match template `labels`", message);
    }

    [Fact]
    public async Task A_key_of_a_config_map_is_a_file_name() =>
        Assert.StartsWith(
            "ConfigMap \"c\" is invalid: data[a b]: Invalid value: \"a b\": a valid config key must consist of",
            await Refusal(Kinds.ConfigMap, "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {a b: x}}"));

    [Fact]
    public async Task A_namespace_has_the_name_of_a_label() =>
        Assert.StartsWith(
            "Namespace \"a.b\" is invalid: metadata.name: Invalid value: \"a.b\": a lowercase RFC 1123 label must consist of",
            await Refusal(Kinds.Namespace, "{apiVersion: v1, kind: Namespace, metadata: {name: a.b}}"));

    [Fact]
    public async Task A_pod_may_change_its_images_and_nothing_else()
    {
        var kube = await Start();
        var pod = (await kube.CreateAsync(Kinds.Pod, "default", Yaml(Pod), Token)).Copy();
        pod.Objects("spec", "containers").First()["image"] = "nop";
        pod = (await kube.UpdateAsync(Kinds.Pod, pod, Token)).Copy();
        pod.Ensure("spec")["hostname"] = "other";

        var refusal = await Assert.ThrowsAsync<KubeException>(() => kube.UpdateAsync(Kinds.Pod, pod, Token));

        Assert.StartsWith("Pod \"p\" is invalid: spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`", refusal.Message);
    }

    [Fact]
    public async Task The_role_of_a_binding_stays()
    {
        var kube = await Start();
        var binding = (await kube.CreateAsync(Kinds.RoleBinding, "default", Yaml("""
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata: {name: b}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: one}
            """), Token)).Copy();
        binding.Ensure("roleRef")["name"] = "two";

        var refusal = await Assert.ThrowsAsync<KubeException>(() => kube.UpdateAsync(Kinds.RoleBinding, binding, Token));

        Assert.Equal("RoleBinding.rbac.authorization.k8s.io \"b\" is invalid: roleRef: Invalid value: "
            + "{\"APIGroup\":\"rbac.authorization.k8s.io\",\"Kind\":\"Role\",\"Name\":\"two\"}: cannot change roleRef", refusal.Message);
    }

    [Fact]
    public async Task A_definition_is_established_when_it_is_stored()
    {
        var kube = await Start();

        var definition = await kube.CreateAsync(Kinds.CustomResourceDefinition, null, Yaml("""
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: foos.ex.io}
            spec:
              group: ex.io
              scope: Namespaced
              names: {plural: foos, kind: Foo}
              versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
            """), Token);

        Assert.Equal("True", definition.Condition("Established").Text("status"));
        Assert.Equal("foos", definition.Text("status", "acceptedNames", "plural"));
    }
}
