using System.Net;
using Hikigane.Server.Listener;

namespace Hikigane.Unit.Server.Listener;

public sealed class DecisionWaitsTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_asks_learns_what_became_of_the_event_from_the_headers()
    {
        await using var rig = await ListenerRig.StartAsync(triggers: [ListenerRig.Trigger("build"), ListenerRig.Trigger("lint", """{"ref":"gone"}""")]);

        using var asked = await rig.PostAsync(path: "?wait=2s");
        using var silent = await rig.PostAsync();

        Assert.Equal(HttpStatusCode.Accepted, asked.StatusCode);
        Assert.Equal("partial", Assert.Single(asked.Headers.GetValues("X-Event-Outcome")));
        Assert.StartsWith("build=fired; lint=error", Assert.Single(asked.Headers.GetValues("X-Trigger-Outcome")), StringComparison.Ordinal);
        Assert.False(silent.Headers.Contains("X-Event-Outcome"));
        Assert.Equal(Masked(await silent.Content.ReadAsStringAsync(Stop)), Masked(await asked.Content.ReadAsStringAsync(Stop)));
    }

    [Theory]
    [InlineData("true", "", true)]
    [InlineData("false", "?wait=true", false)]
    public async Task The_annotation_waits_for_everybody_or_for_nobody(string wait, string query, bool hasOutcome)
    {
        await using var rig = await ListenerRig.StartAsync(new() { ["wait"] = wait });

        using var answer = await rig.PostAsync(path: query);

        Assert.Equal(hasOutcome, answer.Headers.Contains("X-Event-Outcome"));
    }

    [Fact]
    public async Task Who_waited_long_enough_is_told_that_it_is_pending()
    {
        var never = new TaskCompletionSource();
        await using var rig = await ListenerRig.StartAsync(new() { ["wait"] = "50ms" }, parts: parts => parts with
        {
            Find = async (_, _, cancellationToken) =>
            {
                await never.Task.WaitAsync(cancellationToken);
                return null;
            },
        });

        using var answer = await rig.PostAsync();
        never.SetResult();

        Assert.Equal("pending", Assert.Single(answer.Headers.GetValues("X-Event-Outcome")));
    }

    [Fact]
    public void Names_that_no_header_can_carry_are_made_printable() =>
        Assert.Equal("a?b?=fired", DecisionWaits.Outcomes([new() { Namespace = "n", Name = "a\nbé", Outcome = Hikigane.Resources.Deliveries.TriggerOutcome.Fired }]));

    private static string Masked(string body) => System.Text.RegularExpressions.Regex.Replace(body, "\"eventID\":\"[^\"]+\"", "");
}
