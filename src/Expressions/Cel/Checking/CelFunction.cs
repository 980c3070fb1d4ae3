using Hikigane.Expressions.Cel.Evaluation;
using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Expressions.Cel.Checking;

/// <summary>What a function does. The arguments (the receiver first) have the types of one of the overloads and are no errors.</summary>
public delegate CelValue CelImplementation(EvaluationFrame frame, CelValue[] arguments);

/// <summary>One signature of a function.</summary>
public sealed record CelOverload(bool IsMember, IReadOnlyList<CelType> Parameters, CelType Result)
{
    /// <summary>Null when the function as a whole has one implementation.</summary>
    public CelImplementation? Implementation { get; init; }

    internal IReadOnlyList<string> TypeParameters { get; } = [.. Parameters.Append(Result).SelectMany(ParametersOf).Distinct()];

    private static IEnumerable<string> ParametersOf(CelType type) =>
        type.Kind == CelKind.TypeParam ? [type.Name] : type.Parameters.SelectMany(ParametersOf);
}

/// <summary>A function with its signatures, written in a short form: <c>string.contains(string) bool</c>.</summary>
public sealed class CelFunction(string name)
{
    private readonly List<CelOverload> _overloads = [];

    public string Name { get; } = name;

    public IReadOnlyList<CelOverload> Overloads => _overloads;

    /// <summary>One implementation for every signature, which answers null for a receiver without that ability.</summary>
    internal CelImplementation? Any { get; private init; }

    /// <summary>A function with one implementation for all of its signatures: the operators.</summary>
    internal static CelFunction Operator(string name, CelImplementation implementation, params IEnumerable<string> signatures)
    {
        var function = new CelFunction(name) { Any = implementation };
        foreach (var signature in signatures)
        {
            function._overloads.Add(TypeNotation.Overload(signature, null));
        }

        return function;
    }

    /// <summary>A function that can be checked and not called: declarations of the specification's own cases.</summary>
    internal static CelFunction Declared(string name, IEnumerable<CelOverload> overloads)
    {
        var function = new CelFunction(name) { Any = (_, _) => ErrorValue.NoSuchOverload };
        function._overloads.AddRange(overloads);
        return function;
    }

    /// <summary>Adds a signature: <c>(list(A), int) A</c> for a plain call, <c>list(A).(int) A</c> for a member call.</summary>
    public CelFunction With(string signature, CelImplementation implementation)
    {
        _overloads.Add(TypeNotation.Overload(signature, implementation));
        return this;
    }
}
