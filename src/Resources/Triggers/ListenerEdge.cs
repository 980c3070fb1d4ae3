using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Resources.Triggers;

/// <summary>A key of a Secret in the listener's namespace.</summary>
public sealed record SecretEntry(string Name, string Key);

/// <summary>So many requests a second, and so many at once.</summary>
public sealed record RateLimit(double PerSecond, int Burst);

/// <summary>
/// What a listener lets in, and what it does besides what Tekton's does: read from annotations of the EventListener, so that its spec stays
/// Tekton's. Without any of them a listener behaves as upstream's.
/// </summary>
public sealed record ListenerEdge
{
    /// <summary>What the annotations begin with.</summary>
    public const string Prefix = "listener.hikigane.dev/";

    public static readonly ListenerEdge Open = new();

    /// <summary>Most bytes of a body; null: the listener's own cap.</summary>
    public long? MaxBodyBytes { get; init; }

    /// <summary>Most bytes of the bodies of all requests under way; null: the process's own cap.</summary>
    public long? MaxBodyBytesInFlight { get; init; }

    /// <summary>Most bytes of all headers together.</summary>
    public int? MaxHeaderBytes { get; init; }

    /// <summary>How long a request may take to arrive; null: the listener's own limit.</summary>
    public TimeSpan? ReadTimeout { get; init; }

    public RateLimit? Rate { get; init; }

    /// <summary>For each address of a client by itself.</summary>
    public RateLimit? AddressRate { get; init; }

    /// <summary>Who may send; empty: everybody.</summary>
    public IReadOnlyList<IPNetwork> AllowFrom { get; init; } = [];

    /// <summary>Whose <c>X-Forwarded-For</c> is believed.</summary>
    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [];

    /// <summary>A bearer token that every request has to carry.</summary>
    public SecretEntry? BearerToken { get; init; }

    /// <summary>Authorities (PEM), one of which has to have signed the client's certificate.</summary>
    public SecretEntry? ClientAuthority { get; init; }

    /// <summary>Whether a delivery that its sender repeats is decided once only.</summary>
    public bool Deduplicates { get; init; }

    /// <summary>How long an answer waits for the verdicts; zero: only when the sender asks; null: never.</summary>
    public TimeSpan? Wait { get; init; } = TimeSpan.Zero;

    /// <summary>The longest that an answer waits.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    /// <summary><c>1m30s</c>, <c>500ms</c>: as Go reads a duration, without fractions; null when it is none.</summary>
    public static TimeSpan? ReadDuration(string text) => EdgeAnnotations.Duration(text);

    /// <summary>Reads the annotations; all that is wrong with them at once.</summary>
    public static (ListenerEdge Edge, IReadOnlyList<string> Errors) Read(JsonObject? annotations)
    {
        var reading = new EdgeAnnotations(annotations);
        var edge = new ListenerEdge
        {
            MaxBodyBytes = reading.Bytes("max-body-bytes", 1, 1L << 30),
            MaxBodyBytesInFlight = reading.Bytes("max-body-bytes-in-flight", 1, 1L << 36),
            MaxHeaderBytes = (int?)reading.Bytes("max-header-bytes", 256, 1 << 20),
            ReadTimeout = reading.Time("read-timeout", TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10)),
            Rate = reading.Rate("rate-limit", "rate-burst"),
            AddressRate = reading.Rate("rate-limit-per-address", "rate-burst-per-address"),
            AllowFrom = reading.Networks("allow-from"),
            TrustedProxies = reading.Networks("trusted-proxies"),
            BearerToken = reading.Secret("bearer-token-secret"),
            ClientAuthority = reading.Secret("client-ca-secret"),
            Deduplicates = reading.Flag("deduplicate"),
            Wait = reading.Wait("wait", LongestWait),
        };
        return (edge, reading.Errors());
    }
}

/// <summary>Reads annotations one by one and keeps what is wrong with them.</summary>
internal sealed class EdgeAnnotations(JsonObject? annotations)
{
    private readonly List<string> errors = [];
    private readonly List<string> known = [];

    /// <summary>What is wrong, annotations that nobody knows included: a mistyped limit must not pass for none.</summary>
    public IReadOnlyList<string> Errors()
    {
        foreach (var (name, _) in annotations ?? [])
        {
            if (name.StartsWith(ListenerEdge.Prefix, StringComparison.Ordinal) && !known.Contains(name[ListenerEdge.Prefix.Length..]))
            {
                errors.Add($"{name} is not known; there are {string.Join(", ", known)}");
            }
        }

        return errors;
    }

    public long? Bytes(string name, long least, long most)
    {
        if (Value(name) is not { } text)
        {
            return null;
        }

        var digits = text.TrimEnd('i', 'K', 'M', 'G');
        var factor = text[digits.Length..] switch { "" => 1L, "Ki" => 1L << 10, "Mi" => 1L << 20, "Gi" => 1L << 30, _ => 0 };
        if (factor > 0 && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number <= most / factor && number * factor >= least)
        {
            return number * factor;
        }

        Refuse(name, $"must be a number of bytes from {least} to {most}, such as 65536 or 25Mi");
        return null;
    }

    public TimeSpan? Time(string name, TimeSpan least, TimeSpan most)
    {
        if (Value(name) is not { } text)
        {
            return null;
        }

        if (Duration(text) is { } time && time >= least && time <= most)
        {
            return time;
        }

        Refuse(name, $"must be a duration from {Spell(least)} to {Spell(most)}, such as 2s or 500ms");
        return null;
    }

    public RateLimit? Rate(string name, string burstName)
    {
        const int Most = 1_000_000;
        var rate = 0.0;
        if (Value(name) is { } text
            && !(double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out rate) && rate is > 0 and <= Most))
        {
            Refuse(name, $"must be a number of requests per second above 0 and up to {Most}, such as 10 or 0.5");
            return null;
        }

        var burst = 0;
        if (Value(burstName) is { } burstText
            && !(int.TryParse(burstText, NumberStyles.None, CultureInfo.InvariantCulture, out burst) && burst is > 0 and <= Most))
        {
            Refuse(burstName, $"must be a whole number of requests from 1 to {Most}");
            return null;
        }

        if (burst > 0 && rate == 0)
        {
            Refuse(burstName, $"needs {ListenerEdge.Prefix}{name}");
        }

        return rate == 0 ? null : new RateLimit(rate, burst > 0 ? burst : (int)Math.Ceiling(rate));
    }

    public IReadOnlyList<IPNetwork> Networks(string name)
    {
        if (Value(name) is not { } text)
        {
            return [];
        }

        var networks = new List<IPNetwork>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (Network(part) is { } network)
            {
                networks.Add(network);
            }
            else
            {
                Refuse(name, $"must be a list of addresses and networks such as 192.0.2.0/24, 2001:db8::/32, 198.51.100.7; '{part}' is none");
            }
        }

        return networks;
    }

    public SecretEntry? Secret(string name)
    {
        if (Value(name) is not { } text)
        {
            return null;
        }

        if (text.Split('/') is [{ Length: > 0 } secret, { Length: > 0 } key])
        {
            return new SecretEntry(secret, key);
        }

        Refuse(name, "must name a Secret of the listener's namespace and a key of it, as SECRET/KEY");
        return null;
    }

    public bool Flag(string name)
    {
        if (Value(name) is not ("true" or "false" or null))
        {
            Refuse(name, "must have value 'true' or 'false'");
        }

        return Value(name) == "true";
    }

    /// <summary><c>true</c>: always, as long as may be; a duration: always, so long; <c>false</c>: never; absent: when asked.</summary>
    public TimeSpan? Wait(string name, TimeSpan longest)
    {
        switch (Value(name))
        {
            case null:
                return TimeSpan.Zero;
            case "true":
                return longest;
            case "false":
                return null;
            case var text when Duration(text) is { } time && time > TimeSpan.Zero && time <= longest:
                return time;
            default:
                Refuse(name, $"must have value 'true' or 'false', or be a duration up to {Spell(longest)}");
                return TimeSpan.Zero;
        }
    }

    internal static TimeSpan? Duration(string text)
    {
        var total = TimeSpan.Zero;
        for (var at = 0; at < text.Length;)
        {
            var digits = at;
            while (at < text.Length && char.IsAsciiDigit(text[at]))
            {
                at++;
            }

            var unit = at;
            while (at < text.Length && char.IsAsciiLetterLower(text[at]))
            {
                at++;
            }

            double factor = text[unit..at] switch { "ms" => 1, "s" => 1000, "m" => 60_000, "h" => 3_600_000, _ => 0 };
            if (factor == 0 || unit == digits || unit - digits > 7)
            {
                return null;
            }

            total += TimeSpan.FromMilliseconds(int.Parse(text[digits..unit], CultureInfo.InvariantCulture) * factor);
        }

        return text.Length == 0 ? null : total;
    }

    /// <summary>A network, or an address by itself. Bits behind the prefix do not matter.</summary>
    private static IPNetwork? Network(string text)
    {
        var parts = text.Split('/');
        if (parts.Length > 2 || !IPAddress.TryParse(parts[0], out var address) || !IsPlain(parts[0], address))
        {
            return null;
        }

        var width = address.GetAddressBytes().Length * 8;
        var length = width;
        if (parts.Length == 2 && !(int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out length) && length <= width))
        {
            return null;
        }

        var bytes = address.GetAddressBytes();
        for (var bit = length; bit < width; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPNetwork(new IPAddress(bytes), length);
    }

    /// <summary>Whether it is spelled as people spell it: <c>10.1</c> and <c>010.0.0.1</c> are read as surprising addresses.</summary>
    private static bool IsPlain(string text, IPAddress address) => text.Contains(':', StringComparison.Ordinal) || address.ToString() == text;

    private string? Value(string name)
    {
        if (!known.Contains(name))
        {
            known.Add(name);
        }

        return annotations.Text(ListenerEdge.Prefix + name);
    }

    private void Refuse(string name, string rule) => errors.Add($"{ListenerEdge.Prefix}{name} {rule}");

    private static string Spell(TimeSpan time) => time < TimeSpan.FromSeconds(1) ? $"{time.TotalMilliseconds}ms"
        : time < TimeSpan.FromMinutes(1) ? $"{time.TotalSeconds}s" : $"{time.TotalMinutes}m";
}
