using CsCheck;
using Hikigane.Expressions.Cel;
using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Unit.Expressions.Cel;

public sealed class CelProgramTests
{
    private static readonly CelEnvironment Environment = new(new Dictionary<string, CelType> { ["body"] = CelType.Map(CelType.String, CelType.Dyn) }, []);

    private static readonly Dictionary<string, CelValue> Variables = new()
    {
        ["body"] = new MapValue(new Dictionary<string, CelValue> { ["n"] = new DoubleValue(3), ["s"] = new StringValue("plain") }),
    };

    [Theory]
    [InlineData("body.n == 3 && body.s.startsWith('pl')", "true")]
    [InlineData("body.missing == 1 || body.n > 2", "true")]
    [InlineData("[1, 2, 3].filter(x, x > 1).map(x, x * x)", "[4, 9]")]
    [InlineData("'a1é'.matches('^\\\\w+$')", "false")]
    [InlineData("'%s-%d'.format(['a', 3])", "a-3")]
    [InlineData("duration('1h30m') > duration('1m')", "true")]
    public void An_expression_gives_its_value(string source, string expected)
    {
        var (program, problem) = CelProgram.Compile(source, Environment);

        Assert.Null(problem);
        Assert.Equal(expected, GoText.Verb(program!.Evaluate(Variables)));
    }

    [Theory]
    [InlineData("foo", "ERROR: <input>:1:1: undeclared reference to 'foo' (in container '')\n | foo\n | ^")]
    [InlineData("1 + 1.0", "ERROR: <input>:1:3: found no matching overload for '_+_' applied to '(int, double)'\n | 1 + 1.0\n | ..^")]
    [InlineData("[1", "ERROR: <input>:1:3: Syntax error: mismatched input '<EOF>' expecting {']', ','}\n | [1\n | ..^")]
    public void A_problem_points_at_its_place(string source, string expected) =>
        Assert.Equal(expected, CelProgram.Compile(source, Environment).Problem?.Message);

    [Fact]
    public void A_trace_tells_what_was_not_evaluated()
    {
        var program = CelProgram.Compile("body.n == 4 && body.s == 'x'", Environment).Program!;

        var (value, expressions) = program.EvaluateTraced(Variables);

        Assert.Equal(BoolValue.False, value);
        Assert.Equal(BoolValue.False, expressions.Single(one => one.Source == "body.n == 4").Value);
        Assert.Null(expressions.Single(one => one.Source == "body.s == 'x'").Value);
    }

    [Fact]
    public void Work_without_end_is_stopped()
    {
        var source = "lists.range(100000).all(a, lists.range(100000).all(b, a + b >= 0))";

        var value = CelProgram.Compile(source, Environment).Program!.Evaluate(Variables, budget: 500_000);

        Assert.IsType<ErrorValue>(value);
    }

    [Fact]
    public void No_source_makes_it_throw()
    {
        string[] pieces = ["1", "'a'", "body", ".", "n", "(", ")", "[", "]", "{", "}", ",", ":", "?", "+", "-", "!", "&&", "||", "in", "==", "map", "x", "\"", "\\", "ž", " "];

        Gen.Int[0, pieces.Length - 1].Array[0, 12].Sample(
            chosen => CelProgram.Compile(string.Concat(chosen.Select(index => pieces[index])), Environment).Program?.Evaluate(Variables),
            time: 1);
    }
}
