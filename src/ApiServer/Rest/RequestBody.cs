using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources.Json;
using Microsoft.AspNetCore.Http;

namespace Hikigane.ApiServer.Rest;

/// <summary>Reads the body of a request, at most 3 MiB, in whatever form it came.</summary>
internal static class RequestBody
{
    private const int Largest = 3 << 20;
    private const string Accepted = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var buffer = new MemoryStream();
        var chunk = new byte[16 << 10];
        int count;
        while ((count = await request.Body.ReadAsync(chunk, cancellationToken)) > 0)
        {
            buffer.Write(chunk, 0, count);
            if (buffer.Length > Largest)
            {
                throw new KubeException(413, "RequestEntityTooLarge", $"Request entity too large: limit is {Largest}");
            }
        }

        return buffer.ToArray();
    }

    public static string MediaType(HttpRequest request) => (request.ContentType ?? "").Split(';')[0].Trim();

    /// <param name="duplicates">Gets what stands twice in a JSON body.</param>
    public static JsonNode? Parse(ReadOnlyMemory<byte> body, string mediaType, ApiHooks hooks, ICollection<string> duplicates)
    {
        switch (mediaType)
        {
            case "" or "application/json" or "application/json-patch+json" or "application/merge-patch+json" or "application/strategic-merge-patch+json":
                return BodyJson.Parse(body, duplicates);
            case "application/apply-patch+yaml" when LooksLikeJson(body.Span):
                return BodyJson.Parse(body, duplicates);
            case "application/yaml" or "application/apply-patch+yaml" when hooks.DecodeYaml is { } yaml:
                return yaml(Encoding.UTF8.GetString(body.Span));
            case "application/vnd.kubernetes.protobuf" when hooks.DecodeProtobuf is { } protobuf:
                return protobuf(body);
            default:
                throw new KubeException(415, "UnsupportedMediaType", $"the body of the request was in an unknown format - accepted media types include: {Accepted}");
        }
    }

    /// <summary>The options of a delete: the body's win over the query's.</summary>
    public static DeleteOptions Delete(JsonNode? body, IQueryCollection query) => new(
        body.Text("preconditions", "uid"),
        body.Text("preconditions", "resourceVersion"),
        body.Text("propagationPolicy") ?? (query["propagationPolicy"].ToString() is { Length: > 0 } policy ? policy : Orphan(body, query)),
        body.Integer("gracePeriodSeconds") ?? (long.TryParse(query["gracePeriodSeconds"], out var seconds) ? seconds : null),
        query["dryRun"] == "All" || body.Items("dryRun").Any());

    private static string? Orphan(JsonNode? body, IQueryCollection query) =>
        body.At("orphanDependents") is JsonValue value ? (value.GetValueKind() == JsonValueKind.True ? "Orphan" : "Background")
        : query["orphanDependents"] == "true" ? "Orphan" : null;

    private static bool LooksLikeJson(ReadOnlySpan<byte> body) => body.TrimStart(" \t\r\n"u8) is [(byte)'{', ..];
}
