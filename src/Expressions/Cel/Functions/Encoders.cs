using Hikigane.Expressions.Cel.Checking;
using Hikigane.Expressions.Cel.Evaluation;
using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Expressions.Cel.Functions;

/// <summary>cel-go's <c>encoders</c> extension.</summary>
internal static class Encoders
{
    public static IReadOnlyList<CelFunction> All { get; } =
    [
        new CelFunction("base64.encode").With("(bytes) string", (_, it) => new StringValue(Convert.ToBase64String(((BytesValue)it[0]).Value.Span))),
        new CelFunction("base64.decode").With("(string) bytes", (_, it) => Decode(((StringValue)it[0]).Value)),
        new CelFunction("json.encode").With("(dyn) string", (frame, it) =>
        {
            if (!frame.SpendWritten(it[0]))
            {
                return EvaluationFrame.OutOfBudget;
            }

            var (json, error) = CelJson.ToText(it[0]);
            return error is null ? new StringValue(json!) : new ErrorValue(error);
        }),
    ];

    /// <summary>Standard alphabet, padded or not; line ends are skipped, and the first wrong byte is named.</summary>
    private static CelValue Decode(string text)
    {
        var bytes = CelText.ToBytes(text);
        var isPadded = text.Contains('=', StringComparison.Ordinal);
        var output = new List<byte>(bytes.Length);
        var (bits, count, digits) = (0, 0, 0);
        for (var i = 0; i < bytes.Length; i++)
        {
            var character = (char)bytes[i];
            if (character is '\r' or '\n')
            {
                continue;
            }

            if (character == '=')
            {
                return Pad(bytes, i, digits, output);
            }

            var digit = Digit(character);
            if (digit < 0)
            {
                return Illegal(i);
            }

            (bits, count, digits) = (((bits << 6) | digit) & 0xFFFFFF, count + 6, digits + 1);
            if (count >= 8)
            {
                count -= 8;
                output.Add((byte)(bits >> count));
            }
        }

        return digits % 4 == 1 ? Illegal(bytes.Length - 1) : isPadded && digits % 4 != 0 ? Illegal(bytes.Length) : new BytesValue(output.ToArray());
    }

    private static CelValue Pad(byte[] bytes, int at, int digits, List<byte> output)
    {
        var wanted = (4 - (digits % 4)) % 4;
        var padding = 0;
        for (var i = at; i < bytes.Length; i++)
        {
            if ((char)bytes[i] is '\r' or '\n')
            {
                continue;
            }

            if (bytes[i] != '=' || wanted is 0 or 3)
            {
                return Illegal(i);
            }

            // One that is too many makes Go give up on the padded form at its last proper byte.
            if (++padding > wanted)
            {
                return Illegal(at);
            }
        }

        return padding == wanted ? new BytesValue(output.ToArray()) : Illegal(bytes.Length);
    }

    private static int Digit(char character) => character switch
    {
        >= 'A' and <= 'Z' => character - 'A',
        >= 'a' and <= 'z' => character - 'a' + 26,
        >= '0' and <= '9' => character - '0' + 52,
        '+' => 62,
        '/' => 63,
        _ => -1,
    };

    private static ErrorValue Illegal(int at) => new($"illegal base64 data at input byte {at}");
}
