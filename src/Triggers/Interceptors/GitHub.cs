using System.Text.Json.Nodes;
using Hikigane.Resources.Json;
using Hikigane.Resources.Yaml;

namespace Hikigane.Triggers.Interceptors;

/// <summary>
/// The github interceptor: content type, event types, signature, changed files, owners, in this order. As tektoncd/triggers
/// pkg/interceptors/github.
/// </summary>
public sealed class GitHub
{
    private readonly SecretReader _secrets;
    private readonly GitHubGet _get;

    private GitHub(SecretReader secrets, GitHubGet get) => (_secrets, _get) = (secrets, get);

    public static Interceptor Create(SecretReader secrets, GitHubGet get)
    {
        var interceptor = new GitHub(secrets, get);
        return (request, cancellationToken) => BuiltInSteps.WithParamsAsync(() => interceptor.ProcessAsync(request, cancellationToken));
    }

    private async ValueTask<InterceptorResponse> ProcessAsync(InterceptorRequest request, CancellationToken cancellationToken)
    {
        // 1 content type
        if (request.Header.First("Content-Type") == "application/x-www-form-urlencoded")
        {
            return InterceptorResponse.Stop(InterceptorCode.InvalidArgument, "form parameter encoding not supported, please change the hook to send JSON payloads");
        }

        // 2 params, all of them before any is used
        var values = InterceptorParams.Of(request);
        var signed = values.Secrets();
        var eventTypes = values.Texts("eventTypes");
        var files = values.Struct("addChangedFiles", "github.AddChangedFiles");
        var (addsFiles, filesToken) = (files?.Flag("enabled") ?? false, files?.Secret("personalAccessToken"));
        var owners = values.Struct("githubOwners", "github.Owners");
        var (checksOwners, ownersToken, checkType) =
            (owners?.Flag("enabled") ?? false, owners?.Secret("personalAccessToken"), owners?.Text("checkType", "github.CheckType") ?? "");

        // 3 event type
        var sent = request.Header.First("X-GitHub-Event");
        if (BuiltInSteps.EventType(eventTypes, sent) is { } refused)
        {
            return refused;
        }

        // 4 signature
        if (signed.Count > 0 && await CheckSignatureAsync(request, signed, cancellationToken) is { } wrong)
        {
            return wrong;
        }

        // 5 owners before files: upstream forgets the owners when files are asked for, which lets strangers through
        var wantsFiles = addsFiles && sent is ("pull_request" or "push");
        var wantsOwners = checksOwners && sent is ("pull_request" or "issue_comment");
        if ((wantsFiles || wantsOwners) && request.Context is null)
        {
            return InterceptorResponse.Stop(InterceptorCode.InvalidArgument, "no request context passed");
        }

        if (wantsOwners && await CheckOwnersAsync(request, ownersToken, checkType, sent, cancellationToken) is { } stranger)
        {
            return stranger;
        }

        return wantsFiles ? await AddFilesAsync(request, filesToken, sent, cancellationToken) : InterceptorResponse.Pass();
    }

    private async ValueTask<InterceptorResponse?> CheckSignatureAsync(
        InterceptorRequest request, IReadOnlyList<SecretRef> signed, CancellationToken cancellationToken)
    {
        if (signed.Any(secret => secret.Key.Length == 0))
        {
            return No("github interceptor secretRef.secretKey is empty");
        }

        var signature = request.Header.First("X-Hub-Signature-256");
        if (signature.Length == 0)
        {
            return No("no X-Hub-Signature-256 header set");
        }

        if (request.Context is null)
        {
            return InterceptorResponse.Stop(InterceptorCode.InvalidArgument, "no request context passed");
        }

        return await BuiltInSteps.CheckAnyAsync(
            _secrets, request, signed, secret => PayloadSignature.Check(signature, request.Body, secret.Span) is { } wrong ? No(wrong) : null, cancellationToken);
    }

    private async ValueTask<InterceptorResponse> AddFilesAsync(InterceptorRequest request, SecretRef? token, string sent, CancellationToken cancellationToken)
    {
        var (text, tokenError) = await TokenAsync(request, token, "github interceptor githubToken.secretKey is empty", cancellationToken);
        if (tokenError is not null)
        {
            return No("error getting secret: " + tokenError);
        }

        try
        {
            var payload = GitHubPayload.ForFiles(request.Body, sent);
            var files = sent == "push" ? payload.PushedFiles()
                : await Api(request, text).FilesAsync(payload.Owner, payload.Repository, payload.Number, cancellationToken);
            return InterceptorResponse.Pass(new JsonObject { ["changed_files"] = string.Join(',', files) });
        }
        catch (FormatException exception)
        {
            return No("error parsing body: " + exception.Message);
        }
        catch (InterceptorException exception)
        {
            return No("error getting changed files: " + exception.Message);
        }
    }

    private async ValueTask<InterceptorResponse?> CheckOwnersAsync(
        InterceptorRequest request, SecretRef? token, string checkType, string sent, CancellationToken cancellationToken)
    {
        var (text, tokenError) = await TokenAsync(request, token, "github interceptor personalAccessToken.secretKey is empty", cancellationToken);
        if (tokenError is not null)
        {
            return No("error getting github token: " + tokenError);
        }

        if (text.Length == 0 && checkType != "none")
        {
            return No("checkType is set to check org or repo members but no personalAccessToken was supplied");
        }

        GitHubPayload payload;
        try
        {
            payload = GitHubPayload.ForOwners(request.Body, sent);
        }
        catch (FormatException exception)
        {
            return No("error parsing body: " + exception.Message);
        }

        var api = Api(request, text);
        var phase = "error checking owner verification: ";
        try
        {
            var isOwner = await IsOwnerAsync(api, payload, checkType, cancellationToken);
            if (sent == "pull_request" && isOwner)
            {
                return null;
            }

            // As upstream, the sender is asked about again for the comment.
            phase = "error checking comments for verification: ";
            return IsOkToTest(payload.Comment) && await IsOwnerAsync(api, payload, checkType, cancellationToken) ? null : No("owners check requirements not met");
        }
        catch (InterceptorException exception)
        {
            return No(phase + exception.Message);
        }
    }

    private static async ValueTask<bool> IsOwnerAsync(GitHubApi api, GitHubPayload payload, string checkType, CancellationToken cancellationToken)
    {
        if (checkType is "orgMembers" or "all" && await api.IsMemberAsync(payload.Owner, payload.Sender, cancellationToken))
        {
            return true;
        }

        if (checkType is "repoMembers" or "all" && await api.IsCollaboratorAsync(payload.Owner, payload.Repository, payload.Sender, cancellationToken))
        {
            return true;
        }

        var file = await api.FileAsync(payload.Owner, payload.Repository, "OWNERS", cancellationToken);
        if (string.IsNullOrWhiteSpace(file))
        {
            return false;
        }

        var stream = YamlReader.Read(file);
        if (stream.Errors.Count > 0)
        {
            // The parser names its context first and ends with a full stop; upstream's counts lines from 0 here.
            var (message, line, _) = stream.Errors[0];
            var problem = message[(message.IndexOf(", ", StringComparison.Ordinal) is var comma and >= 0 ? comma + 2 : 0)..].TrimEnd('.');
            throw new InterceptorException($"yaml: line {Math.Max(1, line - 1)}: {problem}");
        }

        var owners = stream.Documents.Count > 0 ? stream.Documents[0].Root : null;
        return Names(owners, "approvers").Concat(Names(owners, "reviewers")).Contains(payload.Sender, StringComparer.OrdinalIgnoreCase);
    }

    private static IEnumerable<string> Names(JsonNode? owners, string key) => owners.At(key) switch
    {
        null => [],
        JsonArray names => names.Select(name => name.Text() ?? ""),
        var other => throw new InterceptorException($"yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str `{other.Text()}` into []string"),
    };

    /// <summary>A line that is exactly <c>/ok-to-test</c>: <c>(^|\n)\/ok-to-test(\r\n|\r|\n|$)</c>.</summary>
    private static bool IsOkToTest(string comment) =>
        comment.Split('\n').Any(line => line == "/ok-to-test" || line.StartsWith("/ok-to-test\r", StringComparison.Ordinal));

    private async ValueTask<(string Token, string? Error)> TokenAsync(
        InterceptorRequest request, SecretRef? token, string whenKeyIsEmpty, CancellationToken cancellationToken)
    {
        if (token is null)
        {
            return ("", null);
        }

        if (token.Key.Length == 0)
        {
            return ("", whenKeyIsEmpty);
        }

        var value = await BuiltInSteps.ReadAsync(_secrets, request, token, cancellationToken);
        return (System.Text.Encoding.UTF8.GetString(value.Bytes.Span), value.Error);
    }

    private GitHubApi Api(InterceptorRequest request, string token) => new(_get, request.Header.First("X-GitHub-Enterprise-Host"), token);

    private static InterceptorResponse No(string message) => InterceptorResponse.Stop(InterceptorCode.FailedPrecondition, message);
}
