using Hikigane.Resources.Json;

namespace Hikigane.Integration;

/// <summary>What the API says to what is wrong: the place, in upstream's words where upstream has words, and everything at once.</summary>
public sealed class BadManifests(ServedApi api) : IClassFixture<ServedApi>
{
    private const string Pods = "api/v1/namespaces/default/pods";
    private const string Tasks = "apis/tekton.dev/v1/namespaces/default/tasks";

    [Theory]
    [InlineData(Pods, """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":{"containers":[{"name":"a","image":"i","bogus":1}]}}""", "spec.containers[0].bogus")]
    [InlineData(Tasks, """{"apiVersion":"tekton.dev/v1","kind":"Task","metadata":{"name":"x"},"spec":{"steps":[{"image":"i","bogus":1}]}}""", "spec.steps[0].bogus")]
    public async Task A_field_that_a_kind_does_not_have_is_refused_told_or_left_alone_as_the_client_asks(string path, string body, string field)
    {
        var strict = await api.SendAsync("POST", $"{path}?dryRun=All&fieldValidation=Strict", body);
        var warn = await api.SendAsync("POST", $"{path}?dryRun=All", body);
        var ignore = await api.SendAsync("POST", $"{path}?dryRun=All&fieldValidation=Ignore", body);

        Assert.Equal(400, strict.Code);
        Assert.EndsWith($"strict decoding error: unknown field \"{field}\"", strict.Answer.Text("message"), StringComparison.Ordinal);
        Assert.Equal(201, warn.Code);
        Assert.Equal($"299 - \"unknown field \\\"{field}\\\"\"", Assert.Single(warn.Warnings));
        Assert.Equal((201, 0), (ignore.Code, ignore.Warnings.Count));
    }

    [Fact]
    public async Task Of_a_key_that_stands_twice_the_last_value_counts_and_strictness_refuses_it()
    {
        const string body = """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"a":"1","a":"2"}}""";

        var strict = await api.SendAsync("POST", "api/v1/namespaces/default/configmaps?dryRun=All&fieldValidation=Strict", body);
        var warn = await api.SendAsync("POST", "api/v1/namespaces/default/configmaps?dryRun=All", body);

        Assert.Contains("duplicate field \"data.a\"", strict.Answer.Text("message"), StringComparison.Ordinal);
        Assert.Equal("2", warn.Answer.Text("data", "a"));
        Assert.Contains("duplicate field", Assert.Single(warn.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Pods, """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":{"containers":"a"}}""",
        "Pod in version \"v1\" cannot be handled as a Pod: json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container")]
    [InlineData(Tasks, """{"apiVersion":"tekton.dev/v1","kind":"Task","metadata":{"name":"x"},"spec":{"steps":"a"}}""",
        "admission webhook \"webhook.pipeline.tekton.dev\" denied the request: mutation failed: cannot decode incoming new object: json: cannot unmarshal string into Go struct field TaskSpec.spec.steps of type []v1.Step")]
    [InlineData(Tasks, """{"apiVersion":"tekton.dev/v1","kind":"Task","metadata":{"name":"x"},"spec":{"steps":[{"image":5}]}}""",
        "admission webhook \"webhook.pipeline.tekton.dev\" denied the request: mutation failed: cannot decode incoming new object: json: cannot unmarshal number into Go struct field Step.spec.steps.image of type string")]
    [InlineData(Pods, "[]", "the object provided is unrecognized (must be of type Pod): couldn't get version/kind")]
    [InlineData(Pods, """{"metadata":{}}""", "Pod \"\" is invalid: metadata.name: Required value: name or generateName is required")]
    public async Task A_value_of_the_wrong_type_is_named_with_its_place(string path, string body, string message)
    {
        var (code, answer, _) = await api.SendAsync("POST", path, body);

        Assert.InRange(code, 400, 422);
        Assert.Equal(message, answer.Text("message"));
    }

    [Theory]
    [InlineData("application/json", "{\n  \"kind\": \"Pod\",\n  oops\n}", "line 3, column 3")]
    [InlineData("application/json", "{\"kind\": ", "line 1, column 10")]
    [InlineData("application/yaml", "kind: Pod\nspec:\n  a: [1\n", "line 4, column 1")]
    [InlineData("application/yaml", "kind: Pod\nkind: Pod\n", "line 2, column 1")]
    public async Task A_body_that_cannot_be_read_says_where(string mediaType, string body, string place)
    {
        var (code, answer, _) = await api.SendAsync("POST", Pods, body, mediaType);

        Assert.Equal(400, code);
        Assert.Contains(place, answer.Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused_before_it_is_read()
    {
        var (code, answer, _) = await api.SendAsync("POST", Pods, new string(' ', (3 << 20) + 1));

        Assert.Equal((413, "RequestEntityTooLarge"), (code, answer.Text("reason")));
    }

    [Fact]
    public async Task All_that_is_wrong_comes_in_one_answer()
    {
        const string body = """
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"Bad_Name","labels":{"-x":"y"}},
             "spec":{"restartPolicy":"Sometimes","containers":[{"name":"A","image":"i","ports":[{"containerPort":0}]}]}}
            """;

        var (code, answer, _) = await api.SendAsync("POST", Pods, body);

        Assert.Equal(422, code);
        Assert.Equal(
            ["metadata.labels", "metadata.name", "spec.containers[0].name", "spec.containers[0].ports[0].containerPort", "spec.restartPolicy"],
            answer.Objects("details", "causes").Select(cause => cause.Text("field")!).Distinct().Order());
    }

    [Fact]
    public async Task Several_mistakes_in_a_Task_come_in_one_refusal()
    {
        const string body = """{"apiVersion":"tekton.dev/v1","kind":"Task","metadata":{"name":"x"},"spec":{"params":[{"name":"a"},{"name":"a"}],"steps":[{"name":"X","image":"i","script":"s","command":["c"]}]}}""";

        var (code, answer, _) = await api.SendAsync("POST", Tasks, body);

        Assert.Equal(400, code);
        Assert.StartsWith("admission webhook \"validation.webhook.pipeline.tekton.dev\" denied the request: validation failed: ", answer.Text("message"), StringComparison.Ordinal);
        Assert.Contains("parameter appears more than once: spec.params[a]", answer.Text("message"), StringComparison.Ordinal);
        Assert.Contains("script cannot be used with command: spec.steps[0].script", answer.Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_setting_that_the_controllers_could_not_read_is_refused_and_a_good_one_counts_at_once()
    {
        const string maps = "api/v1/namespaces/tekton-pipelines/configmaps";
        const string run = """{"apiVersion":"tekton.dev/v1","kind":"TaskRun","metadata":{"name":"x"},"spec":{"taskRef":{"name":"t"}}}""";
        static string Map(string value) =>
            $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"config-defaults","labels":{"app.kubernetes.io/part-of":"tekton-pipelines"}},"data":{"default-timeout-minutes":"{{{value}}}"}}""";

        var bad = await api.SendAsync("POST", maps, Map("soon"));
        var good = await api.SendAsync("POST", maps, Map("7"));
        var stored = await api.SendAsync("POST", "apis/tekton.dev/v1/namespaces/default/taskruns?dryRun=All", run);

        Assert.Equal(
            "admission webhook \"config.webhook.pipeline.tekton.dev\" denied the request: validation failed: failed parsing default config \"default-timeout-minutes\"",
            bad.Answer.Text("message"));
        Assert.Equal(201, good.Code);
        Assert.Equal("7m0s", stored.Answer.Text("spec", "timeout"));
    }

    [Fact]
    public async Task A_run_that_is_there_keeps_its_spec()
    {
        const string runs = "apis/tekton.dev/v1/namespaces/default/taskruns";
        await api.SendAsync("POST", runs, """{"apiVersion":"tekton.dev/v1","kind":"TaskRun","metadata":{"name":"kept"},"spec":{"taskRef":{"name":"t"}}}""");

        var changed = await api.SendAsync("PATCH", $"{runs}/kept", """{"spec":{"timeout":"5m"}}""", "application/merge-patch+json");
        var cancelled = await api.SendAsync("PATCH", $"{runs}/kept", """{"spec":{"status":"TaskRunCancelled"}}""", "application/merge-patch+json");

        Assert.Equal(
            "admission webhook \"validation.webhook.pipeline.tekton.dev\" denied the request: validation failed: invalid value: Once the TaskRun has started, only status and statusMessage updates are allowed: spec",
            changed.Answer.Text("message"));
        Assert.Equal(200, cancelled.Code);
    }

    [Fact]
    public async Task An_object_obeys_the_schema_of_its_definition()
    {
        const string definition = """
            {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"cups.example.dev"},
             "spec":{"group":"example.dev","scope":"Namespaced","names":{"plural":"cups","kind":"Cup"},
              "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object",
                "required":["size"],"properties":{"size":{"type":"integer","minimum":1},"colour":{"type":"string","enum":["red","blue"],"default":"red"}}}}}}}]}}
            """;
        const string cups = "apis/example.dev/v1/namespaces/default/cups";
        await api.SendAsync("POST", "apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition);
        await Waits.UntilAsync(async () => (await api.SendAsync("GET", cups, null)).Code == 200, TestContext.Current.CancellationToken);

        var bad = await api.SendAsync("POST", cups, """{"apiVersion":"example.dev/v1","kind":"Cup","metadata":{"name":"a"},"spec":{"size":"big","colour":"pink"}}""");
        var good = await api.SendAsync("POST", cups, """{"apiVersion":"example.dev/v1","kind":"Cup","metadata":{"name":"a"},"spec":{"size":2,"lid":true}}""");

        Assert.Equal(422, bad.Code);
        Assert.Equal(["spec.colour", "spec.size"], bad.Answer.Objects("details", "causes").Select(cause => cause.Text("field")!).Order());
        Assert.Equal("""{"size":2,"colour":"red"}""", good.Answer.At("spec")!.ToJsonString());
    }

    [Fact]
    public async Task A_definition_that_could_not_be_served_is_refused()
    {
        const string definition = """
            {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"wrong.example.dev"},
             "spec":{"group":"example.dev","scope":"Namespaced","names":{"plural":"cups","kind":"Cup"},"versions":[{"name":"v1","served":true,"storage":false}]}}
            """;

        var (code, answer, _) = await api.SendAsync("POST", "apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition);

        Assert.Equal(422, code);
        Assert.Equal(
            ["metadata.name", "spec.versions", "spec.versions[0].schema.openAPIV3Schema"],
            answer.Objects("details", "causes").Select(cause => cause.Text("field")!).Order());
    }
}
