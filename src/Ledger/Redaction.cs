using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Ledger;

/// <summary>
/// What of a request must not be kept: headers and query parameters that carry a credential are replaced by their length and a short hash, which
/// is enough to tell two of them apart (spec/ux.md §3.3); and where a verdict quotes such a value, the quote is replaced too.
/// </summary>
public sealed class Redaction(LedgerOptions options)
{
    /// <summary>Shorter values are not looked for in verdicts: they would be found everywhere.</summary>
    private const int ShortestQuote = 6;

    private static readonly HashSet<string> Named = new(StringComparer.OrdinalIgnoreCase)
    {
        "Authorization", "Proxy-Authorization", "Cookie", "X-Gitlab-Token", "X-Hub-Signature", "X-Hub-Signature-256", "X-Slack-Signature",
    };

    private static readonly SearchValues<string> Fragments =
        SearchValues.Create(["token", "secret", "key", "signature", "password", "credential"], StringComparison.OrdinalIgnoreCase);

    /// <summary>Names that hold a fragment and no credential.</summary>
    private static readonly HashSet<string> Harmless = new(StringComparer.OrdinalIgnoreCase) { "X-Event-Key", "Sec-WebSocket-Key", "Idempotency-Key" };

    /// <summary>Whether a header is known to carry a credential, whatever is configured.</summary>
    public static bool IsSensitive(string header) => Named.Contains(header)
        || (header.AsSpan().ContainsAny(Fragments) && !Harmless.Contains(header));

    /// <summary><c>‹redacted, 40 chars, sha256 1f3a…›</c></summary>
    public static string Redact(string value)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(value));
        return string.Create(CultureInfo.InvariantCulture, $"‹redacted, {value.Length} chars, sha256 {Convert.ToHexStringLower(hash)[..4]}…›");
    }

    /// <summary>Whether the request holds anything that is not kept for good.</summary>
    public bool IsNeededFor(ReceivedEvent received) => received.Headers.Any(header => IsHidden(header.Key)) || Path(received.Path) != received.Path;

    /// <summary>The headers as they are kept for good.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers(IReadOnlyList<KeyValuePair<string, string>> headers) =>
        headers.Any(header => IsHidden(header.Key))
            ? [.. headers.Select(header => IsHidden(header.Key) ? new KeyValuePair<string, string>(header.Key, Kept(header.Value)) : header)]
            : headers;

    /// <summary>A path whose query carries no credential: <c>/hook?token=…</c>.</summary>
    public string Path(string path)
    {
        var query = path.IndexOf('?', StringComparison.Ordinal);
        if (query < 0)
        {
            return path;
        }

        var pairs = path[(query + 1)..].Split('&').Select(pair =>
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            return equals > 0 && equals < pair.Length - 1 && IsHidden(pair[..equals]) ? pair[..(equals + 1)] + Kept(pair[(equals + 1)..]) : pair;
        });
        return path[..(query + 1)] + string.Join('&', pairs);
    }

    /// <summary>
    /// The verdicts as JSON. A filter that reads a token, a param that is bound to one, or an extension that is made of one, would carry it here: a value that is
    /// just that goes whatever its length; within a text, only one that is long enough not to be found everywhere.
    /// </summary>
    public string Verdicts(Delivery delivery)
    {
        var found = new HashSet<string>(Hidden(delivery.Event));
        var stages = new StageRedaction(options.RedactedFields, IsHidden, found);
        IReadOnlyList<TriggerVerdict> triggers = delivery.Triggers.Any(trigger => trigger.Stages.Any(stage => stage.Change is not null))
            ? [.. delivery.Triggers.Select(stages.Of)] : delivery.Triggers;
        found.RemoveWhere(value => value.Length == 0 || value.StartsWith("‹redacted", StringComparison.Ordinal));
        triggers = found.Count > 0 ? [.. triggers.Select(trigger => StageRedaction.Without(trigger, found))] : triggers;
        var json = JsonSerializer.Serialize(triggers, LedgerJson.Default.IReadOnlyListTriggerVerdict);
        foreach (var value in found.Where(value => value.Length >= ShortestQuote).OrderByDescending(value => value.Length))
        {
            // The value of an expression is JSON in JSON.
            var quoted = JavaScriptEncoder.Default.Encode(value);
            foreach (var spelled in new[] { quoted, JavaScriptEncoder.Default.Encode(quoted) })
            {
                json = json.Contains(spelled, StringComparison.Ordinal) ? json.Replace(spelled, Redact(value), StringComparison.Ordinal) : json;
            }
        }

        return json;
    }

    private IEnumerable<string> Hidden(ReceivedEvent received)
    {
        foreach (var header in received.Headers)
        {
            if (IsHidden(header.Key))
            {
                yield return header.Value;
            }
        }

        var query = received.Path.IndexOf('?', StringComparison.Ordinal);
        foreach (var pair in query < 0 ? [] : received.Path[(query + 1)..].Split('&'))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && IsHidden(pair[..equals]))
            {
                yield return pair[(equals + 1)..];
            }
        }

        foreach (var value in KeptBody.Redacted(received, options))
        {
            yield return value;
        }
    }

    private bool IsHidden(string name) => IsSensitive(name) || options.RedactedHeaders.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>A replay carries what an earlier redaction left; it stays as it is.</summary>
    private static string Kept(string value) => value.StartsWith("‹redacted", StringComparison.Ordinal) ? value : Redact(value);
}
