using Microsoft.AspNetCore.Http;

namespace Hikigane.ApiServer.Rest;

/// <summary>What a client wants to see, from its Accept header: entries in order, the first that can be served wins.</summary>
internal sealed record Negotiation(string? As, string Version)
{
    public static readonly Negotiation Plain = new(null, "v1");

    public static Negotiation Of(HttpRequest request, bool canTransform)
    {
        var accept = request.Headers.Accept.ToString();
        if (accept.Length == 0)
        {
            return Plain;
        }

        foreach (var entry in accept.Split(','))
        {
            var parts = entry.Split(';', StringSplitOptions.TrimEntries);
            if (parts[0] is not ("application/json" or "*/*" or "application/*" or "application/yaml"))
            {
                continue;
            }

            var wanted = parts.FirstOrDefault(part => part.StartsWith("as=", StringComparison.Ordinal))?[3..];
            var version = parts.FirstOrDefault(part => part.StartsWith("v=", StringComparison.Ordinal))?[2..] ?? "v1";
            if (wanted is null)
            {
                return Plain;
            }

            if (canTransform && wanted is "Table" or "PartialObjectMetadata" or "PartialObjectMetadataList" && version is "v1" or "v1beta1")
            {
                return new Negotiation(wanted, version);
            }
        }

        throw new Kube.KubeException(406, "NotAcceptable",
            "only the following media types are accepted: application/json, application/yaml, application/json;stream=watch", []);
    }
}
