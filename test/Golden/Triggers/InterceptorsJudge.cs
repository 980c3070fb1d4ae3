using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;
using Hikigane.Triggers.Interceptors;

namespace Hikigane.Golden.Triggers;

/// <summary>A request to one of the core interceptors through the service's own function.</summary>
internal static class InterceptorsJudge
{
    public static async Task<string?> JudgeAsync(JsonObject recorded)
    {
        var input = recorded.Object("input")!;
        var want = recorded.Object("want")!;
        var calls = new JsonArray();
        ValueTask<SecretValue> Secrets(SecretKey key, CancellationToken _) => ValueTask.FromResult(Secret(input, key));
        ValueTask<GitHubAnswer> Get(GitHubRequest request, CancellationToken _) => ValueTask.FromResult(GitHubApi(input, request, calls));
        Interceptor? ByName(string name) => name switch
        {
            "github" => GitHub.Create(Secrets, Get),
            "gitlab" => GitLab.Create(Secrets),
            "bitbucket" => Bitbucket.Create(Secrets),
            "slack" => Slack.Create(Secrets, () => DateTimeOffset.UnixEpoch),
            _ => null,
        };
        var body = Encoding.UTF8.GetBytes(input.Text("raw") ?? input["request"]?.ToJsonString() ?? "null");

        var answer = await CoreInterceptors.HandleAsync(input.Text("path")!, body, ByName, CancellationToken.None);

        if (want.ContainsKey("connectionClosed"))
        {
            // Upstream panics on these; any clear answer is better.
            return answer.Status == 200 ? null : "expected an answer, got " + answer.Body;
        }

        var got = new JsonObject { ["status"] = answer.Status, ["contentType"] = answer.ContentType };
        got[answer.Status == 200 ? "json" : "text"] = answer.Status == 200 ? JsonNode.Parse(answer.Body) : answer.Body;
        if (want.ContainsKey("raw"))
        {
            got["raw"] = answer.Body;
        }

        if (calls.Count > 0)
        {
            got["githubRequests"] = calls;
        }

        return JsonDiff.Explain(want, got);
    }

    private static SecretValue Secret(JsonObject input, SecretKey key)
    {
        var secret = input.Objects("secrets").FirstOrDefault(one => one.Text("namespace") == key.Namespace && one.Text("name") == key.Name);
        return SecretValue.From(secret.Object("data")?.ToDictionary(pair => pair.Key, pair => Encoding.UTF8.GetBytes(pair.Value.Text() ?? "")), key);
    }

    private static GitHubAnswer GitHubApi(JsonObject input, GitHubRequest request, JsonArray calls)
    {
        var url = new Uri(request.Url);
        var call = new JsonObject { ["host"] = url.Host, ["request"] = "GET " + url.PathAndQuery, ["accept"] = request.Accept };
        if (request.Token.Length > 0)
        {
            call["authorization"] = "Bearer " + request.Token;
        }

        calls.Add((JsonNode)call);
        var answers = input["githubApi"] is JsonObject one ? [one] : input.Objects("githubApi");
        var answer = answers.FirstOrDefault(recorded => recorded.Text("host") == url.Host && recorded.Text("request") == "GET " + url.PathAndQuery);
        var content = answer?["body"] is JsonValue text ? text.Text() ?? "" : answer?["body"]?.ToJsonString() ?? "";
        var link = (answer.Object("headers") ?? []).FirstOrDefault(pair => pair.Key.Equals("link", StringComparison.OrdinalIgnoreCase)).Value;
        return new GitHubAnswer((int)(answer.Integer("status") ?? 599), link.Text() ?? "", Encoding.UTF8.GetBytes(content));
    }
}
