using System.Globalization;
using System.Text;
using Hikigane.Expressions.Cel.Checking;
using Hikigane.Expressions.Cel.Go;
using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Expressions.Cel.Functions;

/// <summary>Conversions between types, <c>type</c> and <c>dyn</c> (as cel-go common/types).</summary>
internal static class Conversions
{
    public static IReadOnlyList<CelFunction> All { get; } =
    [
        new CelFunction("dyn").With("(A) dyn", (_, it) => it[0]),
        new CelFunction("type").With("(A) type(A)", (_, it) => new TypeValue(it[0].Type)),
        new CelFunction("bool").With("(bool) bool", (_, it) => it[0]).With("(string) bool", (_, it) => Bool(Text(it[0]))),
        new CelFunction("bytes").With("(bytes) bytes", (_, it) => it[0]).With("(string) bytes", (_, it) => new BytesValue(CelText.ToBytes(Text(it[0])))),
        new CelFunction("double").With("(double) double", (_, it) => it[0]).With("(int) double", (_, it) => new DoubleValue(((IntValue)it[0]).Value))
            .With("(uint) double", (_, it) => new DoubleValue(((UintValue)it[0]).Value)).With("(string) double", (_, it) => Double(Text(it[0]))),
        new CelFunction("int").With("(int) int", (_, it) => it[0]).With("(uint) int", (_, it) => Int(((UintValue)it[0]).Value))
            .With("(double) int", (_, it) => Int(((DoubleValue)it[0]).Value)).With("(string) int", (_, it) => Int(Text(it[0])))
            .With("(duration) int", (_, it) => IntValue.Of(((DurationValue)it[0]).Nanoseconds))
            .With("(timestamp) int", (_, it) => IntValue.Of(((TimestampValue)it[0]).Seconds)),
        new CelFunction("uint").With("(uint) uint", (_, it) => it[0]).With("(int) uint", (_, it) => Uint(((IntValue)it[0]).Value))
            .With("(double) uint", (_, it) => Uint(((DoubleValue)it[0]).Value)).With("(string) uint", (_, it) => Uint(Text(it[0]))),
        new CelFunction("string").With("(string) string", (_, it) => it[0]).With("(bool) string", (_, it) => new StringValue(GoText.Verb(it[0])))
            .With("(bytes) string", (_, it) => String((BytesValue)it[0])).With("(double) string", (_, it) => new StringValue(GoText.Verb(it[0])))
            .With("(duration) string", (_, it) => new StringValue(GoTime.Seconds((DurationValue)it[0])))
            .With("(int) string", (_, it) => new StringValue(GoText.Verb(it[0])))
            .With("(timestamp) string", (_, it) => new StringValue(GoTime.Rfc3339((TimestampValue)it[0])))
            .With("(uint) string", (_, it) => new StringValue(GoText.Verb(it[0]))),
        new CelFunction("duration").With("(duration) duration", (_, it) => it[0])
            .With("(string) duration", (_, it) => (CelValue?)GoTime.ParseDuration(Text(it[0])) ?? Failure("string", "google.protobuf.Duration")),
        new CelFunction("timestamp").With("(timestamp) timestamp", (_, it) => it[0]).With("(string) timestamp", (_, it) => Timestamp(Text(it[0])))
            .With("(int) timestamp", (_, it) => Within(new TimestampValue(((IntValue)it[0]).Value, 0))),
    ];

    private static string Text(CelValue value) => ((StringValue)value).Value;

    private static ErrorValue Failure(string from, string to) => new ErrorValue($"type conversion error from '{from}' to '{to}'");

    private static CelValue Bool(string text) => text switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => BoolValue.True,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => BoolValue.False,
        _ => Failure("string", "bool"),
    };

    private static CelValue Double(string text)
    {
        var lower = text.TrimStart('+', '-').ToLowerInvariant();
        if (lower is "inf" or "infinity" or "nan" && text.Length <= lower.Length + 1)
        {
            return new DoubleValue(lower == "nan" ? double.NaN : text[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity);
        }

        return text.Length > 0 && !char.IsWhiteSpace(text[0]) && !char.IsWhiteSpace(text[^1])
            && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
                ? new DoubleValue(value)
                : Failure("string", "double");
    }

    private static CelValue Int(ulong value) => value <= long.MaxValue ? IntValue.Of((long)value) : new ErrorValue("integer overflow");

    private static CelValue Int(double value) => value is > -9223372036854775808.0 and < 9223372036854775808.0
        ? IntValue.Of((long)value)
        : new ErrorValue("integer overflow");

    private static CelValue Int(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? IntValue.Of(value) : Failure("string", "int");

    private static CelValue Uint(long value) => value >= 0 ? new UintValue((ulong)value) : new ErrorValue("unsigned integer overflow");

    private static CelValue Uint(double value) => value is >= 0 and < 18446744073709551616.0
        ? new UintValue((ulong)value)
        : new ErrorValue("unsigned integer overflow");

    private static CelValue Uint(string text) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? new UintValue(value) : Failure("string", "uint");

    private static CelValue String(BytesValue bytes) => System.Text.Unicode.Utf8.IsValid(bytes.Value.Span)
        ? new StringValue(Encoding.UTF8.GetString(bytes.Value.Span))
        : new ErrorValue("invalid UTF-8 in bytes, cannot convert to string");

    private static CelValue Timestamp(string text)
    {
        if (GoTime.ParseTime(text) is { } time)
        {
            return Within(time);
        }

        // cel-go looks at the shape first, and at the calendar after that.
        var hasShape = text.Length >= 20 && text[10] is 'T' or 't' && text.Take(19).Count(char.IsAsciiDigit) == 14 && (text[^1] is 'Z' or 'z' || text[^3] == ':');
        return hasShape ? Failure("string", "google.protobuf.Timestamp") : new ErrorValue($"invalid RFC 3339 timestamp {GoText.Quote(text)}");
    }

    private static CelValue Within(TimestampValue time) =>
        time.Seconds is < TimestampValue.MinSeconds or > TimestampValue.MaxSeconds ? new ErrorValue("timestamp overflow") : time;
}
