using Hikigane.Cli.Commands;

namespace Hikigane.Unit.Cli;

public sealed class TestTriggerCommandTests
{
    private const string Triggers = """
        apiVersion: triggers.tekton.dev/v1beta1
        kind: Trigger
        metadata: {name: build}
        spec:
          interceptors:
          - ref: {name: cel}
            params:
            - {name: filter, value: "body.ref == 'refs/heads/main'"}
          bindings:
          - {name: rev, value: $(body.after)}
          template:
            spec:
              params: [{name: rev}]
              resourcetemplates:
              - apiVersion: tekton.dev/v1
                kind: PipelineRun
                metadata: {generateName: build-}
                spec:
                  pipelineRef: {name: build}
                  params: [{name: rev, value: $(tt.params.rev)}]
        """;

    private const string Cases = """
        files: [triggers.yaml]
        cases:
        - name: a push to main builds
          body: {ref: refs/heads/main, after: abc}
          expect:
            outcome: fired
            triggers:
              build: {outcome: fired, params: {rev: abc}}
            objects:
            - kind: PipelineRun
              spec: {params: [{value: abc}]}
        - name: other branches do not
          body: {ref: refs/heads/x}
          expect:
            outcome: no-match
            triggers:
              build: {outcome: filtered, cause: filter.false}
            objects: []
        """;

    [Fact]
    public void An_event_gives_verdicts_objects_and_an_exit_code()
    {
        using var files = new TemporaryFiles();
        var triggers = files.Write("triggers.yaml", Triggers);

        var (fired, output, _) = Run("-f", triggers, "-B", files.Write("main.json", """{"ref":"refs/heads/main","after":"abc"}"""));
        var (filtered, why, _) = Run("-f", triggers, "-B", files.Write("x.json", """{"ref":"refs/heads/x"}"""));

        Assert.Equal(0, fired);
        Assert.Contains("generateName: build-", output, StringComparison.Ordinal);
        Assert.Contains("value: abc", output, StringComparison.Ordinal);
        Assert.Equal(3, filtered);
        Assert.Contains("body.ref == 'refs/heads/main'   false", why, StringComparison.Ordinal);
    }

    [Fact]
    public void Cases_that_hold_pass()
    {
        using var files = new TemporaryFiles();
        files.Write("triggers.yaml", Triggers);

        var (code, output, error) = Run(files.Write("cases.yaml", Cases));

        Assert.Empty(error);
        Assert.EndsWith("2 passed, 0 failed\n", output, StringComparison.Ordinal);
        Assert.Equal(0, code);
    }

    [Fact]
    public void A_case_that_does_not_hold_says_what_differs_and_why()
    {
        using var files = new TemporaryFiles();
        files.Write("triggers.yaml", Triggers.Replace("refs/heads/main", "refs/heads/x", StringComparison.Ordinal));

        var (code, output, _) = Run(files.Write("cases.yaml", Cases));

        Assert.Equal(1, code);
        Assert.Contains("outcome: expected fired, got nomatch", output, StringComparison.Ordinal);
        Assert.Contains("objects: expected 1 items, got 0", output, StringComparison.Ordinal);
        Assert.Contains("body.ref == 'refs/heads/x'   false", output, StringComparison.Ordinal);
        Assert.EndsWith("0 passed, 2 failed\n", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cases: []", "there are no cases")]
    [InlineData("files: [triggers.yaml]\ncases: [{expect: {outcome: perhaps}}]", "no outcome is called \"perhaps\"")]
    [InlineData("files: [triggers.yaml]\ncases: [{expects: {}}]", "unknown expects")]
    [InlineData("files: [triggers.yaml]\ncases: [{}]", "nothing is expected")]
    [InlineData("files: [nowhere.yaml]\ncases: [{expect: {}}]", "nowhere.yaml")]
    [InlineData("files: []\ncases: [{expect: {}}]", "neither an EventListener nor a Trigger")]
    [InlineData("a: 1\na: 2", "already set")]
    public void A_slip_in_a_file_of_cases_is_bad_input(string cases, string message)
    {
        using var files = new TemporaryFiles();
        files.Write("triggers.yaml", Triggers);

        var (code, _, error) = Run(files.Write("cases.yaml", cases));

        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.Equal(2, code);
    }

    [Fact]
    public void The_sample_passes()
    {
        var (code, output, _) = Run(Path.Combine(Repository.Root, "samples", "testing", "triggers.test.yaml"));

        Assert.EndsWith("3 passed, 0 failed\n", output, StringComparison.Ordinal);
        Assert.Equal(0, code);
    }

    [Fact]
    public void A_signature_is_made_on_request()
    {
        using var files = new TemporaryFiles();
        var triggers = files.Write("triggers.yaml", """
            apiVersion: v1
            kind: Secret
            metadata: {name: hook}
            stringData: {token: s3cret}
            ---
            apiVersion: triggers.tekton.dev/v1beta1
            kind: Trigger
            metadata: {name: signed}
            spec:
              interceptors:
              - ref: {name: github}
                params: [{name: secretRef, value: {secretName: hook, secretKey: token}}]
              template: {spec: {resourcetemplates: []}}
            """);
        var body = files.Write("body.json", "{}");

        Assert.Equal(4, Run("-f", triggers, "-B", body).Code);
        Assert.Equal(0, Run("-f", triggers, "-B", body, "--sign").Code);
    }

    private static (int Code, string Output, string Error) Run(params string[] arguments) => Captured.Run(TestTriggerCommand.Create(), ["trigger", .. arguments]);
}
