using CsCheck;

namespace Hikigane.Unit.Expressions.Hostile;

/// <summary>Generators of text: JSON, near JSON, and pieces that parsers trip over.</summary>
internal static class SomeText
{
    public static readonly Gen<string> Odd = Gen.OneOf<string>(
        "", " ", "\t", "\n", "\r\n", "\0", "\u0001", "\u007f", "\u0085", "\u00a0", "\u2028", "\ufeff", "\ud83d\ude00", "\ud800", "\udc00", "é", "\\", "\\\\", "\"", "'", "`", "$(", "$$(",
        ")", "{", "}", "[", "]", "(", ":", ",", ".", "..", "...", "*", "?", "@", "#", "&", "|", "~", "!", "%", "<<", "---", "- ", "? ", ": ", "0", "-0", "1e999", "1e-999", "NaN",
        "9223372036854775808", "18446744073709551616", "0x", "0b", "0o7", "1_000", "null", "true", "yes", "\\u", "\\ud800", "\\x", "\\777", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");

    public static readonly Gen<string> Word = Gen.String[Gen.Char['a', 'f'], 1, 3];

    /// <summary>Text of odd pieces and words.</summary>
    public static readonly Gen<string> Pieces = Gen.OneOf<string>(Odd, Word, Gen.String[0, 4]).Array[0, 12].Select(string.Concat);

    public static readonly Gen<string> Json = Gen.Recursive<string>((depth, inner) => depth > 4
        ? Scalar
        : Gen.Frequency(
            (3, Scalar),
            (2, inner.Array[0, 4].Select(items => $"[{string.Join(',', items)}]")),
            (3, Gen.Select(Word, inner).Array[0, 4].Select(members => $"{{{string.Join(',', members.Select(member => $"\"{member.Item1}\":{member.Item2}"))}}}"))));

    /// <summary>JSON with something cut, doubled or put in.</summary>
    public static readonly Gen<string> NearlyJson = Damaged(Json);

    private static Gen<string> Scalar => Gen.OneOf<string>(
        Gen.OneOf<string>("null", "true", "false", "0", "-0", "1", "-1", "1.5", "1e3", "9007199254740993", "12345678901234567890", "1e-7", "1e21", "\"\"", "\"\\u0000\"", "\"\\ud83d\\ude00\"", "\"\\ud800\"", "\"é<>&\""),
        Gen.Double.Where(double.IsFinite).Select(number => number.ToString("R", System.Globalization.CultureInfo.InvariantCulture)),
        Word.Select(word => $"\"{word}\""));

    public static Gen<string> Damaged(Gen<string> text) => Gen.Select(text, Gen.Int[0, 1000], Gen.Int[0, 5], Odd, Gen.Int[0, 4]).Select((whole, where, length, odd, how) =>
    {
        var at = whole.Length == 0 ? 0 : where % whole.Length;
        var end = Math.Min(at + length, whole.Length);
        return how switch
        {
            0 => whole[..at],
            1 => whole[..at] + whole[end..],
            2 => whole[..end] + whole[at..],
            3 => whole[..at] + odd + whole[at..],
            _ => whole,
        };
    });
}
