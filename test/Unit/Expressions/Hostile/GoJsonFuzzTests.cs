using System.Text;
using System.Text.Json;
using CsCheck;
using Hikigane.Expressions.Cel.Values;
using Hikigane.Expressions.GoJson;

namespace Hikigane.Unit.Expressions.Hostile;

public sealed class GoJsonFuzzTests
{
    [Fact]
    public void All_three_ways_to_read_agree() => Fuzz.Sample(Gen.OneOf<string>(SomeText.NearlyJson, SomeText.Pieces), text =>
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var (node, error) = GoJsonReader.Read(bytes);
        var (value, valueError) = CelJson.Read(bytes);

        Assert.Equal(error, valueError);
        Assert.Equal(error, GoJsonReader.Check(bytes));
        if (error is null)
        {
            Assert.Equal(GoJsonWriter.Write(node), CelJson.ToText(value!, escapesHtml: true).Json);
        }
    });

    [Fact]
    public void What_is_written_is_read_back() => Fuzz.Sample(SomeText.Json, text =>
    {
        var written = GoJsonWriter.Write(GoJsonReader.Read(text).Node);

        Assert.Equal(written, GoJsonWriter.Write(GoJsonReader.Read(written).Node));
        // A whole number has no negative zero.
        var isWhole = written.Contains("-0", StringComparison.Ordinal);
        Assert.True(isWhole || written == GoJsonWriter.Write(GoJsonReader.Read(written, GoNumbers.Kubernetes).Node));
    });

    [Fact]
    public void What_is_JSON_to_others_is_JSON() => Fuzz.Sample(SomeText.NearlyJson, text =>
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var isJson = true;
        try
        {
            JsonDocument.Parse(bytes).Dispose();
        }
        catch (JsonException)
        {
            isJson = false;
        }

        var error = GoJsonReader.Check(bytes);
        Assert.True(isJson == (error is null) || error!.Contains("float64", StringComparison.Ordinal), $"{isJson}: {error}");
    });

    [Fact]
    public void Bytes_that_are_no_text_are_read_or_refused() => Fuzz.Sample(Gen.Byte.Array[0, 40], bytes =>
    {
        byte[] quoted = [(byte)'"', .. bytes, (byte)'"'];
        Assert.Equal(GoJsonReader.Read(quoted).Error, CelJson.Read(quoted).Error);
    });

    [Theory]
    [InlineData('[', ']')]
    [InlineData('{', '}')]
    public void Depth_ends_in_an_error(char open, char close) => Fuzz.Bounded(() =>
    {
        var inner = open == '{' ? "{\"a\":" : "[";
        foreach (var depth in (int[])[1_400, 9_999, 10_001, 3_000_000])
        {
            var text = Encoding.UTF8.GetBytes(new StringBuilder().Insert(0, inner, depth).Append('1').Append(close, depth).ToString());
            Assert.Equal(depth > 10_000, GoJsonReader.Check(text) is not null);
            Assert.Equal(depth > 1_500, GoJsonReader.Read(text).Error is not null);
        }
    });
}
