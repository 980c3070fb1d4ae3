using System.Text.Json.Nodes;
using Hikigane.Expressions.Cel;
using Hikigane.Expressions.Cel.Values;
using Hikigane.Expressions.GoJson;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Triggers.Interceptors;

/// <summary>
/// The <c>cel</c> core interceptor: a filter that must be true, overlays that become extensions (upstream <c>pkg/interceptors/cel/cel.go</c>). Programs are
/// compiled once per text and kept: see <see cref="CelPrograms"/>.
/// </summary>
public static class CelInterceptor
{
    private const int MaxShownValue = 500;

    /// <summary>The variables and functions of a trigger's expressions.</summary>
    public static CelEnvironment Environment { get; } = EnvironmentOf(isStrict: false);

    private static readonly CelPrograms Programs = new(Environment);

    private static readonly CelEnvironment Strict = EnvironmentOf(isStrict: true);

    private static CelEnvironment EnvironmentOf(bool isStrict) => new(
        new Dictionary<string, CelType>
        {
            ["body"] = CelType.Map(CelType.String, CelType.Dyn),
            ["header"] = CelType.Map(CelType.String, CelType.Dyn),
            ["extensions"] = CelType.Map(CelType.String, CelType.Dyn),
            ["requestURL"] = CelType.String,
        },
        CelFunctions.All)
    {
        IsStrict = isStrict,
    };

    /// <summary>What one expression gives for a request, for people who try it out. No Secret exists.</summary>
    /// <param name="isStrict">See <see cref="CelEnvironment.IsStrict"/>.</param>
    public static async ValueTask<CelAnswer> EvaluateAsync(string expression, InterceptorRequest request, bool isStrict, CancellationToken cancellationToken)
    {
        var (variables, error) = Variables(request);
        if (variables is null)
        {
            return new CelAnswer(null, "error making the evaluation context: " + error, []);
        }

        var scope = new Scope(variables, new CelSecrets("default"), static (key, _) => ValueTask.FromResult(SecretValue.From(null, key)));
        var compiled = isStrict ? StrictlyCompiled(expression) : Programs.Of(expression);
        var (value, failure) = await EvaluateAsync(expression, compiled, scope, cancellationToken);
        return new CelAnswer(value, failure, Trace(compiled.Program, scope));
    }

    public static async ValueTask<InterceptorResponse> InterceptAsync(InterceptorRequest request, SecretReader secrets, CancellationToken cancellationToken)
    {
        var (given, problem) = CelParams.Read(request.InterceptorParams);
        if (problem is not null)
        {
            return InterceptorResponse.Stop(InterceptorCode.InvalidArgument, "failed to parse interceptor params: " + problem);
        }

        if (request.Context is null)
        {
            return InterceptorResponse.Stop(InterceptorCode.InvalidArgument, "no request context passed");
        }

        var (variables, error) = Variables(request);
        if (error is not null)
        {
            return InterceptorResponse.Stop(InterceptorCode.InvalidArgument, "error making the evaluation context: " + error);
        }

        var scope = new Scope(variables!, new CelSecrets(request.Context.Namespace), secrets);
        IReadOnlyList<EvaluatedExpression> shown = [];
        if (given!.Filter.Length > 0)
        {
            var (value, failure) = await EvaluateAsync(given.Filter, scope, cancellationToken);
            if (failure is not null || value is not BoolValue { Value: true })
            {
                shown = Trace(Programs.Of(given.Filter).Program, scope);
                return (failure is not null
                    ? InterceptorResponse.Stop(InterceptorCode.InvalidArgument, "error evaluating cel expression: " + failure)
                    : InterceptorResponse.Stop(InterceptorCode.FailedPrecondition, $"expression {given.Filter} did not return true")) with
                { Expressions = shown };
            }
        }

        return await OverlaysAsync(given.Overlays, scope, cancellationToken);
    }

    /// <summary>The sub-expressions of a filter with the beginnings of their values, for people. A whole payload says nothing, so variables that are maps are left out.</summary>
    private static List<EvaluatedExpression> Trace(CelProgram? program, Scope scope)
    {
        return program is null
            ? []
            : [.. program.EvaluateTraced(scope.Variables, scope.Secrets).Expressions
                .Where(one => scope.Variables.GetValueOrDefault(one.Source) is not MapValue)
                .Select(one => new EvaluatedExpression(
                one.Source,
                one.Value switch { null => null, ErrorValue error => error.Message, var value => CelJson.Shown(value, MaxShownValue) },
                one.Value is ErrorValue,
                one.Depth))];
    }

    private static async ValueTask<InterceptorResponse> OverlaysAsync(
        IReadOnlyList<(string Key, string Expression)> overlays, Scope scope, CancellationToken cancellationToken)
    {
        JsonObject? extensions = null;
        foreach (var (key, expression) in overlays)
        {
            var (value, failure) = await EvaluateAsync(expression, scope, cancellationToken);
            if (failure is not null)
            {
                return InterceptorResponse.Stop(InterceptorCode.InvalidArgument, "error evaluating cel expression: " + failure);
            }

            var (json, problem) = CelOverlayValue.ToJson(value!);
            if (problem is not null)
            {
                // Upstream drops the error of a list's members and stumbles over the hole it leaves in the extensions.
                return InterceptorResponse.Stop(InterceptorCode.Internal, value is ListValue && problem.StartsWith("proto:", StringComparison.Ordinal)
                    ? "failed to unmarshal extensions into map: invalid character '}' looking for beginning of value"
                    : "failed to convert overlay result to type: " + problem);
            }

            var target = extensions ?? [];
            if (CelOverlayPath.Set(target, key, GoJsonReader.Read(json!).Node) is { } refused)
            {
                var shown = value is StringValue text ? text.Value : $"%!s(types.{GoText.TypeName(value!)}={GoText.Verb(value!)})";
                return InterceptorResponse.Stop(InterceptorCode.Internal, $"failed to sjson for key '{key}' to '{shown}': {refused}");
            }

            extensions = target.Count > 0 ? target : extensions;
        }

        return InterceptorResponse.Pass(extensions);
    }

    private static (IReadOnlyDictionary<string, CelValue>? Variables, string? Error) Variables(InterceptorRequest request)
    {
        var (variables, error) = (request.Reading ?? new EventReading()).CelVariables(request);
        return error is null ? (variables, null) : (null, "failed to parse the body as JSON: " + error);
    }

    private static ValueTask<(CelValue? Value, string? Failure)> EvaluateAsync(string source, Scope scope, CancellationToken cancellationToken) =>
        EvaluateAsync(source, Programs.Of(source), scope, cancellationToken);

    private static async ValueTask<(CelValue? Value, string? Failure)> EvaluateAsync(
        string source, CelCompilation compiled, Scope scope, CancellationToken cancellationToken)
    {
        var (program, problem) = compiled;
        if (problem is not null)
        {
            return (null, problem.Stage switch
            {
                CelStage.Parse => $"failed to parse expression {GoText.Quote(source)}: {problem.Message}",
                CelStage.Check => $"expression {GoText.Quote(source)} check failed: {problem.Message}",
                _ => $"expression {GoText.Quote(source)} failed to create a Program: {problem.Message}",
            });
        }

        var value = program!.Evaluate(scope.Variables, scope.Secrets);
        while (await scope.Secrets.CatchUpAsync(scope.Reader, cancellationToken))
        {
            value = program.Evaluate(scope.Variables, scope.Secrets);
        }

        return value is ErrorValue error ? (null, $"expression {GoText.Quote(source)} failed to evaluate: {error.Message}") : (value, null);
    }

    private static CelCompilation StrictlyCompiled(string source)
    {
        var (program, problem) = CelProgram.Compile(source, Strict);
        return new CelCompilation(program, problem);
    }

    private sealed record Scope(IReadOnlyDictionary<string, CelValue> Variables, CelSecrets Secrets, SecretReader Reader);
}

/// <summary>What an expression gave: a value, or the error in upstream's words; and its sub-expressions.</summary>
public sealed record CelAnswer(CelValue? Value, string? Error, IReadOnlyList<EvaluatedExpression> Expressions);

/// <summary>An overlay's result as JSON, with upstream's refusals.</summary>
internal static class CelOverlayValue
{
    public static (string? Json, string? Problem) ToJson(CelValue value) => value switch
    {
        NullValue => (null, "type conversion error from 'null_type' to '[]uint8'"),
        UintValue => (null, "unsupported type conversion from 'uint' to []uint8"),
        DurationValue => (null, "type conversion error from 'Duration' to '[]uint8'"),
        TimestampValue => (null, "type conversion error from 'Timestamp' to '[]uint8'"),
        TypeValue { Value.Name: "google.protobuf.Empty" } => (null, "type conversion error from '*dynamicpb.Message' to '[]uint8'"),
        TypeValue => (null, "type conversion not supported for 'type'"),
        _ => CelJson.ToText(value),
    };
}
