using System.Text;
using Hikigane.Resources.Deliveries;
using Hikigane.Triggers.Verdicts;
using Known = Hikigane.Triggers.Verdicts.Causes;

namespace Hikigane.Unit.Triggers.Verdicts;

/// <summary>The words for requests that got no further than the edge.</summary>
public sealed class RequestVerdictTests
{
    /// <summary>The causes that have their test here.</summary>
    public static IReadOnlyList<string> Causes { get; } = [.. Verdicts().Select(verdict => verdict.Cause)];

    [Fact]
    public void Each_says_why_and_what_to_do_and_belongs_to_no_trigger() => Assert.All(Verdicts(), verdict =>
    {
        Assert.Equal((RequestVerdict.Source, "", "ci"), (verdict.Source, verdict.Name, verdict.Namespace));
        Assert.All([verdict.Message, verdict.Explain, verdict.Fix], text => Assert.NotEmpty(text));
        Assert.True(verdict.Outcome is TriggerOutcome.Rejected or TriggerOutcome.Error);
    });

    [Theory]
    [InlineData("{\n \"a\": nope}", "application/json", "(line 2, byte 8)")]
    [InlineData("[1]", "application/json", "The body is not a JSON object: said the parser.")]
    [InlineData("", "application/json", "no body")]
    [InlineData("payload=%7B%7D", "application/x-www-form-urlencoded", "Form-encoded payload.")]
    public void What_is_no_JSON_is_pointed_at(string body, string contentType, string explain) =>
        Assert.Contains(explain, RequestVerdict.NotJson(Request(body, contentType), "said the parser").Explain, StringComparison.Ordinal);

    private static IEnumerable<TriggerVerdict> Verdicts()
    {
        var request = Request("{", "application/json");
        return
        [
            RequestVerdict.NotJson(request, "no"), RequestVerdict.Unreadable(request, isSlow: true, "late"),
            RequestVerdict.ListenerInvalid(request, "no"),
            .. new[] { Known.RequestAddress, Known.RequestCertificate, Known.RequestCredentials, Known.RequestRate, Known.RequestHeaders, Known.RequestTooLarge, Known.RequestFull }
                .Select(cause => RequestVerdict.AtTheDoor(request, cause, "no")),
        ];
    }

    private static ReceivedEvent Request(string body, string contentType) => new()
    {
        EventId = "e",
        ListenerNamespace = "ci",
        ListenerName = "el",
        ListenerUid = "",
        ReceivedAt = DateTimeOffset.UnixEpoch,
        Method = "POST",
        Path = "/",
        Headers = [new("Content-Type", contentType)],
        Body = Encoding.UTF8.GetBytes(body),
    };
}
