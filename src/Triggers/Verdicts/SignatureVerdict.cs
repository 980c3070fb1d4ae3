using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Hikigane.Triggers.Interceptors;

namespace Hikigane.Triggers.Verdicts;

/// <summary>
/// Why a signature does not match, as far as that can be told without showing the secret: the beginnings of both digests, and the common slips with
/// a Secret — a line break at its end, blanks or quotes around it, its value encoded twice.
/// </summary>
public static class SignatureVerdict
{
    /// <param name="name">Name of the built-in interceptor.</param>
    /// <param name="inner">The interceptor that checks.</param>
    public static Interceptor Explaining(string name, Interceptor inner, SecretReader secrets) => (request, cancellationToken) =>
    {
        var answer = inner(request, cancellationToken);
        return answer.IsCompletedSuccessfully && answer.Result is { Continue: true } passed
            ? ValueTask.FromResult(passed)
            : ExplainedAsync(name, answer, secrets, request, cancellationToken);
    };

    /// <summary>What a person is told; the secret itself is not in it.</summary>
    public static string Explain(string name, string given, string body, ReadOnlySpan<byte> secret)
    {
        var text = new StringBuilder();
        if (name == "gitlab")
        {
            text.Append(CultureInfo.InvariantCulture, $"X-Gitlab-Token has {Encoding.UTF8.GetByteCount(given)} bytes, the secret has {secret.Length}.");
        }
        else
        {
            var digest = given[(given.IndexOf('=', StringComparison.Ordinal) + 1)..];
            text.Append(
                CultureInfo.InvariantCulture,
                $"The header begins `{Start(digest)}…`, we computed `{Start(Digest(given, body, secret))}…` over {Encoding.UTF8.GetByteCount(body):N0} bytes.");
        }

        var slip = Slip(secret);
        if (slip is null)
        {
            return text.ToString();
        }

        text.Append(' ').Append(slip.Value.What);
        return (Matches(name, given, body, slip.Value.Meant) ? text.Append(" Without that it matches.") : text).ToString();
    }

    private static async ValueTask<InterceptorResponse> ExplainedAsync(
        string name, ValueTask<InterceptorResponse> answer, SecretReader secrets, InterceptorRequest request, CancellationToken cancellationToken)
    {
        var response = await answer;
        var isMismatch = response.Message.EndsWith("payload signature check failed", StringComparison.Ordinal) || response.Message == "Invalid X-GitLab-Token";
        if (response.Continue || !isMismatch)
        {
            return response;
        }

        if (Reference(request) is not var (secretName, key)
            || await secrets(new SecretKey(request.Context?.Namespace ?? "", secretName, key), cancellationToken) is not { Error: null } secret)
        {
            return response;
        }

        var header = name switch { "gitlab" => "X-Gitlab-Token", "bitbucket" => "X-Hub-Signature", _ => "X-Hub-Signature-256" };
        return response with
        {
            Explain = $"Signature does not match secret `{request.Context?.Namespace}/{secretName}` key `{key}`. "
                + Explain(name, request.Header.First(header), request.Body, secret.Bytes.Span),
        };
    }

    private static (string Name, string Key)? Reference(InterceptorRequest request)
    {
        var reference = request.InterceptorParams?["secretRef"] as System.Text.Json.Nodes.JsonObject;
        return (string?)reference?["secretName"] is { } name && (string?)reference["secretKey"] is { } key ? (name, key) : null;
    }

    /// <summary>What is odd about a secret, and the bytes that were meant.</summary>
    private static (string What, byte[] Meant)? Slip(ReadOnlySpan<byte> secret)
    {
        if (secret.Length == 0)
        {
            return ("**The secret is empty.**", []);
        }

        var last = secret[^1];
        if (last is (byte)'\n' or (byte)'\r')
        {
            return ($"**The secret ends with a line break** ({secret.Length} bytes, last byte 0x{last:X2}).", secret.TrimEnd("\r\n"u8).ToArray());
        }

        if (last is (byte)' ' or (byte)'\t' || secret[0] is (byte)' ' or (byte)'\t' or (byte)'\n')
        {
            return ($"**The secret has blanks around it** ({secret.Length} bytes).", secret.Trim(" \t\r\n"u8).ToArray());
        }

        if (secret.Length > 2 && secret[0] == last && last is (byte)'"' or (byte)'\'')
        {
            return ("**The secret has quotes around it.**", secret[1..^1].ToArray());
        }

        if (secret.Length >= 8 && Base64.IsValid(secret, out var length))
        {
            var decoded = new byte[length];
            Base64.DecodeFromUtf8(secret, decoded, out _, out _);
            return decoded.Any(one => one < 0x20 && one != '\n') ? null : ("**The secret looks encoded with base64 once more than needed.**", decoded);
        }

        return null;
    }

    private static bool Matches(string name, string given, string body, byte[] secret) => name == "gitlab"
        ? CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), secret)
        : PayloadSignature.Check(given, body, secret) is null;

    private static string Digest(string given, string body, ReadOnlySpan<byte> secret)
    {
        var payload = Encoding.UTF8.GetBytes(body);
#pragma warning disable CA5350 // the sender chooses
        return Convert.ToHexStringLower(given.Split('=')[0] switch
        {
            "sha1" => HMACSHA1.HashData(secret, payload),
            "sha512" => HMACSHA512.HashData(secret, payload),
            _ => HMACSHA256.HashData(secret, payload),
        });
#pragma warning restore CA5350
    }

    private static string Start(string digest) => digest.Length <= 4 ? digest : digest[..4];
}
