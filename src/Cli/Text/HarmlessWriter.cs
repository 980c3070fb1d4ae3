using System.Globalization;
using System.Text;

namespace Hikigane.Cli.Text;

/// <summary>
/// Standard output where it is a terminal: much of what is printed was written by whoever sends requests, and a terminal obeys control characters. They are shown as
/// <c>·</c>, as are those that turn the direction of text around. Pipes and files get what there is.
/// </summary>
internal sealed class HarmlessWriter(TextWriter inner) : TextWriter(CultureInfo.InvariantCulture)
{
    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value) => inner.Write(Shown(value));

    public override void Write(string? value) =>
        inner.Write(value is null || value.All(one => Shown(one) == one) ? value : string.Concat(value.Select(Shown)));

    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    public override void Write(ReadOnlySpan<char> buffer) => Write(buffer.ToString());

    public override void WriteLine(string? value) => Write(value + NewLine);

    public override void Flush() => inner.Flush();

    private static char Shown(char value) => value is (>= ' ' and < '\x7f') or '\n' or '\r' or '\t' ? value
        : char.GetUnicodeCategory(value) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator ? '·'
        : value;
}
