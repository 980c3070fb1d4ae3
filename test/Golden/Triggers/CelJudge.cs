using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Triggers.Interceptors;

namespace Hikigane.Golden.Triggers;

/// <summary>Requests to the core interceptor service at <c>/cel</c>: status, content type and the exact text of the answer.</summary>
internal static class CelJudge
{
    public static async Task<string?> JudgeAsync(JsonObject recorded)
    {
        var input = recorded["input"]!.AsObject();
        var want = recorded["want"]!.AsObject();
        ValueTask<SecretValue> Secrets(SecretKey key, CancellationToken cancellationToken) => ValueTask.FromResult(Secret(input, key));
        Interceptor? ByName(string name) => name == "cel" ? (request, cancellationToken) => CelInterceptor.InterceptAsync(request, Secrets, cancellationToken) : null;
        var body = Encoding.UTF8.GetBytes(input["request"]?.ToJsonString() ?? (string?)input["raw"] ?? "");
        var answer = await CoreInterceptors.HandleAsync(((string)input["path"]!).Split('?')[0], body, ByName, CancellationToken.None);
        if (answer.Status != (int)want["status"]!)
        {
            return $"status: want {want["status"]} got {answer.Status}: {answer.Body}";
        }

        if (want["contentType"] is { } contentType && answer.ContentType != (string)contentType!)
        {
            return $"contentType: want {contentType} got {answer.ContentType}";
        }

        var text = (string?)want["raw"] ?? (string?)want["text"];
        if (text is not null)
        {
            return text == answer.Body ? null : $"want {text}\ngot  {answer.Body}";
        }

        return want["json"] is { } json ? JsonDiff.Explain(json, JsonNode.Parse(answer.Body)) : null;
    }

    private static SecretValue Secret(JsonObject input, SecretKey key)
    {
        var secret = (input["secrets"]?.AsArray() ?? []).FirstOrDefault(one => (string?)one!["namespace"] == key.Namespace && (string?)one["name"] == key.Name);
        var data = secret?["data"]?.AsObject().ToDictionary(pair => pair.Key, pair => Encoding.UTF8.GetBytes((string)pair.Value!));
        return SecretValue.From(data, key);
    }
}
