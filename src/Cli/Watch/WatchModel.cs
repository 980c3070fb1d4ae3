using Hikigane.Cli.Ledgers;
using Hikigane.Cli.Text;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Cli.Watch;

/// <summary>What the terminal is asked to do after a key.</summary>
internal enum WatchRequest
{
    None,
    Quit,

    /// <summary>Replay <see cref="WatchModel.Current"/>; it was confirmed.</summary>
    Replay,
}

/// <summary>
/// The screen of <c>event watch</c> as a value: events, what is selected, what is open. Keys, new events and sizes give a new one; nothing here reads or
/// writes anything. <see cref="WatchScreen"/> spells it out, <see cref="WatchTerminal"/> shows it.
/// </summary>
internal sealed record WatchModel
{
    /// <summary>Lines around the list: title, columns, keys.</summary>
    private const int Frame = 3;

    /// <summary>The newest first.</summary>
    public IReadOnlyList<Delivery> Events { get; init; } = [];

    /// <summary>Id of the selected event; the selection stays with the event while new ones come in above it.</summary>
    public string Selected { get; init; } = "";

    /// <summary>Nobody has moved away from the newest event, or opened one: the selection goes to whatever is newest.</summary>
    public bool IsFollowing { get; init; } = true;

    /// <summary>The row that is at the top of the list.</summary>
    public int Top { get; init; }

    public bool IsOpen { get; init; }

    public bool ShowsHistory { get; init; }

    /// <summary>The line of the details that is at the top.</summary>
    public int Scroll { get; init; }

    /// <summary>Waits for yes or no.</summary>
    public bool IsAsking { get; init; }

    /// <summary>Said until the next key.</summary>
    public string Notice { get; init; } = "";

    public int Width { get; init; } = 80;

    public int Height { get; init; } = 24;

    public int Rows => Math.Max(1, Height - Frame);

    public int Index => Math.Max(0, Events.Index().FirstOrDefault(one => one.Item.Event.EventId == Selected, (0, null!)).Index);

    public Delivery? Current => Events.Count == 0 ? null : Events[Index];

    /// <summary>How many came in above the selection since somebody moved it.</summary>
    public int Above => IsFollowing ? 0 : Top;

    public WatchModel With(IReadOnlyList<Delivery> events) => Settled(this with
    {
        Events = events,
        Selected = IsFollowing || Selected.Length == 0 || events.All(one => one.Event.EventId != Selected)
            ? events.Count == 0 ? "" : events[0].Event.EventId
            : Selected,
    });

    public WatchModel Sized(int width, int height) => Settled(this with { Width = Math.Max(20, width), Height = Math.Max(Frame + 1, height) });

    /// <summary>What a key does.</summary>
    /// <param name="lines">How many lines the details have.</param>
    public (WatchModel Model, WatchRequest Request) Press(WatchKey key, int lines)
    {
        var quiet = this with { Notice = "" };
        return key switch
        {
            _ when IsAsking => (quiet with { IsAsking = false, Notice = key == WatchKey.Yes ? "" : "not replayed" }, key == WatchKey.Yes ? WatchRequest.Replay : WatchRequest.None),
            WatchKey.Quit => (quiet, WatchRequest.Quit),
            WatchKey.Details or WatchKey.Back when IsOpen => (quiet with { IsOpen = false, ShowsHistory = false, Scroll = 0 }, WatchRequest.None),
            WatchKey.Details when Current is not null => (quiet with { IsOpen = true, IsFollowing = false, Scroll = 0 }, WatchRequest.None),
            WatchKey.History when Current is not null => (quiet with { IsOpen = true, IsFollowing = false, ShowsHistory = !ShowsHistory, Scroll = 0 }, WatchRequest.None),
            WatchKey.Replay when Current is { } current =>
                (Replays.Refusal(current) is { } refusal ? quiet with { Notice = refusal } : quiet with { IsAsking = true, IsFollowing = false }, WatchRequest.None),
            _ when IsOpen => (quiet with { Scroll = Math.Clamp(Scroll + Step(key, lines), 0, Math.Max(0, lines - Rows)) }, WatchRequest.None),
            _ => (quiet.Moved(Step(key, Events.Count)), WatchRequest.None),
        };
    }

    private int Step(WatchKey key, int all) => key switch
    {
        WatchKey.Up => -1,
        WatchKey.Down => 1,
        WatchKey.PageUp => -Rows,
        WatchKey.PageDown => Rows,
        WatchKey.First => -all,
        WatchKey.Last => all,
        _ => 0,
    };

    private WatchModel Moved(int step)
    {
        if (step == 0 || Events.Count == 0)
        {
            return this;
        }

        var index = Math.Clamp(Index + step, 0, Events.Count - 1);
        return Settled(this with { Selected = Events[index].Event.EventId, IsFollowing = index == 0 });
    }

    /// <summary>The selected row is one that is seen.</summary>
    private static WatchModel Settled(WatchModel model)
    {
        var index = model.Index;
        var top = Math.Clamp(model.Top, Math.Max(0, index - model.Rows + 1), index);
        return model with { Top = Math.Min(top, Math.Max(0, model.Events.Count - model.Rows)) };
    }

    /// <summary>What is asked before a replay.</summary>
    public string Question => Current is not { } current ? ""
        : $"Replay {DeliverySummary.ShortId(current.Event.EventId)} ({DeliverySummary.Event(current.Event)}) for real? Objects may be created. [y/N]";
}
