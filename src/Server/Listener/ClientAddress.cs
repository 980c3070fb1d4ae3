using System.Net;
using Microsoft.AspNetCore.Http;

namespace Hikigane.Server.Listener;

/// <summary>
/// Who sent a request. <c>X-Forwarded-For</c> is written by anybody, so it is read from its end, and only as far as proxies that are
/// trusted vouch for it.
/// </summary>
internal static class ClientAddress
{
    public static IPAddress Of(HttpContext http, IReadOnlyList<IPNetwork> trustedProxies)
    {
        var address = Plain(http.Connection.RemoteIpAddress ?? IPAddress.None);
        if (trustedProxies.Count == 0 || !Contains(trustedProxies, address))
        {
            return address;
        }

        var hops = string.Join(',', http.Request.Headers["X-Forwarded-For"].AsEnumerable()).Split(',', StringSplitOptions.TrimEntries);
        for (var i = hops.Length - 1; i >= 0 && Parse(hops[i]) is { } hop; i--)
        {
            address = hop;
            if (!Contains(trustedProxies, hop))
            {
                break;
            }
        }

        return address;
    }

    public static bool Contains(IReadOnlyList<IPNetwork> networks, IPAddress address)
    {
        foreach (var network in networks)
        {
            if (network.Contains(address))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>An address with or without a port; IPv6 with a port stands in brackets.</summary>
    private static IPAddress? Parse(string hop)
    {
        var text = hop.StartsWith('[') ? hop[1..].Split(']')[0]
            : hop.IndexOf(':', StringComparison.Ordinal) is var colon and > 0 && colon == hop.LastIndexOf(':') ? hop[..colon]
            : hop;
        return IPAddress.TryParse(text, out var address) ? Plain(address) : null;
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
