using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Expressions.Cel.Evaluation;

/// <summary>One evaluation under way: the variables, what is left of its budget, and what its caller gave to the functions.</summary>
public sealed class EvaluationFrame
{
    /// <summary>About a second of work.</summary>
    internal const long DefaultBudget = 20_000_000;

    internal static readonly ErrorValue OutOfBudget = new("operation cancelled: actual cost limit exceeded");

    private long _budget;

    internal EvaluationFrame(CelValue?[] slots, object? context, long budget, CelValue?[]? trace)
    {
        Slots = slots;
        Context = context;
        _budget = budget;
        Trace = trace;
    }

    /// <summary>What the caller passed for its own functions.</summary>
    public object? Context { get; }

    internal CelValue?[] Slots { get; }

    internal CelValue?[]? Trace { get; }

    /// <summary>See <see cref="CelEnvironment.IsStrict"/>.</summary>
    internal bool IsStrict { get; init; }

    internal bool IsExhausted => _budget < 0;

    /// <summary>Pays for work; false when nothing is left, and then the answer is <see cref="OutOfBudget"/>.</summary>
    internal bool Spend(long cost)
    {
        _budget -= cost;
        return _budget >= 0;
    }
}
