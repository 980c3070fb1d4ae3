using System.Globalization;
using System.Numerics;
using System.Text;
using Hikigane.Expressions.Cel.Evaluation;
using Hikigane.Expressions.Cel.Values;
using Hikigane.Expressions.GoJson;

namespace Hikigane.Expressions.Cel.Functions;

/// <summary><c>format</c> of the strings extension (as cel-go ext/formatting_v2.go).</summary>
internal static class Format
{
    private const int MaxPrecision = 100;

    public static CelValue Apply(EvaluationFrame frame, string text, IReadOnlyList<CelValue> arguments)
    {
        var output = new StringBuilder();
        var next = 0;
        foreach (var clause in Clauses(text))
        {
            if (clause.Error is { } error)
            {
                return new ErrorValue(error);
            }

            if (clause.Verb == '\0')
            {
                output.Append(clause.Literal);
                continue;
            }

            if (next >= arguments.Count)
            {
                return new ErrorValue($"index {next} out of range");
            }

            var argument = arguments[next++];
            if (!frame.SpendWalk(argument))
            {
                return EvaluationFrame.OutOfBudget;
            }

            var (shown, problem) = Show(clause.Verb, clause.Precision, argument);
            if (shown is null)
            {
                return new ErrorValue($"error during formatting: {problem}");
            }

            output.Append(shown);
            if (!frame.SpendText(shown.Length))
            {
                return EvaluationFrame.OutOfBudget;
            }
        }

        return new StringValue(output.ToString());
    }

    /// <summary>Literal pieces, clauses, and possibly a last one that says what is wrong.</summary>
    public static IEnumerable<FormatClause> Clauses(string text)
    {
        for (var i = 0; i < text.Length;)
        {
            var percent = text.IndexOf('%', i);
            if (percent != i)
            {
                var end = percent < 0 ? text.Length : percent;
                yield return new FormatClause(i, text[i..end], '\0', null, null);
                i = end;
                continue;
            }

            var clause = Clause(text, i);
            yield return clause.Clause;
            if (clause.Clause.Error is not null)
            {
                yield break;
            }

            i = clause.End;
        }
    }

    private static (FormatClause Clause, int End) Clause(string text, int start)
    {
        FormatClause Wrong(int at, string error) => new(at, "", '\0', null, error);
        var at = start + 1;
        if (at >= text.Length)
        {
            return (Wrong(start, "unexpected end of string"), at);
        }

        if (text[at] == '%')
        {
            return (new FormatClause(start, "%", '\0', null, null), at + 1);
        }

        int? precision = null;
        if (text[at] == '.')
        {
            var end = at + 1;
            while (end < text.Length && char.IsAsciiDigit(text[end]))
            {
                end++;
            }

            var digits = text[(at + 1)..end];
            const string Where = "could not parse formatting clause: error while parsing precision: ";
            if (digits.Length == 0 || end >= text.Length)
            {
                return (Wrong(start + 1, end >= text.Length ? Where + "could not find end of precision specifier" : Where + "error while converting precision to integer: strconv.Atoi: parsing \"\": invalid syntax"), end);
            }

            precision = int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : int.MaxValue;
            if (precision > MaxPrecision)
            {
                return (Wrong(start + 1, $"{Where}precision {digits} exceeds maximum allowed precision {MaxPrecision}"), end);
            }

            at = end;
        }

        return text[at] is 's' or 'd' or 'f' or 'e' or 'b' or 'x' or 'X' or 'o'
            ? (new FormatClause(at, "", text[at], precision, null), at + 1)
            : (Wrong(at, $"could not parse formatting clause: unrecognized formatting clause \"{CelText.Characters(text[at..]).First()}\""), at);
    }

    private static (string? Shown, string? Problem) Show(char verb, int? precision, CelValue value)
    {
        var type = value.Type.Name;
        return verb switch
        {
            's' => Text(value) is { } text ? (text, null)
                : (null, $"string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given {type}"),
            'd' => Decimal(value) is { } text ? (text, null) : (null, $"decimal clause can only be used on ints, uints, and doubles, was given {type}"),
            'f' => Fixed(value, precision ?? 6) is { } text ? (text, null) : (null, $"fixed-point clause can only be used on ints, uints, and doubles, was given {type}"),
            'e' => Scientific(value, precision ?? 6) is { } text ? (text, null) : (null, $"scientific clause can only be used on ints, uints, and doubles, was given {type}"),
            'b' => Based(value, 2) is { } text ? (text, null) : value is BoolValue flag ? (flag.Value ? "1" : "0", null)
                : (null, $"only ints, uints, and bools can be formatted as binary, was given {type}"),
            'o' => Based(value, 8) is { } text ? (text, null) : (null, $"octal clause can only be used on ints and uints, was given {type}"),
            _ => Hex(value) is { } text ? (verb == 'X' ? text.ToUpperInvariant() : text, null)
                : (null, $"only ints, uints, bytes, and strings can be formatted as hex, was given {type}"),
        };
    }

    private static string? Text(CelValue value) => value switch
    {
        ListValue list => list.Items.Select(Text).ToList() is var items && items.TrueForAll(item => item is not null) ? $"[{string.Join(", ", items)}]" : null,
        MapValue map => $"{{{string.Join(", ", map.Entries.Select(entry => (Key: Text(entry.Key), Value: Text(entry.Value)))
            .OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{entry.Key}: {entry.Value}"))}}}",
        DoubleValue number => SpecialName(number.Value) ?? GoNumber.PlainShortest(number.Value),
        BytesValue bytes => Encoding.UTF8.GetString(bytes.Value.Span),
        ErrorValue => null,
        _ => GoText.Verb(value),
    };

    private static string? SpecialName(double value) =>
        double.IsNaN(value) ? "NaN" : double.IsPositiveInfinity(value) ? "Infinity" : double.IsNegativeInfinity(value) ? "-Infinity" : null;

    private static string? Decimal(CelValue value) => value switch
    {
        IntValue or UintValue => GoText.Verb(value),
        DoubleValue number => SpecialName(number.Value) ?? GoNumber.PlainShortest(number.Value),
        _ => null,
    };

    private static string? Fixed(CelValue value, int precision) => Number(value) is not { } number
        ? null
        : SpecialName(number) ?? (number == 0 && double.IsNegative(number) ? "-" : "") + Exact(Math.Abs(number) == 0 ? 0 : number, precision);

    private static string Exact(double value, int precision) => value.ToString("F" + precision.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static string? Scientific(CelValue value, int precision) => Number(value) is not { } number
        ? null
        : SpecialName(number) ?? number.ToString((precision == 0 ? "0" : "0." + new string('0', precision)) + "e+00", CultureInfo.InvariantCulture);

    private static double? Number(CelValue value) => value switch
    {
        IntValue number => number.Value,
        UintValue number => number.Value,
        DoubleValue number => number.Value,
        _ => null,
    };

    private static string? Based(CelValue value, int radix) => value switch
    {
        IntValue number => (number.Value < 0 ? "-" : "") + Digits(BigInteger.Abs(number.Value), radix),
        UintValue number => Digits(number.Value, radix),
        _ => null,
    };

    private static string Digits(BigInteger value, int radix)
    {
        var digits = new StringBuilder();
        do
        {
            digits.Insert(0, "0123456789abcdef"[(int)(value % radix)]);
            value /= radix;
        }
        while (!value.IsZero);
        return digits.ToString();
    }

    private static string? Hex(CelValue value) => value switch
    {
        StringValue text => Convert.ToHexStringLower(CelText.ToBytes(text.Value)),
        BytesValue bytes => Convert.ToHexStringLower(bytes.Value.Span),
        _ => Based(value, 16),
    };
}

/// <summary>A piece of a format text: literal (<see cref="Verb"/> is NUL), clause, or error, with the place it is reported at.</summary>
internal sealed record FormatClause(int At, string Literal, char Verb, int? Precision, string? Error);
