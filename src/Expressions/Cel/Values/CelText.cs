using System.Buffers;
using System.Text;

namespace Hikigane.Expressions.Cel.Values;

/// <summary>
/// Text between UTF-16 and Go's bytes. A byte that is no UTF-8 is held as the lone surrogate U+DC00 + byte (see <see cref="StringValue"/>).
/// </summary>
public static class CelText
{
    /// <summary>The text of these bytes, whatever they are.</summary>
    public static string FromBytes(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        while (bytes.Length > 0)
        {
            if (Rune.DecodeFromUtf8(bytes, out var rune, out var consumed) == OperationStatus.Done)
            {
                text.Append(rune.ToString());
                bytes = bytes[consumed..];
            }
            else
            {
                text.Append((char)(0xDC00 + bytes[0]));
                bytes = bytes[1..];
            }
        }

        return text.ToString();
    }

    /// <summary>The bytes of a text, the inverse of <see cref="FromBytes"/>.</summary>
    public static byte[] ToBytes(string text)
    {
        if (IsValid(text))
        {
            return Encoding.UTF8.GetBytes(text);
        }

        var bytes = new ArrayBufferWriter<byte>(text.Length * 2);
        Span<byte> encoded = stackalloc byte[4];
        for (var i = 0; i < text.Length;)
        {
            if (Rune.DecodeFromUtf16(text.AsSpan(i), out var rune, out var consumed) == OperationStatus.Done)
            {
                bytes.Write(encoded[..rune.EncodeToUtf8(encoded)]);
            }
            else
            {
                encoded[0] = (byte)(text[i] & 0xFF);
                bytes.Write(encoded[..1]);
                consumed = 1;
            }

            i += consumed;
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Whether the text holds no byte outside UTF-8.</summary>
    public static bool IsValid(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]))
            {
                if (i + 1 >= text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                {
                    return false;
                }

                i++;
            }
        }

        return true;
    }

    /// <summary>Code points; each invalid byte counts one.</summary>
    public static int Length(ReadOnlySpan<char> text)
    {
        if (text.IndexOfAnyInRange('\uD800', '\uDBFF') < 0)
        {
            return text.Length;
        }

        var length = text.Length;
        for (var i = 0; i + 1 < text.Length; i++)
        {
            if (char.IsSurrogatePair(text[i], text[i + 1]))
            {
                length--;
                i++;
            }
        }

        return length;
    }

    /// <summary>The UTF-16 offset of a code point offset that is within the text.</summary>
    public static int Offset(string text, int codePoints)
    {
        var at = 0;
        for (; codePoints > 0; codePoints--)
        {
            at += at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]) ? 2 : 1;
        }

        return at;
    }

    /// <summary>The code points as texts of one code point.</summary>
    public static IEnumerable<string> Characters(string text)
    {
        for (var i = 0; i < text.Length;)
        {
            var length = i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]) ? 2 : 1;
            yield return text.Substring(i, length);
            i += length;
        }
    }

    /// <summary>Order by code points, which is the order of the UTF-8 bytes; UTF-16 order differs above U+FFFF.</summary>
    public static int Compare(string left, string right)
    {
        var length = Math.Min(left.Length, right.Length);
        for (var i = 0; i < length; i++)
        {
            var (a, b) = (left[i], right[i]);
            if (a != b)
            {
                return char.IsSurrogate(a) != char.IsSurrogate(b) ? (char.IsSurrogate(a) ? 1 : -1) : a < b ? -1 : 1;
            }
        }

        return Math.Sign(left.Length - right.Length);
    }
}
