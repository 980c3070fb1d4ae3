using System.Security.Cryptography;
using System.Text;

namespace Hikigane.Triggers.Interceptors;

/// <summary>
/// Checks <c>algorithm=hex</c> over a payload, in constant time. As go-github's <c>ValidateSignature</c>, which takes all three
/// algorithms in every header.
/// </summary>
internal static class PayloadSignature
{
    /// <summary>Null when the signature is right, else upstream's error.</summary>
    public static string? Check(string signature, string body, ReadOnlySpan<byte> secret)
    {
        var parts = signature.Split('=', 2);
        if (parts.Length != 2)
        {
            return $"error parsing signature {GoQuote(signature)}";
        }

        var payload = Encoding.UTF8.GetBytes(body);
        byte[]? expected = parts[0] switch
        {
#pragma warning disable CA5350 // the sender chooses; senders of old still sign with SHA-1
            "sha1" => HMACSHA1.HashData(secret, payload),
#pragma warning restore CA5350
            "sha256" => HMACSHA256.HashData(secret, payload),
            "sha512" => HMACSHA512.HashData(secret, payload),
            _ => null,
        };
        if (expected is null)
        {
            return $"unknown hash type prefix: {GoQuote(parts[0])}";
        }

        var (given, error) = Decode(parts[1]);
        return error is not null ? $"error decoding signature {GoQuote(signature)}: {error}"
            : CryptographicOperations.FixedTimeEquals(expected, given) ? null
            : "payload signature check failed";
    }

    private static (byte[] Bytes, string? Error) Decode(string hex)
    {
        for (var i = 0; i < hex.Length; i++)
        {
            if (!char.IsAsciiHexDigit(hex[i]))
            {
                // Go looks at bytes.
                var first = Encoding.UTF8.GetBytes(hex[i..])[0];
                return ([], $"encoding/hex: invalid byte: U+{(int)first:X4}{(first is < 0x20 or 0x7f or (>= 0x80 and < 0xa1) ? "" : $" '{(char)first}'")}");
            }
        }

        return hex.Length % 2 == 0 ? (Convert.FromHexString(hex), null) : ([], "encoding/hex: odd length hex string");
    }

    private static string GoQuote(string text) => Expressions.GoJson.GoJsonWriter.Quote(text, escapeHtml: false);
}
