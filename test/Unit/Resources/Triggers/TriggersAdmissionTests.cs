using System.Text.Json.Nodes;
using Hikigane.Resources.Json;
using Hikigane.Resources.Triggers;

namespace Hikigane.Unit.Resources.Triggers;

public sealed class TriggersAdmissionTests
{
    [Fact]
    public void A_listener_gets_the_service_account_of_the_config_map()
    {
        var verdict = Review("EventListener", """{"triggers":[{"template":{"ref":"tt"}}]}""", new JsonObject { ["default-service-account"] = "bot" });

        Assert.Null(verdict.Error);
        Assert.Equal("bot", verdict.Object.Text("spec", "serviceAccountName"));
    }

    [Fact]
    public void A_field_in_another_case_is_renamed()
    {
        var verdict = Review("TriggerTemplate", """{"resourceTemplates":[{"apiVersion":"v1","kind":"ConfigMap"}]}""");

        Assert.Null(verdict.Error);
        Assert.Single(verdict.Object.Items("spec", "resourcetemplates"));
    }

    [Fact]
    public void A_wrong_type_is_told_in_Gos_words() => Assert.Equal(
        "mutation failed: cannot decode incoming new object: json: cannot unmarshal number into Go struct field Param.spec.params.value of type string",
        Review("TriggerBinding", """{"params":[{"name":"a","value":1}]}""").Error);

    [Fact]
    public void All_errors_are_told_at_once() => Assert.Equal(
        "validation failed: expected exactly one, got neither: spec.template.ref, spec.template.spec\nmissing field(s): spec.bindings[0].value",
        Review("Trigger", """{"bindings":[{"name":"a"}]}""").Error);

    private static TriggersVerdict Review(string kind, string spec, JsonObject? defaults = null) => TriggersAdmission.Review(
        new TriggersReview("CREATE", kind, "v1beta1", new JsonObject
        {
            ["apiVersion"] = "triggers.tekton.dev/v1beta1",
            ["kind"] = kind,
            ["metadata"] = new JsonObject { ["name"] = "lamp", ["namespace"] = "lamp-ci" },
            ["spec"] = JsonNode.Parse(spec),
        }),
        defaults);
}
