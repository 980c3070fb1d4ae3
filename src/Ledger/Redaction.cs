using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Hikigane.Ledger;

/// <summary>
/// What of a request must not be kept: headers that carry a credential are replaced by their length and a short hash, which is enough to
/// tell two of them apart (spec/ux.md §3.3).
/// </summary>
public static class Redaction
{
    private static readonly HashSet<string> Named = new(StringComparer.OrdinalIgnoreCase)
    {
        "Authorization", "Proxy-Authorization", "Cookie", "X-Gitlab-Token", "X-Hub-Signature", "X-Hub-Signature-256", "X-Slack-Signature",
    };

    private static readonly string[] Fragments = ["token", "secret", "key", "signature", "password"];

    public static bool IsSensitive(string header) =>
        Named.Contains(header) || Fragments.Any(fragment => header.Contains(fragment, StringComparison.OrdinalIgnoreCase));

    /// <summary><c>‹redacted, 40 chars, sha256 1f3a…›</c></summary>
    public static string Redact(string value)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(value));
        return string.Create(CultureInfo.InvariantCulture, $"‹redacted, {value.Length} chars, sha256 {Convert.ToHexStringLower(hash)[..4]}…›");
    }

    /// <summary>The headers as they are kept for good.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Redact(IReadOnlyList<KeyValuePair<string, string>> headers) =>
        headers.Any(header => IsSensitive(header.Key))
            ? [.. headers.Select(header => IsSensitive(header.Key) ? new KeyValuePair<string, string>(header.Key, Redact(header.Value)) : header)]
            : headers;
}
