using CsCheck;
using Hikigane.Expressions.Cel;
using Hikigane.Expressions.Cel.Values;
using Hikigane.Triggers.Interceptors;

namespace Hikigane.Unit.Expressions.Hostile;

/// <summary>The expression language never throws, never hangs and stays small, whatever is compiled and evaluated.</summary>
public sealed class CelFuzzTests
{
    private static readonly string[] Binary = ["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "in", "&&", "||"];

    private static readonly string[] Members =
    [
        "contains", "startsWith", "endsWith", "matches", "charAt", "indexOf", "lastIndexOf", "replace", "split", "substring", "join", "format", "size", "reverse", "slice",
        "flatten", "distinct", "sort", "trim", "lowerAscii", "upperAscii", "truncate", "parseJSON", "parseYAML", "parseURL", "marshalJSON", "first", "last", "translate", "match", "canonical",
        "getFullYear", "getHours", "nope", "compareSecret",
    ];

    private static readonly string[] Functions =
    [
        "int", "uint", "double", "string", "bytes", "bool", "type", "dyn", "duration", "timestamp", "size", "has", "math.greatest", "math.least", "math.abs", "math.bitShiftLeft", "math.round",
        "sets.contains", "sets.intersects", "lists.range", "base64.encode", "base64.decode", "json.encode", "strings.quote", "nope", "google.protobuf.Int32Value",
    ];

    private static readonly string[] Loops = ["all", "exists", "exists_one", "map", "filter", "sortBy"];

    private static readonly Gen<string> Leaf = Gen.OneOf<string>(
        Gen.OneOf<string>("body", "header", "extensions", "requestURL", "body.a", "body.b.c", "x", "y", "null", "true", "false", "0", "-1", "9223372036854775807", "1u", "1.5", "1e308", "'a'", "'%s %d %.3f'", "b'\\xff'", "r'\\d+'",
            "'(a|b)*c'", "'2020-01-01T00:00:00Z'", "'1h'", "[]", "{}", "[1, 'a', null]", "{'a': 1}", "{1: 2}", "1000000", "'[1, {'"),
        SomeText.Pieces.Select(text => "'" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\r", "\\r", StringComparison.Ordinal) + "'"));

    private static readonly Gen<string> Expression = Gen.Recursive<string>((depth, inner) => depth > 4
        ? Leaf
        : Gen.Frequency(
            (3, Leaf),
            (2, Gen.Select(inner, Gen.OneOf<string>(Binary), inner).Select((left, symbol, right) => $"{left} {symbol} {right}")),
            (1, Gen.Select(inner, inner, inner).Select((condition, then, otherwise) => $"({condition} ? {then} : {otherwise})")),
            (1, inner.Select(operand => $"!({operand})")),
            (1, inner.Select(operand => $"-({operand})")),
            (1, inner.Array[0, 3].Select(items => $"[{string.Join(", ", items)}]")),
            (1, Gen.Select(inner, inner).Array[0, 2].Select(entries => $"{{{string.Join(", ", entries.Select(entry => $"{entry.Item1}: {entry.Item2}"))}}}")),
            (1, Gen.Select(inner, inner).Select((operand, index) => $"{operand}[{index}]")),
            (1, Gen.Select(inner, SomeText.Word).Select((operand, field) => $"({operand}).{field}")),
            (2, Gen.Select(inner, Gen.OneOf<string>(Members), inner.Array[0, 2]).Select((target, name, arguments) => $"({target}).{name}({string.Join(", ", arguments)})")),
            (2, Gen.Select(Gen.OneOf<string>(Functions), inner.Array[0, 3]).Select((name, arguments) => $"{name}({string.Join(", ", arguments)})")),
            (2, Gen.Select(inner, Gen.OneOf<string>(Loops), inner).Select((range, name, inside) => $"({range}).{name}(x, {inside})"))));

    private static readonly Gen<(string Source, string Body)> Cases =
        Gen.Select(Gen.Frequency((6, Expression), (2, SomeText.Damaged(Expression)), (1, SomeText.Pieces)), SomeText.Json.Select(json => $"{{\"a\":{json},\"b\":{{\"c\":{json}}}}}"));

    [Fact]
    public void An_expression_gives_a_value_an_error_or_a_problem() => Fuzz.Sample(Cases, one =>
    {
        var (program, problem) = CelProgram.Compile(one.Source, CelInterceptor.Environment);
        Assert.NotEqual(program is null, problem is null);
        if (program is null)
        {
            return;
        }

        var variables = Variables(one.Body);
        var value = program.Evaluate(variables, new CelSecrets("default"));
        var (traced, expressions) = program.EvaluateTraced(variables, new CelSecrets("default"));
        Assert.Equal(value.Type.Name, traced.Type.Name);
        Assert.Equal(CelJson.ToText(value), CelJson.ToText(traced));
        Assert.All(expressions, expression => Assert.Contains(expression.Source, one.Source, StringComparison.Ordinal));
    });

    [Fact]
    public void A_value_survives_its_JSON() => Fuzz.Sample(SomeText.Json, text =>
    {
        var (value, error) = CelJson.Read(System.Text.Encoding.UTF8.GetBytes(text));

        Assert.Null(error);
        var written = CelJson.ToText(value!).Json!;
        Assert.Equal(written, CelJson.ToText(CelJson.Read(System.Text.Encoding.UTF8.GetBytes(written)).Value!).Json);
    });

    private static Dictionary<string, CelValue> Variables(string body) => new()
    {
        ["body"] = CelJson.ReadObject(body).Map!,
        ["header"] = new MapValue(new Dictionary<string, CelValue> { ["X-A"] = new ListValue([new StringValue("a")]) }),
        ["extensions"] = MapValue.Empty,
        ["requestURL"] = new StringValue("/a?b=c"),
    };
}
