using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Triggers.Interceptors;

namespace Hikigane.Unit.Triggers.Interceptors;

public sealed class SignatureTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private const string Form = "command=%2Fdeploy&text=prod+lamp";

    [Fact]
    public async Task While_a_secret_is_replaced_the_old_one_and_the_new_one_count()
    {
        var github = GitHub.Create(Secrets, (_, _) => throw new InvalidOperationException("no call is wanted"));
        var both = """{"secretRef": {"secretName": "hook", "secretKey": "new"}, "secretRefs": [{"secretName": "hook", "secretKey": "old"}]}""";

        foreach (var key in new[] { "new", "old" })
        {
            Assert.True((await github(Signed(both, key), TestContext.Current.CancellationToken)).Continue);
        }

        var refused = await github(Signed(both, "other"), TestContext.Current.CancellationToken);
        Assert.Equal((false, "payload signature check failed"), (refused.Continue, refused.Message));
    }

    [Fact]
    public async Task A_secret_that_is_gone_does_not_matter_while_another_fits()
    {
        var github = GitHub.Create(Secrets, (_, _) => throw new InvalidOperationException("no call is wanted"));
        var refs = """{"secretRefs": [{"secretName": "hook", "secretKey": "gone"}, {"secretName": "hook", "secretKey": "new"}]}""";

        Assert.True((await github(Signed(refs, "new"), TestContext.Current.CancellationToken)).Continue);
        Assert.Equal(
            "error getting secret: cannot find gone key in secret ns/hook",
            (await github(Signed(refs, "other"), TestContext.Current.CancellationToken)).Message);
    }

    [Fact]
    public async Task GitLab_takes_either_token()
    {
        var gitlab = GitLab.Create(Secrets);
        var refs = """{"secretRef": {"secretName": "hook", "secretKey": "new"}, "secretRefs": [{"secretName": "hook", "secretKey": "old"}]}""";
        var request = Request(refs, "{}") with { Header = Headers(("X-Gitlab-Token", "value-of-old")) };

        Assert.True((await gitlab(request, TestContext.Current.CancellationToken)).Continue);
    }

    [Theory]
    [InlineData("new", 0, "")]
    [InlineData("new", -299, "")]
    [InlineData("old", 0, "payload signature check failed")]
    [InlineData("new", -301, "X-Slack-Request-Timestamp is more than five minutes away from now")]
    [InlineData("new", 301, "X-Slack-Request-Timestamp is more than five minutes away from now")]
    public async Task A_slack_command_has_to_be_signed_and_fresh(string key, int seconds, string error)
    {
        var answer = await Slack.Create(Secrets, () => Now)(Command(key, Now.AddSeconds(seconds), Form), TestContext.Current.CancellationToken);

        Assert.Equal((error.Length == 0, error), (answer.Continue, answer.Message));
    }

    [Fact]
    public async Task A_form_that_is_lost_cannot_be_checked()
    {
        var answer = await Slack.Create(Secrets, () => Now)(Command("new", Now, null), TestContext.Current.CancellationToken);

        Assert.Equal("the signature cannot be checked: the listener has already made JSON of the form", answer.Message);
    }

    private static InterceptorRequest Command(string key, DateTimeOffset sentAt, string? form)
    {
        var stamp = sentAt.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture);
        var digest = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes("value-of-" + key), Encoding.UTF8.GetBytes($"v0:{stamp}:{Form}")));
        return Request(
            """{"requestedFields": ["text"], "signingSecretRef": {"secretName": "hook", "secretKey": "new"}}""",
            """{"command": ["/deploy"], "text": ["prod lamp"]}""") with
        {
            FormText = form,
            Header = Headers(("Content-Type", "application/x-www-form-urlencoded"), ("X-Slack-Signature", "v0=" + digest), ("X-Slack-Request-Timestamp", stamp)),
        };
    }

    private static InterceptorRequest Signed(string given, string key)
    {
        var digest = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes("value-of-" + key), "{}"u8));
        return Request(given, "{}") with { Header = Headers(("X-Hub-Signature-256", "sha256=" + digest)) };
    }

    private static InterceptorRequest Request(string given, string body) => new()
    {
        Body = body,
        InterceptorParams = (JsonObject)JsonNode.Parse(given)!,
        Context = new TriggerContext("/", "id", "namespaces/ns/triggers/t"),
    };

    private static Dictionary<string, IReadOnlyList<string>> Headers(params (string Name, string Value)[] headers) =>
        headers.ToDictionary(header => header.Name, header => (IReadOnlyList<string>)[header.Value]);

    private static ValueTask<SecretValue> Secrets(SecretKey key, CancellationToken cancellationToken) => ValueTask.FromResult(SecretValue.From(
        new Dictionary<string, byte[]> { ["new"] = Encoding.UTF8.GetBytes("value-of-new"), ["old"] = Encoding.UTF8.GetBytes("value-of-old") }, key));
}
