using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Expressions.GoJson;
using Hikigane.Resources.Json;

namespace Hikigane.Triggers.Interceptors;

/// <summary>A GET of the GitHub API. The server supplies the HTTP client.</summary>
public delegate ValueTask<GitHubAnswer> GitHubGet(GitHubRequest request, CancellationToken cancellationToken);

/// <summary>What is asked: an absolute address, the media type, and a token or an empty string (then nothing is sent).</summary>
public sealed record GitHubRequest(string Url, string Accept, string Token);

/// <summary>What GitHub answered. <paramref name="Link"/> is the header of that name, which leads to the next page.</summary>
public sealed record GitHubAnswer(int Status, string Link, ReadOnlyMemory<byte> Body);

/// <summary>The calls that the github interceptor makes. As tektoncd/triggers pkg/interceptors/github over go-github.</summary>
internal sealed class GitHubApi(GitHubGet get, string enterpriseHost, string token)
{
    private const int MaxPages = 100;

    // go-github's own errors, passed on as they are.
    private readonly string _root = enterpriseHost.Length == 0 ? "https://api.github.com/" : $"https://{enterpriseHost}/api/v3/";

    /// <summary>The files of a pull request, from all pages.</summary>
    public async ValueTask<IReadOnlyList<string>> FilesAsync(string owner, string repository, long number, CancellationToken cancellationToken)
    {
        var files = new List<string>();
        var page = $"{_root}repos/{owner}/{repository}/pulls/{number}/files?per_page=100";
        for (var i = 0; page is not null && i < MaxPages; i++)
        {
            var answer = await GetAsync(page, cancellationToken);
            files.AddRange(List(answer, "[]*github.CommitFile").Select(file => file.Text("filename") ?? ""));
            var next = NextPage(answer.Link);
            page = next is null ? null : $"{_root}repos/{owner}/{repository}/pulls/{number}/files?page={next}&per_page=100";
        }

        return files;
    }

    /// <summary>Whether somebody is a public member of an organization; no organization is no.</summary>
    public async ValueTask<bool> IsMemberAsync(string organization, string login, CancellationToken cancellationToken)
    {
        try
        {
            return List(await GetAsync($"{_root}orgs/{organization}/public_members", cancellationToken), "[]*github.User").Any(user => user.Text("login") == login);
        }
        catch (InterceptorException exception) when (exception.Message.Contains(": 404 ", StringComparison.Ordinal))
        {
            return false;
        }
    }

    public async ValueTask<bool> IsCollaboratorAsync(string owner, string repository, string login, CancellationToken cancellationToken) =>
        List(await GetAsync($"{_root}repos/{owner}/{repository}/collaborators", cancellationToken), "[]*github.User").Any(user => user.Text("login") == login);

    /// <summary>The text of a file at the root of the repository; null when there is none.</summary>
    public async ValueTask<string?> FileAsync(string owner, string repository, string path, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await GetAsync($"{_root}repos/{owner}/{repository}/contents/{path}", cancellationToken);
            var (node, error) = GoJsonReader.ReadObject(answer.Body.Span);
            if (error is not null)
            {
                throw new InterceptorException(error);
            }

            var content = node.Text("content") ?? "";
            return node.Text("encoding") == "base64"
                ? Encoding.UTF8.GetString(Convert.FromBase64String(content.Replace("\n", "", StringComparison.Ordinal)))
                : content;
        }
        catch (InterceptorException exception) when (exception.Message.Contains("404", StringComparison.Ordinal))
        {
            return null;
        }
        catch (FormatException exception)
        {
            throw new InterceptorException(exception.Message);
        }
    }

    private async ValueTask<GitHubAnswer> GetAsync(string url, CancellationToken cancellationToken)
    {
        var answer = await get(new GitHubRequest(url, "application/vnd.github.v3+json", token), cancellationToken);
        if (answer.Status is >= 200 and < 300)
        {
            return answer;
        }

        var message = GoJsonReader.ReadObject(answer.Body.Span).Node.Text("message");
        throw new InterceptorException($"GET {url}: {answer.Status} {message} []");
    }

    private static IEnumerable<JsonObject> List(GitHubAnswer answer, string goType)
    {
        var (node, error) = GoJsonReader.Read(answer.Body.Span);
        return error is not null ? throw new InterceptorException(error)
            : node is null or JsonArray ? (node as JsonArray ?? []).OfType<JsonObject>()
            : throw new InterceptorException($"json: cannot unmarshal {GoJsonReader.KindOf(node)} into Go value of type {goType}");
    }

    /// <summary>The page number of <c>rel="next"</c> in a Link header.</summary>
    private static string? NextPage(string link)
    {
        foreach (var part in link.Split(','))
        {
            var end = part.IndexOf('>', StringComparison.Ordinal);
            if (end < 0 || !part[end..].Contains("rel=\"next\"", StringComparison.Ordinal))
            {
                continue;
            }

            foreach (var pair in part[..end].Split('?', '&'))
            {
                if (pair.StartsWith("page=", StringComparison.Ordinal) && int.TryParse(pair.AsSpan(5), out var page))
                {
                    return page.ToString();
                }
            }
        }

        return null;
    }
}
