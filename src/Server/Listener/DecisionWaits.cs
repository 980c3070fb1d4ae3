using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Hikigane.Resources.Deliveries;
using Hikigane.Resources.Triggers;
using Microsoft.AspNetCore.Http;

namespace Hikigane.Server.Listener;

/// <summary>
/// Senders that want to know what became of their event: the verdicts go into the headers of the answer, so that the sender's own page shows
/// them. Whether anybody waits changes neither the body nor what happens. Any thread may call.
/// </summary>
internal sealed class DecisionWaits(TimeProvider time)
{
    private const int LongestHeader = 4096;

    private readonly ConcurrentDictionary<string, TaskCompletionSource<Delivery>> waiting = new();

    /// <summary>How long this answer waits; null: not at all. A sender asks with <c>?wait=true</c> or <c>?wait=2s</c>.</summary>
    public static TimeSpan? Wanted(ListenerEdge edge, HttpRequest request)
    {
        if (edge.Wait is not { } always)
        {
            return null;
        }

        var asked = request.Query.TryGetValue("wait", out var values) ? values.ToString() switch
        {
            "" or "true" or "1" => ListenerEdge.LongestWait,
            var text => ListenerEdge.ReadDuration(text),
        } : null;
        var longest = asked is null || always > asked ? always : asked.Value;
        return longest <= TimeSpan.Zero ? null : longest < ListenerEdge.LongestWait ? longest : ListenerEdge.LongestWait;
    }

    /// <summary>To be called before the event is handed over for its decision.</summary>
    public Task<Delivery> Expect(string eventId) =>
        waiting.GetOrAdd(eventId, _ => new TaskCompletionSource<Delivery>(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public void Decided(Delivery delivery)
    {
        if (waiting.TryRemove(delivery.Event.EventId, out var expected))
        {
            expected.TrySetResult(delivery);
        }
    }

    /// <summary>Writes what is known when the wait is over.</summary>
    public async Task AnswerAsync(HttpContext http, string eventId, Task<Delivery> decision, TimeSpan longest)
    {
        try
        {
            var delivery = await decision.WaitAsync(longest, time, http.RequestAborted);
            http.Response.Headers["X-Event-Outcome"] = Spell(delivery.Outcome.ToString());
            http.Response.Headers["X-Trigger-Outcome"] = Outcomes(delivery.Triggers);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            waiting.TryRemove(eventId, out _);
            http.Response.Headers["X-Event-Outcome"] = "pending";
        }
    }

    /// <summary><c>build=fired; nightly=filtered:event.type</c></summary>
    internal static string Outcomes(IReadOnlyList<TriggerVerdict> verdicts)
    {
        var text = new StringBuilder();
        foreach (var verdict in verdicts)
        {
            var cause = verdict.Cause.Length == 0 ? "" : ":" + verdict.Cause;
            var next = $"{(text.Length == 0 ? "" : "; ")}{Printable(verdict.Name)}={Spell(verdict.Outcome.ToString())}{Printable(cause)}";
            if (text.Length + next.Length > LongestHeader)
            {
                return text.Append(CultureInfo.InvariantCulture, $"; and {verdicts.Count} in all").ToString();
            }

            text.Append(next);
        }

        return text.ToString();
    }

    /// <summary><c>NoMatch</c> → <c>no-match</c></summary>
    private static string Spell(string outcome) => string.Concat(outcome.Select(
        (one, index) => char.IsAsciiLetterUpper(one) ? $"{(index == 0 ? "" : "-")}{char.ToLowerInvariant(one)}" : one.ToString()));

    private static string Printable(string text) => text.Length == 0 ? "" : string.Concat(text.Select(one => one is > ' ' and < '\x7f' ? one : '?'));
}
