namespace Hikigane.Cli.Watch;

/// <summary>What a key means on the screen of <c>event watch</c>.</summary>
internal enum WatchKey
{
    Other,
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,

    /// <summary>Opens the details of the selected event; closes them again.</summary>
    Details,

    /// <summary>Leaves the details, or says no.</summary>
    Back,
    Replay,

    /// <summary>Between the verdict and the history with the request.</summary>
    History,
    Yes,
    Quit,
}

/// <summary>Keys of a keyboard → what they mean: the arrows, and vi's letters for them.</summary>
internal static class WatchKeys
{
    public static WatchKey Of(ConsoleKeyInfo pressed) => pressed.Key switch
    {
        ConsoleKey.UpArrow => WatchKey.Up,
        ConsoleKey.DownArrow => WatchKey.Down,
        ConsoleKey.PageUp => WatchKey.PageUp,
        ConsoleKey.PageDown => WatchKey.PageDown,
        ConsoleKey.Home => WatchKey.First,
        ConsoleKey.End => WatchKey.Last,
        ConsoleKey.Enter => WatchKey.Details,
        ConsoleKey.Escape or ConsoleKey.Backspace or ConsoleKey.LeftArrow => WatchKey.Back,
        _ => pressed.KeyChar switch
        {
            'k' => WatchKey.Up,
            'j' => WatchKey.Down,
            'g' => WatchKey.First,
            'G' => WatchKey.Last,
            ' ' => WatchKey.PageDown,
            'd' or '\r' or '\n' => WatchKey.Details,
            'n' or 'N' => WatchKey.Back,
            'r' => WatchKey.Replay,
            'h' => WatchKey.History,
            'y' or 'Y' => WatchKey.Yes,
            'q' or 'Q' => WatchKey.Quit,
            _ => WatchKey.Other,
        },
    };
}
