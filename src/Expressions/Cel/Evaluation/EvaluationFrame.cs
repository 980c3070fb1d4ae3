using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Expressions.Cel.Evaluation;

/// <summary>
/// One evaluation under way: the variables, what is left of its time and room, and what its caller gave to the functions. Work is paid for before it is done,
/// so an expression over hostile data ends in an error and not in a busy core or a full memory.
/// </summary>
public sealed class EvaluationFrame
{
    /// <summary>About a second of work.</summary>
    internal const long DefaultBudget = 20_000_000;

    /// <summary>How deep lists and maps may nest: every walk over a value recurses.</summary>
    internal const int MaxDepth = 2_000;

    /// <summary>What a function answers that could not pay.</summary>
    public static readonly ErrorValue OutOfBudget = new("operation cancelled: actual cost limit exceeded");

    internal static readonly ErrorValue TooDeep = new($"value nests deeper than {MaxDepth}");

    /// <summary>Bytes of new text and lists in one evaluation, dropped ones included.</summary>
    private const long DefaultRoom = 128 << 20;

    private long _budget;
    private long _room = DefaultRoom;

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

    /// <summary>Pays for work of about 50 ns a unit; false when nothing is left, and then the answer is <see cref="OutOfBudget"/>.</summary>
    public bool Spend(long cost)
    {
        _budget = cost > _budget ? -1 : _budget - cost;
        return _budget >= 0;
    }

    /// <summary>Pays for the walk over a whole value, or <paramref name="times"/> of them.</summary>
    internal bool SpendWalk(CelValue value, long times = 1)
    {
        var weight = value.Weight;
        return Spend(weight > long.MaxValue / Math.Max(times, 1) ? long.MaxValue : weight * times);
    }

    /// <summary>Pays for a new text of this length.</summary>
    public bool SpendText(long length) => SpendRoom(length * 2) && Spend(1 + (length / 8));

    /// <summary>Pays for writing a value as text.</summary>
    public bool SpendWritten(CelValue value) => SpendWalk(value) && SpendText(value.Weight * 8);

    /// <summary>Pays for a list of this length, and for items of <paramref name="itemSize"/> bytes each that are made for it.</summary>
    internal bool SpendItems(long count, int itemSize = 0) => SpendRoom(count * (16 + itemSize)) && Spend(count);

    private bool SpendRoom(long bytes)
    {
        _room -= bytes;
        if (_room < 0)
        {
            _budget = -1;
        }

        return _room >= 0;
    }
}
