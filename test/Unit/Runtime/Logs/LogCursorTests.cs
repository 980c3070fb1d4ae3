using System.Text;
using Hikigane.Runtime;
using Hikigane.Runtime.Logs;

namespace Hikigane.Unit.Runtime.Logs;

public sealed class LogCursorTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("hikigane-log-").FullName;

    private string File => Path.Combine(directory, "0.log");

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void A_reader_goes_on_where_it_stopped_and_leaves_what_is_no_line_yet()
    {
        using var log = new ContainerLog(File, TimeProvider.System);
        using var cursor = log.OpenCursor();
        log.Write(OutputStream.Stdout, "one\ntw"u8);
        Assert.Equal(["one\n"], Text(cursor));

        log.Write(OutputStream.Stdout, "o\n"u8);
        Assert.False(log.Follow(cursor).IsClosed);
        Assert.Equal(["two\n"], Text(cursor));

        log.Write(OutputStream.Stdout, "thr"u8);
        log.Dispose();
        Assert.True(log.Follow(cursor).IsClosed);
        Assert.Equal(["thr"], Text(cursor));
    }

    [Fact]
    public void A_log_that_begins_new_files_is_read_without_gap_or_repetition()
    {
        using var log = new ContainerLog(File, TimeProvider.System);
        using var cursor = log.OpenCursor();
        var line = new string('x', 10_000);
        var read = new List<string>();
        for (var i = 0; i < 2500; i++)
        {
            log.Write(OutputStream.Stdout, Encoding.UTF8.GetBytes($"{i} {line}\n"));
            if (i % 400 == 0)
            {
                log.Follow(cursor);
                read.AddRange(Text(cursor));
            }
        }

        log.Follow(cursor);
        read.AddRange(Text(cursor));
        Assert.True(System.IO.File.Exists(File + ".2"));
        Assert.Equal(Enumerable.Range(0, 2500), read.Select(text => int.Parse(text.Split(' ')[0])));

        using var late = new LogCursor(File);
        Assert.Equal(read, Text(late));
    }

    private static List<string> Text(LogCursor cursor) => [.. cursor.Read().Select(line => line.Text())];
}
