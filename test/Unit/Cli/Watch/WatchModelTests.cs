using Hikigane.Cli.Watch;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Unit.Cli.Watch;

/// <summary>Keys and events → what is selected, open and asked; and the lines that show it.</summary>
public sealed class WatchModelTests
{
    [Fact]
    public void The_selection_follows_the_newest_event_until_somebody_moves_it_and_again_from_the_top()
    {
        var model = Of(3);
        Assert.Equal("e3", model.Selected);
        Assert.Equal("e4", model.With(Events(4)).Selected);

        var moved = Press(model, WatchKey.Down);
        Assert.Equal(("e2", false), (moved.Selected, moved.IsFollowing));
        Assert.Equal("e2", moved.With(Events(9)).Selected);
        Assert.Equal("e2", Press(moved, WatchKey.Other).Selected);
        Assert.Equal("e1", Press(moved, WatchKey.Down, WatchKey.Down, WatchKey.Down).Selected);
        Assert.Equal("e10", Press(moved.With(Events(9)), WatchKey.First).With(Events(10)).Selected);
        Assert.Equal("e9", moved.With([.. Events(9).Take(3)]).Selected);
    }

    [Fact]
    public void The_selected_row_is_always_on_the_screen()
    {
        var model = Of(100).Sized(80, 13);
        Assert.Equal(10, model.Rows);
        foreach (var key in new[] { WatchKey.PageDown, WatchKey.PageDown, WatchKey.Up, WatchKey.Last, WatchKey.PageUp, WatchKey.First, WatchKey.Down })
        {
            model = Press(model, key);
            Assert.InRange(model.Index, model.Top, model.Top + model.Rows - 1);
            Assert.Single(Lines(model), line => line.IsSelected);
        }

        var last = Press(model, WatchKey.Last);
        Assert.Equal((99, 90), (last.Index, last.Top));
        Assert.InRange(last.Sized(80, 5).Top, 98, 99);
        Assert.Contains("90 above", Lines(last)[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Details_open_scroll_within_their_lines_and_close_where_one_was()
    {
        var model = Press(Of(3).Sized(80, 13), WatchKey.Down, WatchKey.Details);
        Assert.Equal((true, "e2", false), (model.IsOpen, model.Selected, model.ShowsHistory));
        Assert.Equal("e2", model.With(Events(5)).Selected);
        Assert.Equal(5, Press(model, WatchKey.Last).Scroll);
        Assert.Equal(0, Press(model, WatchKey.Last, WatchKey.First).Scroll);
        Assert.True(Press(model, WatchKey.History).ShowsHistory);
        Assert.False(Press(model, WatchKey.History, WatchKey.History).ShowsHistory);
        Assert.Equal((false, "e2"), (Press(model, WatchKey.Details).IsOpen, Press(model, WatchKey.Back).Selected));
        Assert.True(Press(Of(1), WatchKey.History) is { IsOpen: true, ShowsHistory: true });
    }

    [Fact]
    public void A_replay_is_asked_for_and_only_yes_means_yes()
    {
        var asking = Press(Of(2), WatchKey.Replay);
        Assert.True(asking.IsAsking);
        Assert.StartsWith("Replay e2 (POST /) for real?", Lines(asking)[^1].Text, StringComparison.Ordinal);
        Assert.Equal("e2", asking.With(Events(5)).Selected);

        Assert.Equal(WatchRequest.Replay, asking.Press(WatchKey.Yes, 0).Request);
        foreach (var other in Enum.GetValues<WatchKey>().Where(key => key != WatchKey.Yes))
        {
            var (model, request) = asking.Press(other, 0);
            Assert.Equal((WatchRequest.None, false, "not replayed"), (request, model.IsAsking, model.Notice));
        }
    }

    [Fact]
    public void What_nobody_vouches_for_is_not_replayed_just_so()
    {
        var refused = Events(1)[0] with
        {
            Outcome = DeliveryOutcome.Rejected,
            Triggers = [new TriggerVerdict { Namespace = "ci", Name = "t", Outcome = TriggerOutcome.Rejected, Cause = "signature.mismatch" }],
        };

        var model = Press(new WatchModel().With([refused]), WatchKey.Replay);

        Assert.False(model.IsAsking);
        Assert.Contains("nobody knows who sent it", model.Notice, StringComparison.Ordinal);
        Assert.Empty(Press(model, WatchKey.Other).Notice);
    }

    [Fact]
    public void Q_ends_it_and_without_events_no_key_does_anything_else()
    {
        foreach (var key in Enum.GetValues<WatchKey>())
        {
            var (model, request) = new WatchModel().With([]).Press(key, 0);
            Assert.Equal(key == WatchKey.Quit ? WatchRequest.Quit : WatchRequest.None, request);
            Assert.False(model.IsOpen || model.IsAsking);
        }

        Assert.Contains("No events yet", Lines(new WatchModel())[1].Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(20, 4)]
    [InlineData(80, 24)]
    [InlineData(300, 80)]
    public void The_screen_has_as_many_lines_as_the_terminal_and_none_is_wider(int width, int height)
    {
        var nasty = Events(30).Select(one => one with
        {
            Event = one.Event with { ListenerName = "引き金\e[2J\u202e", Path = "/" + new string('x', 500) },
            Outcome = DeliveryOutcome.NoMatch,
        }).ToList();
        var model = new WatchModel().With(nasty).Sized(width, height);

        foreach (var one in new[] { model, Press(model, WatchKey.Details), Press(model, WatchKey.History), Press(model, WatchKey.Replay) })
        {
            var lines = Lines(one);
            Assert.Equal(height, lines.Count);
            Assert.All(lines, line => Assert.True(Cells.Width(line.Text) <= width, line.Text));
            Assert.All(lines, line => Assert.DoesNotContain(line.Text, character => char.IsControl(character) || character == '\u202e'));
        }
    }

    [Theory]
    [InlineData('j', ConsoleKey.J, WatchKey.Down)]
    [InlineData('\0', ConsoleKey.UpArrow, WatchKey.Up)]
    [InlineData('\r', ConsoleKey.Enter, WatchKey.Details)]
    [InlineData('d', ConsoleKey.D, WatchKey.Details)]
    [InlineData('r', ConsoleKey.R, WatchKey.Replay)]
    [InlineData('h', ConsoleKey.H, WatchKey.History)]
    [InlineData('q', ConsoleKey.Q, WatchKey.Quit)]
    [InlineData('\e', ConsoleKey.Escape, WatchKey.Back)]
    [InlineData('x', ConsoleKey.X, WatchKey.Other)]
    internal void A_key_means_what_the_last_line_says(char character, ConsoleKey key, WatchKey meaning) =>
        Assert.Equal(meaning, WatchKeys.Of(new ConsoleKeyInfo(character, key, shift: false, alt: false, control: false)));

    [Fact]
    public void Text_is_cut_and_broken_by_the_cells_that_it_takes()
    {
        Assert.Equal("引…", Cells.Cut("引き金", 4));
        Assert.Equal("引き金", Cells.Cut("引き金", 6));
        Assert.Equal(["引き", "金"], Cells.Wrap("引き金", 5));
        Assert.Equal(["a", "", "b·"], Cells.Wrap("a\r\n\nb\a", 5));
        Assert.Equal("e\u0301 ", Cells.Pad("e\u0301", 2));
    }

    private static WatchModel Of(int count) => new WatchModel().With(Events(count));

    private static WatchModel Press(WatchModel model, params WatchKey[] keys) => keys.Aggregate(model, (now, key) => now.Press(key, lines: 15).Model);

    private static IReadOnlyList<WatchLine> Lines(WatchModel model) => WatchScreen.Lines(
        model, model is { IsOpen: true, Current: { } current } ? WatchScreen.Details(current, [], model.ShowsHistory, model.Width) : []);

    /// <summary>e1 is the oldest.</summary>
    private static IReadOnlyList<Delivery> Events(int count) => [.. Enumerable.Range(1, count).Reverse().Select(number => new Delivery
    {
        Event = new ReceivedEvent
        {
            EventId = $"e{number}",
            ListenerNamespace = "ci",
            ListenerName = "el",
            ListenerUid = "u",
            ReceivedAt = DateTimeOffset.UnixEpoch,
            Method = "POST",
            Path = "/",
            Headers = [new("Content-Type", "application/json")],
            Body = "{}"u8.ToArray(),
        },
    })];
}
