using Hikigane.Expressions.Cel.Checking;
using Hikigane.Expressions.Cel.Evaluation;
using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Expressions.Cel.Functions;

/// <summary>
/// Operators, <c>size</c> and <c>matches</c>. One implementation serves all signatures of each; null says that the first operand has no such operation.
/// </summary>
internal static class Operators
{
    private static readonly ErrorValue Overflow = new("integer overflow");
    private static readonly ErrorValue UnsignedOverflow = new("unsigned integer overflow");
    private static readonly ErrorValue TimeOverflow = new("timestamp overflow");
    private static readonly ErrorValue DivisionByZero = new("division by zero");
    private static readonly ErrorValue ModulusByZero = new("modulus by zero");
    private static readonly string[] Ordered = ["bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration"];

    public static IReadOnlyList<CelFunction> All { get; } =
    [
        CelFunction.Operator("_&&_", Planned, "(bool, bool) bool"),
        CelFunction.Operator("_||_", Planned, "(bool, bool) bool"),
        CelFunction.Operator("_?_:_", Planned, "(bool, T, T) T"),
        CelFunction.Operator("_==_", Planned, "(T, T) bool"),
        CelFunction.Operator("_!=_", Planned, "(T, T) bool"),
        CelFunction.Operator("_[_]", Planned, "(list(A), int) A", "(map(A, B), A) B"),
        CelFunction.Operator("!_", (_, it) => it[0] is BoolValue flag ? BoolValue.Of(!flag.Value) : Missing(it[0], isNegatable: true), "(bool) bool"),
        CelFunction.Operator("-_", (_, it) => Negate(it[0]), "(int) int", "(double) double", "(duration) duration"),
        CelFunction.Operator("_+_", Add, "(int, int) int", "(uint, uint) uint", "(double, double) double", "(string, string) string", "(bytes, bytes) bytes",
            "(list(A), list(A)) list(A)", "(duration, duration) duration", "(duration, timestamp) timestamp", "(timestamp, duration) timestamp"),
        CelFunction.Operator("_-_", (_, it) => Subtract(it[0], it[1]), "(int, int) int", "(uint, uint) uint", "(double, double) double",
            "(duration, duration) duration", "(timestamp, timestamp) duration", "(timestamp, duration) timestamp"),
        CelFunction.Operator("_*_", (_, it) => Multiply(it[0], it[1]), "(int, int) int", "(uint, uint) uint", "(double, double) double"),
        CelFunction.Operator("_/_", (_, it) => Divide(it[0], it[1]), "(int, int) int", "(uint, uint) uint", "(double, double) double"),
        CelFunction.Operator("_%_", (_, it) => Modulo(it[0], it[1]), "(int, int) int", "(uint, uint) uint"),
        Comparison("_<_", order => order < 0),
        Comparison("_<=_", order => order <= 0),
        Comparison("_>_", order => order > 0),
        Comparison("_>=_", order => order >= 0),
        CelFunction.Operator("@in", In, "(A, list(A)) bool", "(A, map(A, B)) bool"),
        CelFunction.Operator("size", (_, it) => Size(it[0]), "(string) int", "(bytes) int", "(list(A)) int", "(map(A, B)) int",
            "string.() int", "bytes.() int", "list(A).() int", "map(A, B).() int"),
        CelFunction.Operator("matches", Matches, "(string, string) bool", "string.(string) bool"),
    ];

    private static CelValue Planned(EvaluationFrame frame, CelValue[] operands) => ErrorValue.NoSuchOverload;

    private static ErrorValue Missing(CelValue operand, bool isNegatable) =>
        isNegatable && operand is IntValue or DoubleValue or DurationValue ? ErrorValue.NoSuchOverload : null!;

    private static CelFunction Comparison(string name, Func<int, bool> isTrue) => CelFunction.Operator(name, (_, it) =>
    {
        if (it[0].CompareWith(it[1]) is { } order)
        {
            return BoolValue.Of(isTrue(order));
        }

        return it[0] is DoubleValue or IntValue or UintValue && it[1] is DoubleValue or IntValue or UintValue
            ? BoolValue.False
            : it[0] is NullValue or ListValue or MapValue or TypeValue ? null! : ErrorValue.NoSuchOverload;
    }, Ordered.Select(type => $"({type}, {type}) bool"));

    private static CelValue Negate(CelValue operand) => operand switch
    {
        IntValue { Value: long.MinValue } => Overflow,
        IntValue number => IntValue.Of(-number.Value),
        DoubleValue number => new DoubleValue(-number.Value),
        DurationValue { Nanoseconds: long.MinValue } => Overflow,
        DurationValue duration => new DurationValue(-duration.Nanoseconds),
        BoolValue => ErrorValue.NoSuchOverload,
        _ => null!,
    };

    private static CelValue Add(EvaluationFrame frame, CelValue[] it) => (it[0], it[1]) switch
    {
        (IntValue a, IntValue b) => Whole((Int128)a.Value + b.Value),
        (UintValue a, UintValue b) => Unsigned((Int128)a.Value + b.Value),
        (DoubleValue a, DoubleValue b) => new DoubleValue(a.Value + b.Value),
        (StringValue a, StringValue b) => frame.SpendText((long)a.Value.Length + b.Value.Length)
            ? new StringValue(a.Value + b.Value) : EvaluationFrame.OutOfBudget,
        (BytesValue a, BytesValue b) => frame.SpendText((long)a.Value.Length + b.Value.Length)
            ? new BytesValue((byte[])[.. a.Value.Span, .. b.Value.Span]) : EvaluationFrame.OutOfBudget,
        (ListValue a, ListValue b) => frame.SpendItems(1 + a.Items.Count + b.Items.Count) ? new ListValue([.. a.Items, .. b.Items]) : EvaluationFrame.OutOfBudget,
        (DurationValue a, DurationValue b) => Length((Int128)a.Nanoseconds + b.Nanoseconds),
        (DurationValue a, TimestampValue b) => Move(b, a.Nanoseconds),
        (TimestampValue a, DurationValue b) => Move(a, b.Nanoseconds),
        (NullValue or BoolValue or MapValue or TypeValue, _) => null!,
        _ => ErrorValue.NoSuchOverload,
    };

    private static CelValue Subtract(CelValue left, CelValue right) => (left, right) switch
    {
        (IntValue a, IntValue b) => Whole((Int128)a.Value - b.Value),
        (UintValue a, UintValue b) => Unsigned((Int128)a.Value - b.Value),
        (DoubleValue a, DoubleValue b) => new DoubleValue(a.Value - b.Value),
        (DurationValue a, DurationValue b) => Length((Int128)a.Nanoseconds - b.Nanoseconds),
        (TimestampValue a, DurationValue b) => Move(a, -(Int128)b.Nanoseconds),
        (TimestampValue a, TimestampValue b) => Length(Instant(a) - Instant(b)),
        (IntValue or UintValue or DoubleValue or DurationValue or TimestampValue, _) => ErrorValue.NoSuchOverload,
        _ => null!,
    };

    private static CelValue Multiply(CelValue left, CelValue right) => (left, right) switch
    {
        (IntValue a, IntValue b) => Whole((Int128)a.Value * b.Value),
        (UintValue a, UintValue b) => (UInt128)a.Value * b.Value is var product && product <= ulong.MaxValue ? new UintValue((ulong)product) : UnsignedOverflow,
        (DoubleValue a, DoubleValue b) => new DoubleValue(a.Value * b.Value),
        (IntValue or UintValue or DoubleValue, _) => ErrorValue.NoSuchOverload,
        _ => null!,
    };

    private static CelValue Divide(CelValue left, CelValue right) => (left, right) switch
    {
        (IntValue, IntValue { Value: 0 }) or (UintValue, UintValue { Value: 0 }) => DivisionByZero,
        (IntValue a, IntValue b) => Whole((Int128)a.Value / b.Value),
        (UintValue a, UintValue b) => new UintValue(a.Value / b.Value),
        (DoubleValue a, DoubleValue b) => new DoubleValue(a.Value / b.Value),
        (IntValue or UintValue or DoubleValue, _) => ErrorValue.NoSuchOverload,
        _ => null!,
    };

    private static CelValue Modulo(CelValue left, CelValue right) => (left, right) switch
    {
        (IntValue, IntValue { Value: 0 }) or (UintValue, UintValue { Value: 0 }) => ModulusByZero,
        (IntValue { Value: long.MinValue }, IntValue { Value: -1 }) => Overflow,
        (IntValue a, IntValue b) => IntValue.Of(a.Value % b.Value),
        (UintValue a, UintValue b) => new UintValue(a.Value % b.Value),
        (IntValue or UintValue, _) => ErrorValue.NoSuchOverload,
        _ => null!,
    };

    private static CelValue In(EvaluationFrame frame, CelValue[] it) => it[1] switch
    {
        ListValue list => frame.SpendWalk(it[0], 1 + (list.Items.Count / 4)) ? BoolValue.Of(list.Contains(it[0])) : EvaluationFrame.OutOfBudget,
        MapValue map => BoolValue.Of(map.TryFind(it[0], out _)),
        _ => ErrorValue.NoSuchOverload,
    };

    private static IntValue Size(CelValue value) => value switch
    {
        StringValue text => IntValue.Of(CelText.Length(text.Value)),
        BytesValue bytes => IntValue.Of(bytes.Value.Length),
        ListValue list => IntValue.Of(list.Items.Count),
        MapValue map => IntValue.Of(map.Count),
        _ => null!,
    };

    private static CelValue Matches(EvaluationFrame frame, CelValue[] it)
    {
        if (it[0] is not StringValue text)
        {
            return null!;
        }

        if (it[1] is not StringValue pattern)
        {
            return ErrorValue.NoSuchOverload;
        }

        if (!frame.Spend(2_000 + (pattern.Value.Length * 200L)))
        {
            return EvaluationFrame.OutOfBudget;
        }

        var (regex, error) = Re2.Compile(pattern.Value);
        return regex is null ? new ErrorValue(error!) : frame.Spend(regex.Cost(text.Value)) ? BoolValue.Of(regex.IsMatch(text.Value)) : EvaluationFrame.OutOfBudget;
    }

    private static CelValue Whole(Int128 value) => value >= long.MinValue && value <= long.MaxValue ? IntValue.Of((long)value) : Overflow;

    private static CelValue Unsigned(Int128 value) => value >= 0 && value <= ulong.MaxValue ? new UintValue((ulong)value) : UnsignedOverflow;

    private static CelValue Length(Int128 nanoseconds) =>
        nanoseconds >= long.MinValue && nanoseconds <= long.MaxValue ? new DurationValue((long)nanoseconds) : Overflow;

    private static Int128 Instant(TimestampValue time) => ((Int128)time.Seconds * 1_000_000_000) + time.Nanoseconds;

    private static CelValue Move(TimestampValue time, Int128 by)
    {
        var instant = Instant(time) + by;
        var nanoseconds = (int)(((instant % 1_000_000_000) + 1_000_000_000) % 1_000_000_000);
        var seconds = (instant - nanoseconds) / 1_000_000_000;
        return seconds < TimestampValue.MinSeconds || seconds > TimestampValue.MaxSeconds
            ? TimeOverflow
            : new TimestampValue((long)seconds, nanoseconds, time.OffsetSeconds);
    }
}
