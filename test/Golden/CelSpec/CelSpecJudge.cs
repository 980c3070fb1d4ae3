using System.Globalization;
using System.Text.Json.Nodes;
using Hikigane.Expressions.Cel;
using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Golden.CelSpec;

/// <summary>The specification's own cases. Those that need message types are out of scope and count as agreed.</summary>
internal static class CelSpecJudge
{
    /// <summary>The files whose libraries Triggers enables; left out are bindings_ext, block_ext, macros2, network_ext and optionals.</summary>
    public static IEnumerable<string> Files { get; } =
    [
        .. new[]
        {
            "basic", "comparisons", "conversions", "encoders_ext", "fields", "fp_math", "integer_math", "lists", "logic", "macros", "math_ext",
            "namespace", "parse", "plumbing", "string", "string_ext", "timestamps", "type_deduction",
        }.Select(name => $"cel-spec/{name}.jsonl"),
    ];

    public static Task<string?> JudgeAsync(JsonObject recorded) => Task.FromResult((bool)recorded["needsMessageTypes"]! ? null : Judge(recorded["test"]!.AsObject()));

    private static string? Judge(JsonObject test)
    {
        var bindings = (test["bindings"]?.AsObject() ?? []).ToDictionary(pair => pair.Key, pair => Value(pair.Value!["value"]!.AsObject()));
        var types = (test["type_env"]?.AsArray() ?? []).Where(one => one!["ident"] is not null).Select(one => (string)one!["name"]!);
        var variables = bindings.Keys.Union(types).ToDictionary(name => name, _ => CelType.Dyn);
        var environment = new CelEnvironment(variables, [], (string?)test["container"] ?? "") { IsChecked = !((bool?)test["disable_check"] ?? false) };
        var (program, problem) = CelProgram.Compile((string)test["expr"]!, environment);
        var result = program?.Evaluate(bindings) ?? new ErrorValue(problem!.Message);
        if (test["eval_error"] is not null || test["any_eval_errors"] is not null)
        {
            return result is ErrorValue ? null : $"want an error, got {GoText.Verb(result)}";
        }

        if (result is ErrorValue error)
        {
            return $"got the error {error.Message}";
        }

        var wanted = test["value"] ?? test["typed_result"]?["result"];
        var expected = wanted is null ? (test["typed_result"] is null ? BoolValue.True : null) : Value(wanted.AsObject());
        return expected is null || (result.Type.Kind == expected.Type.Kind && AreSame(result, expected))
            ? null
            : $"want {GoText.Verb(expected)} got {GoText.Verb(result)} of type {result.Type}";
    }

    private static bool AreSame(CelValue left, CelValue right) =>
        left.IsEqualTo(right) || (left is DoubleValue a && right is DoubleValue b && a.Value.Equals(b.Value)) || GoText.Verb(left) == GoText.Verb(right);

    private static CelValue Value(JsonObject value)
    {
        var (kind, content) = value.First();
        return kind switch
        {
            "null_value" => NullValue.Instance,
            "bool_value" => BoolValue.Of((bool)content!),
            "int64_value" => IntValue.Of(long.Parse(content!.ToString(), CultureInfo.InvariantCulture)),
            "uint64_value" => new UintValue(ulong.Parse(content!.ToString(), CultureInfo.InvariantCulture)),
            "double_value" => new DoubleValue(double.Parse(content!.ToString(), CultureInfo.InvariantCulture)),
            "string_value" => new StringValue((string)content!),
            "bytes_value" => new BytesValue(Convert.FromBase64String((string)content!)),
            "list_value" => new ListValue([.. (content!["values"]?.AsArray() ?? []).Select(item => Value(item!.AsObject()))]),
            "map_value" => Map(content!["entries"]?.AsArray() ?? []),
            "type_value" => new TypeValue(CelType.Opaque((string)content!)),
            "object_value" when ((string?)content!["@type"] ?? "").EndsWith("Duration", StringComparison.Ordinal) => Evaluated($"duration('{content["value"]}')"),
            "object_value" when ((string?)content!["@type"] ?? "").EndsWith("Timestamp", StringComparison.Ordinal) => Evaluated($"timestamp('{content["value"]}')"),
            _ => throw new NotSupportedException(kind),
        };
    }

    private static CelValue Map(JsonArray entries)
    {
        var members = MapValue.NewMembers(entries.Count);
        foreach (var entry in entries)
        {
            members[Value(entry!["key"]!.AsObject())] = Value(entry["value"]!.AsObject());
        }

        return new MapValue(members);
    }

    private static CelValue Evaluated(string source) =>
        CelProgram.Compile(source, new CelEnvironment(new Dictionary<string, CelType>(), [])).Program!.Evaluate(new Dictionary<string, CelValue>());
}
