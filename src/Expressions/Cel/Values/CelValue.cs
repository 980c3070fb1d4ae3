using System.Collections.Immutable;

namespace Hikigane.Expressions.Cel.Values;

/// <summary>
/// A value of the expression language at run time. A closed family: what an expression gives, what a function takes.
/// Errors are values too, so that <c>||</c> and <c>&amp;&amp;</c> can ignore them.
/// </summary>
public abstract class CelValue
{
    private protected CelValue()
    {
    }

    /// <summary>The run-time type: parameters of lists and maps are <c>dyn</c>.</summary>
    public abstract CelType Type { get; }

    /// <summary>Equality as <c>==</c> has it: numbers across types, lists and maps by content.</summary>
    public abstract bool IsEqualTo(CelValue other);

    /// <summary>Order against a value of a comparable type; null when there is no order between the two (NaN, other types).</summary>
    public virtual int? CompareWith(CelValue other) => null;

    /// <summary>What is heavier than this is not written out.</summary>
    internal const long MaxShownWeight = 16_000_000;

    internal const string TooLarge = "value is too large to be written";

    internal bool IsError => this is ErrorValue;

    /// <summary>How deep lists and maps nest; 0 for a scalar.</summary>
    internal virtual int Depth => 0;

    /// <summary>
    /// The work of walking the whole value: its nodes, and its text by eighths. A value that stands twice in another counts twice, so this can be far more than
    /// it takes in memory; it is paid before the walk.
    /// </summary>
    internal virtual long Weight => 1;

    private protected static long Sum(IEnumerable<long> weights)
    {
        var sum = 1L;
        foreach (var weight in weights)
        {
            sum += weight;
            if (sum < 0)
            {
                return long.MaxValue / 4;
            }
        }

        return Math.Min(sum, long.MaxValue / 4);
    }
}

/// <summary>Why an evaluation failed. Travels like any other value.</summary>
public sealed class ErrorValue(string message) : CelValue
{
    public static readonly ErrorValue NoSuchOverload = new("no such overload");

    public string Message { get; } = message;

    public override CelType Type => CelType.Error;

    public override bool IsEqualTo(CelValue other) => ReferenceEquals(this, other);
}

/// <summary><c>null</c>.</summary>
public sealed class NullValue : CelValue
{
    public static readonly NullValue Instance = new();

    private NullValue()
    {
    }

    public override CelType Type => CelType.Null;

    public override bool IsEqualTo(CelValue other) => other is NullValue;
}

/// <summary><c>true</c> or <c>false</c>.</summary>
public sealed class BoolValue : CelValue
{
    public static readonly BoolValue True = new(true);
    public static readonly BoolValue False = new(false);

    private BoolValue(bool value) => Value = value;

    public bool Value { get; }

    public override CelType Type => CelType.Bool;

    public static BoolValue Of(bool value) => value ? True : False;

    public override bool IsEqualTo(CelValue other) => ReferenceEquals(this, other);

    public override int? CompareWith(CelValue other) => other is BoolValue right ? Value.CompareTo(right.Value) : null;
}

/// <summary>A signed 64-bit number.</summary>
public sealed class IntValue : CelValue
{
    private static readonly ImmutableArray<IntValue> Small = [.. Enumerable.Range(-16, 272).Select(value => new IntValue(value))];

    private IntValue(long value) => Value = value;

    public long Value { get; }

    public override CelType Type => CelType.Int;

    public static IntValue Of(long value) => value is >= -16 and < 256 ? Small[(int)value + 16] : new IntValue(value);

    public override bool IsEqualTo(CelValue other) => other is IntValue right ? Value == right.Value : CompareWith(other) == 0;

    public override int? CompareWith(CelValue other) => Numbers.Compare(this, other);
}

/// <summary>An unsigned 64-bit number.</summary>
public sealed class UintValue(ulong value) : CelValue
{
    public ulong Value { get; } = value;

    public override CelType Type => CelType.Uint;

    public override bool IsEqualTo(CelValue other) => CompareWith(other) == 0;

    public override int? CompareWith(CelValue other) => Numbers.Compare(this, other);
}

/// <summary>A double, and so every number of a JSON payload.</summary>
public sealed class DoubleValue(double value) : CelValue
{
    public double Value { get; } = value;

    public override CelType Type => CelType.Double;

    public override bool IsEqualTo(CelValue other) => CompareWith(other) == 0;

    public override int? CompareWith(CelValue other) => Numbers.Compare(this, other);
}

/// <summary>
/// Text. A byte that is no UTF-8 (the language can cut a character in two) is held as the lone surrogate U+DC00 + byte,
/// which no valid text contains.
/// </summary>
public sealed class StringValue(string value) : CelValue
{
    public static readonly StringValue Empty = new("");

    public string Value { get; } = value;

    public override CelType Type => CelType.String;

    internal override long Weight => 1 + (Value.Length / 8);

    public override bool IsEqualTo(CelValue other) => other is StringValue right && string.Equals(Value, right.Value, StringComparison.Ordinal);

    public override int? CompareWith(CelValue other) => other is StringValue right ? CelText.Compare(Value, right.Value) : null;
}

/// <summary>Bytes.</summary>
public sealed class BytesValue(ReadOnlyMemory<byte> value) : CelValue
{
    public ReadOnlyMemory<byte> Value { get; } = value;

    public override CelType Type => CelType.Bytes;

    internal override long Weight => 1 + (Value.Length / 8);

    public override bool IsEqualTo(CelValue other) => other is BytesValue right && Value.Span.SequenceEqual(right.Value.Span);

    public override int? CompareWith(CelValue other) =>
        other is BytesValue right ? Math.Sign(Value.Span.SequenceCompareTo(right.Value.Span)) : null;
}

/// <summary>A length of time, in nanoseconds as Go counts it.</summary>
public sealed class DurationValue(long nanoseconds) : CelValue
{
    public long Nanoseconds { get; } = nanoseconds;

    public override CelType Type => CelType.Duration;

    public override bool IsEqualTo(CelValue other) => other is DurationValue right && Nanoseconds == right.Nanoseconds;

    public override int? CompareWith(CelValue other) => other is DurationValue right ? Nanoseconds.CompareTo(right.Nanoseconds) : null;
}

/// <summary>A point in time between the years 1 and 9999, to the nanosecond.</summary>
public sealed class TimestampValue(long seconds, int nanoseconds, int offsetSeconds = 0) : CelValue
{
    /// <summary>0001-01-01T00:00:00Z.</summary>
    public const long MinSeconds = -62135596800;

    /// <summary>9999-12-31T23:59:59Z.</summary>
    public const long MaxSeconds = 253402300799;

    public long Seconds { get; } = seconds;

    public int Nanoseconds { get; } = nanoseconds;

    /// <summary>The offset that the text had; it only matters for printing and for parts of the date.</summary>
    public int OffsetSeconds { get; } = offsetSeconds;

    public override CelType Type => CelType.Timestamp;

    public override bool IsEqualTo(CelValue other) => CompareWith(other) == 0;

    public override int? CompareWith(CelValue other) => other is TimestampValue right
        ? (Seconds, Nanoseconds).CompareTo((right.Seconds, right.Nanoseconds))
        : null;
}

/// <summary>A type as a value: what <c>type(x)</c> gives.</summary>
public sealed class TypeValue(CelType value) : CelValue
{
    public CelType Value { get; } = value;

    public override CelType Type => CelType.Type;

    public override bool IsEqualTo(CelValue other) => other is TypeValue right && Value.Name == right.Value.Name;
}
