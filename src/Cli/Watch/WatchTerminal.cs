using System.Runtime.InteropServices;
using System.Text;
using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Cli.Watch;

/// <summary>
/// Shows a <see cref="WatchModel"/> on a terminal, on its second screen, so that what was there before comes back: reads keys and events, writes lines. The thin
/// shell of the screen; one loop, one thread at a time.
/// </summary>
internal sealed class WatchTerminal(LedgerReader reader, LedgerQuery query, Func<ReceivedEvent, CancellationToken, Task<string>> replay)
{
    private const int Window = 200;
    private const string Enter = "\e[?1049h\e[?25l\e[?7l";
    private const string Leave = "\e[?7h\e[?25h\e[?1049l";
    private static readonly TimeSpan KeyInterval = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan EventInterval = TimeSpan.FromMilliseconds(500);

    private readonly bool isColored = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
    private readonly Stream output = Console.OpenStandardOutput();
    private WatchModel model = new();
    private IReadOnlyList<DecisionRecord> history = [];
    private (string Event, DeliveryOutcome Outcome, bool ShowsHistory, int Width) detailed;
    private IReadOnlyList<string> details = [];
    private string shown = "";
    private volatile bool isStale = true;

    /// <summary>Whether there is a terminal to show it on.</summary>
    public static bool IsThere => !Console.IsOutputRedirected && !Console.IsInputRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // Whoever suspended the program finds the shell's screen when it goes on.
        using var resumed = OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => isStale = true);
        using var timer = new PeriodicTimer(KeyInterval, TimeProvider.System);
        try
        {
            var readAt = TimeProvider.System.GetTimestamp() - TimeProvider.System.TimestampFrequency;
            do
            {
                if (TimeProvider.System.GetElapsedTime(readAt) >= EventInterval)
                {
                    model = model.With(reader.List(query with { Limit = Window }));
                    readAt = TimeProvider.System.GetTimestamp();
                }

                if (!await TakeKeysAsync(cancellationToken))
                {
                    return;
                }

                await ShowAsync();
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException)
        {
        }
        finally
        {
            await WriteAsync(Leave);
        }
    }

    /// <summary>False when a key ends it.</summary>
    private async Task<bool> TakeKeysAsync(CancellationToken cancellationToken)
    {
        while (Console.KeyAvailable)
        {
            (model, var request) = model.Press(WatchKeys.Of(Console.ReadKey(intercept: true)), details.Count);
            if (request == WatchRequest.Quit)
            {
                return false;
            }

            Refresh();
            if (request == WatchRequest.Replay && model.Current is { } current)
            {
                try
                {
                    model = model with { Notice = await replay(current.Event, cancellationToken) };
                }
                catch (Exception exception) when (exception is LedgerException or CliException)
                {
                    model = model with { Notice = exception.Message.ReplaceLineEndings(" ") };
                }
            }
        }

        return true;
    }

    private async Task ShowAsync()
    {
        model = model.Sized(Console.WindowWidth, Console.WindowHeight);
        Refresh();
        var screen = Spelled(WatchScreen.Lines(model, details));
        if (isStale || screen != shown)
        {
            await WriteAsync(isStale ? Enter + "\e[2J" + screen : screen);
            (isStale, shown) = (false, screen);
        }
    }

    /// <summary>The details are read when another event is opened, or when it was decided meanwhile.</summary>
    private void Refresh()
    {
        if (!model.IsOpen || model.Current is not { } current)
        {
            (detailed, details) = (default, []);
            return;
        }

        var wanted = (current.Event.EventId, current.Outcome, model.ShowsHistory, model.Width);
        if (wanted != detailed)
        {
            history = reader.History(current.Event.EventId);
            details = WatchScreen.Details(current, history, model.ShowsHistory, model.Width);
            detailed = wanted;
        }
    }

    /// <summary>The lines from the top left on, each up to its end; the rest of the line is wiped.</summary>
    private string Spelled(IReadOnlyList<WatchLine> lines)
    {
        var text = new StringBuilder("\e[H");
        foreach (var (index, line) in lines.Index())
        {
            var style = line.IsSelected ? "\e[7m" : isColored ? Color(line.Outcome) : "";
            text.Append(index == 0 ? "" : "\r\n").Append(style).Append(line.Text).Append(style.Length == 0 ? "" : "\e[0m").Append("\e[K");
        }

        return text.ToString();
    }

    /// <summary>What did not match is grey, not red: that is normal.</summary>
    private static string Color(DeliveryOutcome? outcome) => outcome switch
    {
        DeliveryOutcome.Fired => "\e[32m",
        DeliveryOutcome.Error => "\e[31m",
        DeliveryOutcome.Rejected or DeliveryOutcome.Partial => "\e[33m",
        DeliveryOutcome.NoMatch or DeliveryOutcome.NoTriggers => "\e[90m",
        _ => "",
    };

    private async Task WriteAsync(string text)
    {
        await output.WriteAsync(Encoding.UTF8.GetBytes(text), CancellationToken.None);
        await output.FlushAsync(CancellationToken.None);
    }
}
