using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources.Json;
using Hikigane.Resources.Triggers;
using Hikigane.Triggers.Interceptors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Hikigane.Server.Listener;

/// <summary>Why a request was not let in.</summary>
/// <param name="Cause">
/// For metrics: <c>address</c>, <c>rate</c>, <c>headers</c>, <c>credentials</c>, <c>certificate</c>, <c>settings</c>, <c>size</c>, <c>in-flight</c>.
/// </param>
internal sealed record Refusal(int Status, string Cause, string Message, TimeSpan? RetryAfter = null);

/// <summary>A request at the door: what holds for it, who sent it, and why it is not let in, if so.</summary>
/// <param name="Bodies">Out of which his event's bytes come.</param>
internal sealed record Visitor(ListenerEdge Edge, IPAddress Address, BodyBytes Bodies, Refusal? Refusal = null);

/// <summary>
/// Lets requests in, before a byte of a body is read: address → rate → size of headers → credentials, the cheapest first. What holds is read
/// from the listener's annotations, so a change counts from the next request on. Any thread may call.
/// </summary>
/// <param name="shared">Out of which the bytes of bodies come where a listener has no cap of its own.</param>
internal sealed class ListenerDoor(SinkOptions options, SecretReader secrets, BodyBytes shared, TimeProvider time)
{
    private static readonly TimeSpan SecretLife = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private volatile Rules rules = new(null, ListenerEdge.Open, [], null, null, null);
    private volatile KnownSecret? token;
    private volatile KnownSecret? authority;

    /// <summary>What holds for a listener now.</summary>
    public ListenerEdge EdgeOf(JsonObject? listener) => RulesOf(listener).Edge;

    public async ValueTask<Visitor> AdmitAsync(HttpContext http, JsonObject? listener, CancellationToken cancellationToken)
    {
        var now = RulesOf(listener);
        var address = ClientAddress.Of(http, now.Edge.TrustedProxies);
        var refusal = now.Errors.Count > 0
            ? new Refusal(StatusCodes.Status500InternalServerError, "settings", "the listener's annotations are not valid: " + string.Join("; ", now.Errors))
            : Address(now, address) ?? Rate(now, address) ?? Headers(now.Edge, http.Request.Headers) ?? Certificate(now.Edge, http)
                ?? await BearerAsync(now.Edge, http.Request, cancellationToken);
        return new Visitor(now.Edge, address, now.Bodies ?? shared, refusal);
    }

    /// <summary>The authorities that a client's certificate has to come from; null when none is asked for.</summary>
    public async ValueTask<X509Certificate2Collection?> ClientAuthoritiesAsync(JsonObject? listener, CancellationToken cancellationToken)
    {
        if (EdgeOf(listener).ClientAuthority is not { } entry)
        {
            return null;
        }

        var trusted = new X509Certificate2Collection();
        authority = await ReadAsync(entry, authority, cancellationToken);
        try
        {
            trusted.ImportFromPem(Encoding.UTF8.GetString(authority.Value.Bytes.Span));
        }
        catch (CryptographicException)
        {
            // Nobody is trusted then.
        }

        return trusted;
    }

    private Rules RulesOf(JsonObject? listener)
    {
        var current = rules;
        if (ReferenceEquals(current.Listener, listener))
        {
            return current;
        }

        lock (gate)
        {
            var (edge, errors) = ListenerEdge.Read(listener.Object("metadata", "annotations"));
            var at = time.GetUtcNow();
            return rules = new Rules(
                listener, edge, errors,
                edge.Rate == rules.Rate?.Limit ? rules.Rate : edge.Rate is { } all ? new TokenBucket(all, at) : null,
                edge.AddressRate == rules.ByAddress?.Limit ? rules.ByAddress : edge.AddressRate is { } each ? new AddressBuckets(each) : null,
                edge.MaxBodyBytesInFlight == rules.Bodies?.Most ? rules.Bodies : edge.MaxBodyBytesInFlight is { } most ? new BodyBytes(most) : null);
        }
    }

    private static Refusal? Address(Rules now, IPAddress address) =>
        now.Edge.AllowFrom.Count == 0 || ClientAddress.Contains(now.Edge.AllowFrom, address)
            ? null
            : new Refusal(StatusCodes.Status403Forbidden, "address", $"requests from {address} are not accepted");

    private Refusal? Rate(Rules now, IPAddress address)
    {
        var at = time.GetUtcNow();
        return (now.ByAddress?.Take(address, at) ?? now.Rate?.Take(at)) is { } wait
            ? new Refusal(StatusCodes.Status429TooManyRequests, "rate", "too many requests", wait)
            : null;
    }

    private static Refusal? Headers(ListenerEdge edge, IHeaderDictionary headers)
    {
        if (edge.MaxHeaderBytes is not { } most)
        {
            return null;
        }

        // Name, colon, space, value, line end.
        var bytes = headers.Sum(header => header.Value.Sum(value => header.Key.Length + 4L + Encoding.UTF8.GetByteCount(value ?? "")));
        return bytes <= most
            ? null
            : new Refusal(StatusCodes.Status431RequestHeaderFieldsTooLarge, "headers", $"the headers are larger than {most} bytes");
    }

    /// <summary>The handshake has verified what certificate there is; here it has to be there.</summary>
    private static Refusal? Certificate(ListenerEdge edge, HttpContext http) =>
        edge.ClientAuthority is null || http.Features.Get<ITlsConnectionFeature>()?.ClientCertificate is not null
            ? null
            : new Refusal(StatusCodes.Status403Forbidden, "certificate", "a client certificate is required");

    private async ValueTask<Refusal?> BearerAsync(ListenerEdge edge, HttpRequest request, CancellationToken cancellationToken)
    {
        if (edge.BearerToken is not { } entry)
        {
            return null;
        }

        token = await ReadAsync(entry, token, cancellationToken);
        if (token.Value.Error is not null)
        {
            return new Refusal(StatusCodes.Status503ServiceUnavailable, "settings", "the listener's token cannot be read");
        }

        const string Scheme = "Bearer ";
        var sent = request.Headers.Authorization.ToString();
        var isBearer = sent.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);
        if (!isBearer || !IsAccepted(token.Value.Bytes.Span, Encoding.UTF8.GetBytes(sent[Scheme.Length..].Trim())))
        {
            return new Refusal(StatusCodes.Status401Unauthorized, "credentials", isBearer ? "the bearer token is not accepted" : "a bearer token is required");
        }

        // It was for this door only: nobody behind it gets to see it.
        request.Headers.Remove("Authorization");
        return null;
    }

    /// <summary>Each line of the Secret is a token, so that a new one can be brought in before the old one goes. In constant time for each.</summary>
    private static bool IsAccepted(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> sent)
    {
        var sentDigest = SHA256.HashData(sent);
        var isAccepted = false;
        foreach (var line in Encoding.UTF8.GetString(secret).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            isAccepted |= CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(line)), sentDigest);
        }

        return isAccepted;
    }

    private async ValueTask<KnownSecret> ReadAsync(SecretEntry entry, KnownSecret? known, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (known is not null && known.Entry == entry && now - known.ReadAt < SecretLife)
        {
            return known;
        }

        try
        {
            return new KnownSecret(entry, await secrets(new SecretKey(options.Namespace, entry.Name, entry.Key), cancellationToken), now);
        }
        catch (Exception exception) when (exception is KubeException or HttpRequestException)
        {
            // While the API is away, what was read last holds.
            return known?.Entry == entry ? known with { ReadAt = now } : new KnownSecret(entry, SecretValue.Missing(exception.Message), now);
        }
    }

    private sealed record Rules(
        JsonObject? Listener, ListenerEdge Edge, IReadOnlyList<string> Errors, TokenBucket? Rate, AddressBuckets? ByAddress, BodyBytes? Bodies);

    private sealed record KnownSecret(SecretEntry Entry, SecretValue Value, DateTimeOffset ReadAt);
}
