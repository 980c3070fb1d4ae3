using System.Text.Json.Nodes;
using Hikigane.Expressions.Cel;
using Hikigane.Expressions.Cel.Values;
using Hikigane.Resources.Json;

namespace Hikigane.Golden.CelSpec;

/// <summary>
/// The specification's own cases, answered by the strict environment: value with its type, error, and the type that the checker deduces. Cases that
/// need message types are out of scope; those of <see cref="LeftOut"/> are for libraries that Triggers does not enable, and have to fail.
/// </summary>
internal static class CelSpecJudge
{
    public static IEnumerable<string> Files { get; } =
    [
        .. new[]
        {
            "basic", "bindings_ext", "block_ext", "comparisons", "conversions", "dynamic", "encoders_ext", "enums", "fields", "fp_math", "integer_math",
            "lists", "logic", "macros", "macros2", "math_ext", "namespace", "network_ext", "optionals", "parse", "plumbing", "proto2", "proto2_ext", "proto3",
            "string", "string_ext", "timestamps", "type_deduction", "unknowns", "wrappers",
        }.Select(name => $"cel-spec/{name}.jsonl"),
    ];

    public static Task<string?> JudgeAsync(JsonObject recorded)
    {
        var test = recorded.Object("test")!;
        var difference = Judge(test);
        if (LeftOut.Library(recorded.Text("id")!) is not { } library)
        {
            return Task.FromResult(difference);
        }

        // An error is what a missing library gives anyway.
        var worksAfterAll = difference is null && test["eval_error"] is null;
        return Task.FromResult(worksAfterAll ? $"passes, and is left out as needing {library}" : null);
    }

    private static string? Judge(JsonObject test)
    {
        var bindings = (test.Object("bindings") ?? []).ToDictionary(pair => pair.Key, pair => CelSpecValues.Value(pair.Value!["value"]!.AsObject()));
        var declared = test.Objects("type_env").ToList();
        var variables = bindings.Keys.ToDictionary(name => name, _ => CelType.Dyn);
        foreach (var variable in declared.Where(one => one["ident"] is not null))
        {
            variables[variable.Text("name")!] = CelSpecValues.Type(variable["ident"]!["type"]);
        }

        var functions = declared.Where(one => one["function"] is not null).Select(CelSpecValues.Function);
        var environment = new CelEnvironment(variables, functions, test.Text("container") ?? "") { IsChecked = !test.Flag("disable_check"), IsStrict = true };
        var (program, problem) = CelProgram.Compile(test.Text("expr")!, environment);
        return program is null && (problem!.Stage != CelStage.Program || test["eval_error"] is null)
            ? $"does not compile: {problem.Message}"
            : Deduced(test, program) ?? (test.Flag("check_only") ? null : Evaluated(test, program?.Evaluate(bindings) ?? new ErrorValue(problem!.Message)));
    }

    private static string? Deduced(JsonObject test, CelProgram? program) =>
        test.At("typed_result", "deduced_type") is { } wanted && program?.ResultType.ToString() != CelSpecValues.Type(wanted).ToString()
            ? $"want the type {CelSpecValues.Type(wanted)} got {program?.ResultType}"
            : null;

    private static string? Evaluated(JsonObject test, CelValue result)
    {
        if (test["eval_error"] is not null)
        {
            return result is ErrorValue ? null : $"want an error, got {GoText.Verb(result)}";
        }

        var expected = CelSpecValues.Value((test["value"] ?? test.At("typed_result", "result"))?.AsObject() ?? new JsonObject { ["bool_value"] = true });
        return CelSpecValues.AreSame(expected, result)
            ? null
            : $"want {GoText.Verb(expected)} of type {expected.Type} got {(result is ErrorValue error ? $"the error {error.Message}" : $"{GoText.Verb(result)} of type {result.Type}")}";
    }
}
