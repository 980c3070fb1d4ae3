using Hikigane.Cli.Commands;

namespace Hikigane.Unit.Cli;

public sealed class EvalCommandTests
{
    private const string Push = "POST /hooks?x=1 HTTP/1.1\r\nHost: example.com\r\nContent-Type: application/json\r\nContent-Length: 3\r\nX-GitHub-Event: push\r\n\r\n"
        + """{"ref":"refs/heads/main","n":2,"labels":[{"name":"x"},{"name":"y"}]}""";

    [Theory]
    [InlineData("body.ref.split('/')[2]", "main")]
    [InlineData("body.labels.map(l, l.name)", "[x, y]")]
    [InlineData("header.match('x-github-event', 'push') && body.n == 2", "true")]
    [InlineData("requestURL", "/hooks?x=1")]
    public void A_CEL_expression_is_evaluated_against_a_request_file(string expression, string wanted)
    {
        using var files = new TemporaryFiles();

        var (code, output, _) = Run("cel", expression, "-r", files.Write("push.http", Push));

        Assert.Equal(wanted, output.Trim());
        Assert.Equal(0, code);
    }

    [Fact]
    public void The_files_of_cel_eval_are_taken()
    {
        using var files = new TemporaryFiles();

        var (code, output, _) = Run("cel", "-e", files.Write("expression.txt", "body.ref"), "-r", files.Write("http.txt", Push));

        Assert.Equal("refs/heads/main", output.Trim());
        Assert.Equal(0, code);
    }

    [Fact]
    public void An_error_has_its_own_exit_code_and_goes_to_standard_error()
    {
        using var files = new TemporaryFiles();

        var (code, output, error) = Run("cel", "body.nope", "--body", files.Write("body.json", "{}"));

        Assert.Equal(1, code);
        Assert.Empty(output);
        Assert.Contains("no such key: nope", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Sub_expressions_are_explained_and_what_was_not_evaluated_says_so()
    {
        using var files = new TemporaryFiles();

        var (_, output, _) = Run("cel", "--explain", "body.n == 3 && body.ref == 'x' ? 'a' : 'b'", "-r", files.Write("push.http", Push));

        Assert.Equal(
            """
            b
              body.n == 3 && body.ref == 'x' ? 'a' : 'b'   "b"
                body.n == 3 && body.ref == 'x'   false
                  body.n == 3   false
                    body.n   2
                  body.ref == 'x'   (not evaluated)
                    body.ref   (not evaluated)
            """,
            output.Trim());
    }

    [Fact]
    public void What_the_specification_forbids_is_refused_on_request()
    {
        Assert.Equal(0, Run("cel", "{'a': 1, 'a': 2}").Code);
        Assert.Equal(1, Run("cel", "--strict", "{'a': 1, 'a': 2}").Code);
    }

    [Fact]
    public void A_path_and_a_binding_value_are_evaluated()
    {
        using var files = new TemporaryFiles();
        var push = files.Write("push.http", Push);

        Assert.Equal("""["x","y"]""", Run("jsonpath", "body.labels[*].name", "-r", push).Output.Trim());
        Assert.Equal("main-is refs/heads/main of push", Run("jsonpath", "main-is $(body.ref) of $(header.X-GitHub-Event)", "-r", push).Output.Trim());
        Assert.Equal(1, Run("jsonpath", "body.nope", "-r", push).Code);
    }

    [Fact]
    public void Bindings_give_their_parameters_sorted_by_name()
    {
        using var files = new TemporaryFiles();
        var binding = files.Write("binding.yaml", """
            apiVersion: triggers.tekton.dev/v1beta1
            kind: TriggerBinding
            metadata: {name: push}
            spec:
              params:
              - {name: ref, value: $(body.ref)}
              - {name: event, value: $(header.X-GitHub-Event)}
            """);

        var (code, output, _) = Run("binding", "-b", binding, "-r", files.Write("push.http", Push));

        Assert.Equal(
            """
            [
              {
                "name": "event",
                "value": "push"
              },
              {
                "name": "ref",
                "value": "refs/heads/main"
              }
            ]
            """,
            output.Trim());
        Assert.Equal(0, code);
    }

    [Theory]
    [InlineData("cel")]
    [InlineData("cel", "true", "-r", "/nowhere/push.http")]
    [InlineData("cel", "true", "-H", "no colon")]
    [InlineData("binding", "-b", "/nowhere/binding.yaml")]
    [InlineData("cel", "true", "-o", "nope")]
    public void Bad_input_is_told_from_an_error(params string[] arguments) => Assert.Equal(2, Run(arguments).Code);

    private static (int Code, string Output, string Error) Run(params string[] arguments) => Captured.Run(EvalCommand.Create(), arguments);
}
