using System.Globalization;
using System.Numerics;
using System.Text.Json.Nodes;

namespace Hikigane.Resources.Yaml;

/// <summary>
/// What a plain scalar means: YAML 1.1 as kubectl reads it (sigs.k8s.io/yaml over go-yaml v2, resolve.go).
/// </summary>
internal static class YamlScalar
{
    /// <summary>A scalar → JSON value; false when it is a number that JSON cannot hold.</summary>
    public static bool TryResolve(string text, out JsonNode? value)
    {
        value = null;
        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                return true;
            case "y" or "Y" or "yes" or "Yes" or "YES" or "true" or "True" or "TRUE" or "on" or "On" or "ON":
                value = JsonValue.Create(true);
                return true;
            case "n" or "N" or "no" or "No" or "NO" or "false" or "False" or "FALSE" or "off" or "Off" or "OFF":
                value = JsonValue.Create(false);
                return true;
            case ".inf" or ".Inf" or ".INF" or "+.inf" or "+.Inf" or "+.INF" or "-.inf" or "-.Inf" or "-.INF" or ".nan" or ".NaN" or ".NAN":
                return false;
        }

        value = Number(text) ?? JsonValue.Create(text);
        return true;
    }

    /// <summary>Whether a string has to be quoted so that it is read back as a string.</summary>
    public static bool IsSpecial(string text) =>
        !TryResolve(text, out var value) || value is null || value.GetValueKind() != System.Text.Json.JsonValueKind.String || LooksLikeTimestamp(text);

    private static JsonValue? Number(string text)
    {
        if (!(char.IsAsciiDigit(text[0]) || text[0] is '+' or '-' or '.'))
        {
            return null;
        }

        var plain = text.Replace("_", "", StringComparison.Ordinal);
        return Whole(plain) ?? (IsFloat(plain) && double.TryParse(plain, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? JsonValue.Create(number)
            : null);
    }

    private static JsonValue? Whole(string plain)
    {
        var isNegative = plain.StartsWith('-');
        var digits = plain.StartsWith('-') || plain.StartsWith('+') ? plain[1..] : plain;
        var (radix, body) = digits switch
        {
            ['0', 'x' or 'X', .. var hex] => (16, hex),
            ['0', 'b' or 'B', .. var binary] => (2, binary),
            ['0', 'o' or 'O', .. var octal] => (8, octal),
            ['0', _, ..] => (8, digits[1..]),
            _ => (10, digits),
        };
        if (body.Length == 0)
        {
            return null;
        }

        BigInteger sum = 0;
        foreach (var character in body)
        {
            var digit = char.IsAsciiHexDigit(character) ? Convert.ToInt32(character.ToString(), 16) : 99;
            if (digit >= radix)
            {
                return null;
            }

            sum = (sum * radix) + digit;
            if (sum > ulong.MaxValue)
            {
                return null;
            }
        }

        sum = isNegative ? -sum : sum;
        return sum < long.MinValue ? null : sum <= long.MaxValue ? JsonValue.Create((long)sum) : JsonValue.Create((ulong)sum);
    }

    /// <summary><c>^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$</c></summary>
    private static bool IsFloat(ReadOnlySpan<char> text)
    {
        text = text.Length > 0 && text[0] is '-' or '+' ? text[1..] : text;
        var whole = Digits(ref text);
        var fraction = 0;
        if (text.Length > 0 && text[0] == '.')
        {
            text = text[1..];
            fraction = Digits(ref text);
        }

        if (whole + fraction == 0)
        {
            return false;
        }

        if (text.Length > 0 && text[0] is 'e' or 'E')
        {
            text = text[1..];
            text = text.Length > 0 && text[0] is '-' or '+' ? text[1..] : text;
            if (Digits(ref text) == 0)
            {
                return false;
            }
        }

        return text.IsEmpty;
    }

    private static int Digits(ref ReadOnlySpan<char> text)
    {
        var end = text.IndexOfAnyExceptInRange('0', '9');
        var count = end < 0 ? text.Length : end;
        text = text[count..];
        return count;
    }

    // Other YAML 1.1 readers make a date of it.
    private static bool LooksLikeTimestamp(string text) =>
        text.Length >= 8 && char.IsAsciiDigit(text[0]) && text.AsSpan(0, 5).Contains('-') && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _);
}
