using System.Globalization;
using System.Text;

namespace Hikigane.Expressions.GoJson;

/// <summary>Spelling of doubles as Go's <c>strconv</c>, <c>fmt</c> and <c>encoding/json</c> have it.</summary>
public static class GoNumber
{
    /// <summary><c>strconv.FormatFloat(value, 'g', -1, 64)</c>: what <c>string(1e6)</c> and <c>fmt</c>'s <c>%v</c> give.</summary>
    public static string Shortest(double value) => General(value);

    /// <summary><c>encoding/json</c>: plain between 1e-6 and 1e21, else with a one-digit exponent.</summary>
    public static string Json(double value)
    {
        var absolute = Math.Abs(value);
        if (absolute == 0 || absolute is >= 1e-6 and < 1e21)
        {
            return Plain(Split(value));
        }

        var text = Exponential(Split(value));
        return text.Length > 4 && text[^4] == 'e' && text[^3] == '-' && text[^2] == '0' ? text[..^2] + text[^1] : text;
    }

    /// <summary><c>'f'</c> with the fewest digits that read back as the same number.</summary>
    public static string PlainShortest(double value) => Special(value) ?? Plain(Split(value));

    private static string General(double value)
    {
        if (Special(value) is { } special)
        {
            return special;
        }

        var parts = Split(value);
        var exponent = parts.Point - 1;
        return exponent is < -4 or >= 6 ? Exponential(parts) : Plain(parts);
    }

    private static string? Special(double value) =>
        double.IsNaN(value) ? "NaN" : double.IsPositiveInfinity(value) ? "+Inf" : double.IsNegativeInfinity(value) ? "-Inf" : null;

    private static (bool Negative, string Digits, int Point) Split(double value)
    {
        var shortest = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture);
        if (value == 0)
        {
            return (double.IsNegative(value), "0", 1);
        }

        int exponent;
        var mantissa = shortest.Split('E')[0];
        var digits = mantissa.Replace(".", "", StringComparison.Ordinal).TrimStart('0').TrimEnd('0');
        if (shortest.Contains('E', StringComparison.Ordinal))
        {
            exponent = int.Parse(shortest.Split('E')[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        }
        else
        {
            var dot = mantissa.IndexOf('.');
            var whole = dot < 0 ? mantissa : mantissa[..dot];
            exponent = whole != "0" ? whole.Length - 1 : -1 - mantissa[(dot + 1)..].TakeWhile(digit => digit == '0').Count();
        }

        return (value < 0, digits, exponent + 1);
    }

    private static string Plain((bool Negative, string Digits, int Point) parts)
    {
        var text = new StringBuilder(parts.Negative ? "-" : "");
        if (parts.Point <= 0)
        {
            return text.Append("0.").Append('0', -parts.Point).Append(parts.Digits).ToString();
        }

        if (parts.Point >= parts.Digits.Length)
        {
            return text.Append(parts.Digits).Append('0', parts.Point - parts.Digits.Length).ToString();
        }

        return text.Append(parts.Digits, 0, parts.Point).Append('.').Append(parts.Digits, parts.Point, parts.Digits.Length - parts.Point).ToString();
    }

    private static string Exponential((bool Negative, string Digits, int Point) parts)
    {
        var text = new StringBuilder(parts.Negative ? "-" : "").Append(parts.Digits[0]);
        if (parts.Digits.Length > 1)
        {
            text.Append('.').Append(parts.Digits, 1, parts.Digits.Length - 1);
        }

        var exponent = parts.Point - 1;
        text.Append('e').Append(exponent < 0 ? '-' : '+');
        return text.Append(Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture)).ToString();
    }
}
