using System.Buffers;
using System.Globalization;
using System.Text;
using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Expressions.Cel.Syntax;

/// <summary>Token text to constant: numbers, text and bytes with their escapes (as cel-go parser/unescape.go).</summary>
internal static class Literals
{
    public static CelValue? Int(string text, bool isNegative)
    {
        var isHex = text.StartsWith("0x", StringComparison.Ordinal);
        if (!ulong.TryParse(isHex ? text.AsSpan(2) : text, isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out var magnitude)
            || magnitude > (isNegative ? 1UL << 63 : long.MaxValue))
        {
            return null;
        }

        return IntValue.Of(isNegative ? unchecked(-(long)magnitude) : (long)magnitude);
    }

    public static CelValue? Uint(string text)
    {
        var digits = text.AsSpan(0, text.Length - 1);
        var isHex = digits.StartsWith("0x", StringComparison.Ordinal);
        return ulong.TryParse(isHex ? digits[2..] : digits, isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? new UintValue(value)
            : null;
    }

    public static CelValue? Double(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? new DoubleValue(value) : null;

    /// <summary>The value of a quoted token; null when an escape names no code point.</summary>
    public static CelValue? Text(string token, bool isBytes)
    {
        var open = token.AsSpan().IndexOfAny('"', '\'');
        var isRaw = token.AsSpan(0, open).IndexOfAny('r', 'R') >= 0;
        var quotes = token.Length >= open + 6 && token[open + 1] == token[open] && token[open + 2] == token[open] ? 3 : 1;
        var body = token[(open + quotes)..^quotes].Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        if (isRaw || !body.Contains('\\', StringComparison.Ordinal))
        {
            return isBytes ? new BytesValue(CelText.ToBytes(body)) : new StringValue(body);
        }

        return Unescape(body, isBytes);
    }

    private static CelValue? Unescape(string body, bool isBytes)
    {
        var output = new ArrayBufferWriter<byte>(body.Length);
        Span<byte> encoded = stackalloc byte[4];
        for (var i = 0; i < body.Length;)
        {
            if (body[i] != '\\')
            {
                Rune.DecodeFromUtf16(body.AsSpan(i), out var rune, out var consumed);
                output.Write(encoded[..rune.EncodeToUtf8(encoded)]);
                i += consumed;
                continue;
            }

            var (code, length, isByte) = Escape(body, i + 1);
            i += length + 1;
            if (isBytes && isByte)
            {
                encoded[0] = (byte)code;
                output.Write(encoded[..1]);
            }
            else if (Rune.IsValid(code))
            {
                output.Write(encoded[..new Rune(code).EncodeToUtf8(encoded)]);
            }
            else
            {
                return null;
            }
        }

        return isBytes ? new BytesValue(output.WrittenSpan.ToArray()) : new StringValue(Encoding.UTF8.GetString(output.WrittenSpan));
    }

    private static (int Code, int Length, bool IsByte) Escape(string body, int at) => body[at] switch
    {
        'a' => (7, 1, false),
        'b' => (8, 1, false),
        'f' => (12, 1, false),
        'n' => (10, 1, false),
        'r' => (13, 1, false),
        't' => (9, 1, false),
        'v' => (11, 1, false),
        'x' or 'X' => (Hex(body, at + 1, 2), 3, true),
        'u' => (Hex(body, at + 1, 4), 5, false),
        'U' => (Hex(body, at + 1, 8), 9, false),
        >= '0' and <= '3' => (((body[at] - '0') * 64) + ((body[at + 1] - '0') * 8) + (body[at + 2] - '0'), 3, true),
        var other => (other, 1, false),
    };

    private static int Hex(string body, int at, int digits) =>
        unchecked((int)uint.Parse(body.AsSpan(at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
}
