using System.Text;
using Hikigane.Expressions.Cel;
using Hikigane.Expressions.Cel.Values;
using Hikigane.Triggers.Interceptors;

namespace Hikigane.Unit.Expressions.Hostile;

/// <summary>Expressions made to keep a core busy, to fill the memory or to end the stack: each has to end in an answer.</summary>
public sealed class HostileExpressionsTests
{
    /// <summary>Long text, long lists, deep nests and a pair that makes a plain search quadratic.</summary>
    private static readonly Dictionary<string, CelValue> Variables = new()
    {
        ["body"] = new MapValue(new Dictionary<string, CelValue>
        {
            ["text"] = new StringValue(new string('a', 1_000_000)),
            ["part"] = new StringValue(new string('a', 400_000) + "b" + new string('a', 100_000)),
            ["list"] = new ListValue([.. Enumerable.Range(0, 100_000).Select(number => new DoubleValue(number))]),
            ["same"] = new ListValue([.. Enumerable.Repeat(new StringValue(new string('a', 10_000)), 20_000)]),
            ["deep"] = CelJson.Read(Encoding.UTF8.GetBytes(new string('[', 1400) + new string(']', 1400))).Value!,
        }),
        ["header"] = MapValue.Empty,
        ["extensions"] = MapValue.Empty,
        ["requestURL"] = StringValue.Empty,
    };

    public static TheoryData<string> Sources { get; } =
    [
        "lists.range(1000000).map(x, lists.range(1000000).map(y, lists.range(1000000)))",
        "lists.range(1000000).all(x, lists.range(1000000).exists(y, x + y < 0))",
        "[1]" + Repeated(".map(x, [x, x])", 200) + ".size()",
        "[[1]" + Repeated(".map(x, [x, x])", 200) + "] == [[1]" + Repeated(".map(x, [x, x])", 200) + "]",
        "json.encode([1]" + Repeated(".map(x, [x, x])", 200) + ")",
        "[1]" + Repeated(".map(x, [x, x])", 100) + ".marshalJSON()",
        "'%s'.format([[1]" + Repeated(".map(x, [x, x])", 100) + "])",
        "{}[[1]" + Repeated(".map(x, [x, x])", 100) + "]",
        "[1]" + Repeated(".map(x, {x: x})", 60) + ".size()",
        "[1]" + Repeated(".map(x, [[[[[[[[[[x]]]]]]]]]])", 200) + ".distinct()",
        "[body.deep]" + Repeated(".map(x, [[[[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]]]])", 40) + " == []",
        "'x'" + Repeated(".replace('x', 'xxxxxxxxxx')", 100),
        "body.text.replace('a', body.text)",
        "body.text.replace('', body.text)",
        "body.text.split('').map(x, body.text + x)",
        "body.text.contains(body.part) || body.text.indexOf(body.part) > 0 || body.text.lastIndexOf(body.part) > 0",
        "body.text.split(body.part).size() + body.text.replace(body.part, 'x').size() > 0",
        "body.list.map(x, body.text.contains('b'))",
        "body.list.map(x, body.text.size())",
        "body.list.map(x, body.list == body.list).size()",
        "body.same.distinct()",
        "body.same.sort()",
        "body.same.sortBy(x, x)",
        "body.same.join(body.text)",
        "body.same.map(x, x in body.same)",
        "sets.equivalent(body.same, body.same)",
        "body.list.map(x, body.list).flatten()",
        "'%s'.format([body.same]) + json.encode(body.same) + json.encode(body.same)",
        "body.text.matches('(a|aa)+$')",
        "body.text.matches('(a*)*(a*)*(a*)*b')",
        "body.text.matches('(.{900}.{900}|a)b')",
        "body.list.map(x, body.text.matches('a{1000}' + string(x)))",
        "body.text.translate('a', '$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0')",
        "body.text.translate('(a+)', '" + Repeated("$1", 1000) + "')",
        "body.text.translate('', body.text)",
        "('[' + body.same.join(',').truncate(10000000) + ']').parseYAML()",
        "body.list.map(x, body.text.parseYAML())",
        "body.list.map(x, body.text.parseJSON())",
        "body.list.map(x, ('{\"a\":\"' + body.text + '\"}').parseJSON())",
        "('{' + body.text.replace('a', '[').truncate(50000)).parseYAML()",
        "('[' + body.text.replace('a', '[').truncate(50000)).parseJSON()",
        "body.text.parseURL()",
        "base64.encode(bytes(body.text)) + base64.encode(bytes(body.text))",
        "body.text.reverse() + body.text.upperAscii()",
        Repeated("!", 50_000) + "true",
        Repeated("-", 50_000) + "1",
        Repeated("(", 50_000) + "1" + Repeated(")", 50_000),
        Repeated("[", 50_000) + "1" + Repeated("]", 50_000),
        Repeated("{'a':", 15_000) + "1" + Repeated("}", 15_000),
        "body" + Repeated(".a", 49_000),
        "body" + Repeated("['a']", 19_000),
        "body" + Repeated(".first()", 12_000),
        "true" + Repeated(" && true", 12_000),
        "true" + Repeated(" || false", 11_000),
        "1" + Repeated(" + 1", 24_000),
        "1" + Repeated(" ? 1 : 1", 12_000),
        Repeated("true ? ", 10_000) + "1",
        "'" + Repeated("é", 99_000) + "'",
        Repeated("\n§", 49_000),
        Repeated("§", 99_000),
        Repeated("\"", 99_999),
        Repeated("a.b.", 24_000) + "c{}",
        "[" + Repeated("1,", 49_000) + "1]",
        "'%s'.format([" + Repeated("1,", 40_000) + "1])",
        "'" + Repeated("%s", 40_000) + "'.format([1])",
        Repeated("x", 200_000),
    ];

    [Theory]
    [MemberData(nameof(Sources), DisableDiscoveryEnumeration = true)]
    public void It_ends(string source) => Fuzz.Bounded(() =>
    {
        var (program, problem) = CelProgram.Compile(source, CelInterceptor.Environment);
        if (program is null)
        {
            Assert.NotEmpty(problem!.Message);
            return;
        }

        var value = program.Evaluate(Variables, new CelSecrets("default"), Fuzz.Budget);
        var (json, error) = CelJson.ToText(value);
        Assert.True(json is not null || error is not null);
    });

    private static string Repeated(string text, int times) => new StringBuilder(text.Length * times).Insert(0, text, times).ToString();
}
