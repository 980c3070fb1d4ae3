using System.Diagnostics;
using System.Text.Json.Nodes;
using Hikigane.ApiServer.Store;
using Hikigane.Resources.Json;

namespace Hikigane.Unit.ApiServer.Store;

/// <summary>What every store promises; runs on the memory store and on the SQLite store.</summary>
public sealed class StoreTests : IDisposable
{
    private readonly string directory = Path.Combine(Path.GetTempPath(), $"hikigane-store-{Guid.NewGuid():n}");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private IStore Open(string kind) => kind == "memory" ? new MemoryStore() : SqliteStore.Open(directory, TimeProvider.System);

    private static StoreKey Key(string name) => new("configmaps", "default", name);

    private static JsonObject Manifest(string value) => new() { ["metadata"] = new JsonObject(), ["data"] = value };

    [Theory]
    [InlineData("memory")]
    [InlineData("sqlite")]
    public async Task A_write_needs_the_revision_that_is_there(string kind)
    {
        await using var store = Open(kind);
        var first = await store.WriteAsync(new StoreWrite(Key("a"), 0, Manifest("1")), Token);

        await Assert.ThrowsAsync<StoreConflictException>(() => store.WriteAsync(new StoreWrite(Key("a"), 0, Manifest("2")), Token));
        var second = await store.WriteAsync(new StoreWrite(Key("a"), first.Revision, Manifest("2")), Token);

        Assert.Equal(first.Revision + 1, second.Revision);
        Assert.Equal("2", store.Current.Find(Key("a"))!.Object.Text("data"));
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("sqlite")]
    public async Task A_follower_reads_all_changes_once_and_in_order(string kind)
    {
        await using var store = Open(kind);
        var cursor = store.Follow("configmaps", 0);
        await Task.WhenAll(Enumerable.Range(0, 200).Select(n => store.WriteAsync(new StoreWrite(Key($"n{n}"), 0, Manifest("1")), Token)));

        var seen = new List<long>();
        while (cursor.TryNext() is { } change)
        {
            seen.Add(change.Revision);
        }

        Assert.Equal(Enumerable.Range(1, 200).Select(n => (long)n), seen);
    }

    [Fact]
    public async Task What_was_answered_is_there_after_opening_again()
    {
        await using (var store = Open("sqlite"))
        {
            await store.WriteAsync(new StoreWrite(Key("a"), 0, Manifest("1")), Token);
            var gone = await store.WriteAsync(new StoreWrite(Key("b"), 0, Manifest("1")), Token);
            await store.WriteAsync(new StoreWrite(Key("b"), gone.Revision, null), Token);
        }

        await using var again = Open("sqlite");

        Assert.Equal(3, again.Current.Revision);
        Assert.Equal("1", again.Current.Find(Key("a"))!.Object.Text("data"));
        Assert.Null(again.Current.Find(Key("b")));
    }

    [Fact]
    public async Task A_second_opener_is_told_that_the_directory_is_in_use()
    {
        await using var store = Open("sqlite");

        var refusal = Assert.Throws<InvalidOperationException>(() => Open("sqlite"));

        Assert.Contains("in use by another process", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ten_thousand_followers_hear_of_one_change()
    {
        await using var store = new MemoryStore();
        async Task<long> HearAsync()
        {
            var cursor = store.Follow("configmaps", 0);
            while (true)
            {
                var signal = cursor.NextSignal;
                if (cursor.TryNext() is { } change)
                {
                    return change.Revision;
                }

                await signal.WaitAsync(Token);
            }
        }

        var followers = Enumerable.Range(0, 10_000).Select(_ => HearAsync()).ToList();
        var clock = Stopwatch.StartNew();
        await store.WriteAsync(new StoreWrite(Key("a"), 0, Manifest("1")), Token);
        var heard = await Task.WhenAll(followers);

        Assert.All(heard, revision => Assert.Equal(1, revision));
        TestContext.Current.TestOutputHelper?.WriteLine($"10,000 followers in {clock.ElapsedMilliseconds} ms");
    }
}
