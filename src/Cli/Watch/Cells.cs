using System.Globalization;
using System.Text;

namespace Hikigane.Cli.Watch;

/// <summary>
/// Text in the cells of a terminal: cut and padded by what it takes there, not by its characters; and made harmless, since senders write most of it and a terminal
/// obeys control characters.
/// </summary>
internal static class Cells
{
    public static int Width(string text) => text.EnumerateRunes().Sum(Width);

    /// <summary>Cut to a width, with <c>…</c> where something is missing.</summary>
    public static string Cut(string text, int width)
    {
        if (Width(text) <= width)
        {
            return text;
        }

        var kept = new StringBuilder();
        var used = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (used + Width(rune) > width - 1)
            {
                break;
            }

            used += Width(rune);
            kept.Append(rune);
        }

        return kept.Append('…').ToString();
    }

    public static string Pad(string text, int width) => text + new string(' ', Math.Max(0, width - Width(text)));

    /// <summary>Lines of a width, longer ones broken.</summary>
    public static IEnumerable<string> Wrap(string text, int width)
    {
        foreach (var line in text.ReplaceLineEndings("\n").Split('\n').Select(Harmless))
        {
            var part = new StringBuilder();
            var used = 0;
            foreach (var rune in line.EnumerateRunes())
            {
                if (used + Width(rune) > width)
                {
                    yield return part.ToString();
                    part.Clear();
                    used = 0;
                }

                used += Width(rune);
                part.Append(rune);
            }

            yield return part.ToString();
        }
    }

    /// <summary>Without control characters, and without those that turn the direction of text around.</summary>
    public static string Harmless(string text) => text.All(one => one is >= ' ' and < '\x7f') ? text : string.Concat(text.EnumerateRunes().Select(rune =>
        rune.Value == '\t' ? "  "
        : Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator ? "·"
        : rune.ToString()));

    /// <summary>Two for East Asian wide characters and pictures, none for marks that stand on others.</summary>
    private static int Width(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark ? 0
        : rune.Value is (>= 0x1100 and <= 0x115f) or (>= 0x2e80 and <= 0xa4cf) or (>= 0xac00 and <= 0xd7a3) or (>= 0xf900 and <= 0xfaff) or (>= 0xfe30 and <= 0xfe6f)
            or (>= 0xff00 and <= 0xff60) or (>= 0xffe0 and <= 0xffe6) or (>= 0x1f300 and <= 0x1faff) or (>= 0x20000 and <= 0x3fffd) ? 2
        : 1;
}
