using Hikigane.Cli.Text;

namespace Hikigane.Unit.Cli;

public sealed class HarmlessWriterTests
{
    [Theory]
    [InlineData("\e[2Jref\u009b31m\a\b", "·[2Jref·31m··")]
    [InlineData("a\u202eb\u2028c", "a·b·c")]
    [InlineData("引き金 ● é\tx", "引き金 ● é\tx")]
    public void A_terminal_is_told_nothing_that_it_would_obey(string text, string shown)
    {
        using var output = new StringWriter();
        using (var writer = new HarmlessWriter(output))
        {
            writer.Write(text);
            writer.WriteLine(text);
            writer.Write(text.ToCharArray());
            writer.Write('\e');
            writer.WriteLine();
        }

        Assert.Equal($"{shown}{shown}{Environment.NewLine}{shown}·{Environment.NewLine}", output.ToString());
    }
}
