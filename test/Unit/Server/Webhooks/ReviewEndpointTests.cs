using System.Text.Json.Nodes;
using System.Text;
using CsCheck;
using Hikigane.ApiServer.Rest;
using Hikigane.Resources.Json;
using Hikigane.Resources.Triggers;
using Hikigane.Server.Webhooks;

namespace Hikigane.Unit.Server.Webhooks;

public sealed class ReviewEndpointTests
{
    private readonly ReviewEndpoint webhook = new(() => WebhookConfig.Read("tekton-pipelines", _ => null), converts: true);

    [Fact]
    public void A_review_is_answered_with_the_patch_that_fills_in_what_is_missing()
    {
        var trigger = """
            {"apiVersion": "triggers.tekton.dev/v1beta1", "kind": "Trigger", "metadata": {"name": "a~b/c", "labels": {"a/b~c": "d"}},
             "spec": {"bindings": [{"ref": "x"}], "template": {"ref": "t"}}}
            """;

        var response = Ask("/defaulting", "Trigger", trigger).Object("response");

        Assert.True(response.Flag("allowed"));
        Assert.Equal(("7", "JSONPatch"), (response.Text("uid"), response.Text("patchType")));
        var patch = JsonNode.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(response.Text("patch")!)))!;
        var patched = JsonPatch.Apply(JsonNode.Parse(trigger)!, patch);
        Assert.Equal("TriggerBinding", patched.Objects("spec", "bindings").Single().Text("kind"));
    }

    [Fact]
    public void A_refusal_has_upstreams_words()
    {
        var response = Ask("/resource-validation", "TriggerTemplate", """{"apiVersion": "triggers.tekton.dev/v1beta1", "kind": "TriggerTemplate", "metadata": {"name": "t"}}""")
            .Object("response");

        Assert.False(response.Flag("allowed"));
        Assert.Equal(400, response.Integer("status", "code"));
        Assert.StartsWith("validation failed: ", response.Text("status", "message"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_patch_makes_the_one_of_the_other() => Gen.Select(Json, Json).Sample((from, to) =>
    {
        var patch = JsonDifference.Patch(from.DeepClone(), to.DeepClone());

        Assert.True(JsonNode.DeepEquals(to, JsonPatch.Apply(from.DeepClone(), patch)), $"{from.ToJsonString()} → {to.ToJsonString()}: {patch.ToJsonString()}");
    }, iter: 500);

    /// <summary>Objects of any shape get a verdict; nothing but a verdict comes out (spec: triggers.md §10, Q-24).</summary>
    [Fact]
    public void Whatever_an_object_looks_like_admission_answers() => Gen.Select(Kind, Version, Manifest).Sample((kind, version, manifest) =>
    {
        manifest["apiVersion"] = "triggers.tekton.dev/" + version;
        manifest["kind"] = kind;
        var review = new TriggersReview("CREATE", kind, version, manifest);

        var defaulted = TriggersAdmission.Default(review, null);
        TriggersAdmission.Validate(review with { Object = defaulted.Object ?? manifest });
        TriggersAdmission.Validate(review with { Operation = "UPDATE", OldObject = manifest });
    }, iter: 2000);

    private JsonNode Ask(string path, string kind, string manifest)
    {
        var review = $$$"""
            {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": {"uid": "7", "operation": "CREATE",
             "kind": {"group": "triggers.tekton.dev", "version": "v1beta1", "kind": "{{{kind}}}"}, "object": {{{manifest}}}}}
            """;
        var answer = webhook.Handle(path, Encoding.UTF8.GetBytes(review));
        Assert.Equal(200, answer.Status);
        return JsonNode.Parse(answer.Body)!;
    }

    private static readonly Gen<string> Kind = OneOf(
        "Trigger", "EventListener", "TriggerBinding", "ClusterTriggerBinding", "TriggerTemplate", "ClusterInterceptor", "Interceptor");

    private static readonly Gen<string> Version = OneOf("v1alpha1", "v1beta1");

    /// <summary>Names that mean something, so that the deeper code is reached.</summary>
    private static readonly Gen<string> Field = OneOf(
        "spec", "metadata", "name", "namespace", "labels", "triggers", "bindings", "template", "interceptors", "ref", "kind", "params", "value", "webhook",
        "objectRef", "header", "cel", "filter", "overlays", "expression", "key", "github", "secretRef", "eventTypes", "triggerGroups", "triggerSelector",
        "resources", "kubernetesResource", "customResource", "replicas", "containers", "env", "resourcetemplates", "default", "clientConfig", "service", "url",
        "namespaceSelector", "matchNames", "labelSelector", "matchLabels", "serviceAccountName", "status", "a/b", "~");

    private static readonly Gen<JsonNode?> Scalar = Gen.OneOf(
        Gen.Bool.Select(_ => (JsonNode?)null), Gen.Int[-3, 3].Select(number => (JsonNode?)JsonValue.Create(number)),
        OneOf("", "a", "$(body.x)", "$(", "$(tt.params.a)", "v1", "==", "a.b").Select(text => (JsonNode?)JsonValue.Create(text)),
        Gen.Bool.Select(flag => (JsonNode?)JsonValue.Create(flag)), Gen.Bool.Select(_ => (JsonNode?)JsonValue.Create(1.5)));

    private static readonly Gen<JsonNode?> Any = Gen.Recursive<JsonNode?>((depth, inner) => depth > 5
        ? Scalar
        : Gen.Frequency(
            (1, Scalar), (2, Members(inner).Select(one => (JsonNode?)one)),
            (1, inner.Array[0, 3].Select(items => (JsonNode?)new JsonArray([.. items.Select(item => item?.DeepClone())])))));

    private static readonly Gen<JsonNode> Json = Members(Any).Select(one => (JsonNode)one);

    private static readonly Gen<JsonObject> Manifest = Gen.Select(Any, Any, Members(Any), (metadata, spec, rest) =>
    {
        rest["metadata"] = metadata is JsonObject ? metadata.DeepClone() : new JsonObject { ["name"] = "x" };
        rest["spec"] = spec?.DeepClone();
        return rest;
    });

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(at => texts[at]);

    private static Gen<JsonObject> Members(Gen<JsonNode?> inner) => Gen.Select(Field, inner).Array[0, 5].Select(pairs =>
    {
        var members = new JsonObject();
        foreach (var (name, value) in pairs)
        {
            members[name] = value?.DeepClone();
        }

        return members;
    });
}
