using System.Globalization;
using System.Text;

namespace Hikigane.Runtime.Logs;

/// <summary>
/// The log of one run of a container, a line each as the container runtime interface writes it: <c>time stream F|P text</c>.
/// Written by the container's output, read by any number of followers. Rotates at 10 MiB, five files.
/// </summary>
internal sealed class ContainerLog : IDisposable
{
    private const long RotateAt = 10 << 20;
    public const int MostFiles = 5;
    private const int LongestLine = 16 << 10;

    private readonly string path;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly MemoryStream[] partial = [new(), new()];
    private FileStream? file;
    private int rotations;
    private bool isClosed;
    private TaskCompletionSource grown = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ContainerLog(string path, TimeProvider time)
    {
        this.path = path;
        this.time = time;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        file = Open();
    }

    /// <summary>A reader from the oldest line on, which can be followed.</summary>
    public LogCursor OpenCursor()
    {
        lock (gate)
        {
            return new LogCursor(path, rotations);
        }
    }

    /// <summary>
    /// Gives a reader the files that were begun since it last asked. Returns what completes at the next growth, and whether there is none to come:
    /// who asks before reading misses nothing.
    /// </summary>
    public (Task Grown, bool IsClosed) Follow(LogCursor cursor)
    {
        lock (gate)
        {
            cursor.Follow(rotations);
            return (grown.Task, isClosed);
        }
    }

    public void Write(OutputStream stream, ReadOnlySpan<byte> bytes)
    {
        lock (gate)
        {
            if (file is null)
            {
                return;
            }

            var line = partial[(int)stream];
            while (!bytes.IsEmpty)
            {
                var end = bytes.IndexOf((byte)'\n');
                var room = LongestLine - (int)line.Length;
                var take = Math.Min(end < 0 ? bytes.Length : end, room);
                line.Write(bytes[..take]);
                if (end >= 0 && take == end)
                {
                    Append(stream, 'F', line);
                    take++;
                }
                else if (line.Length >= LongestLine)
                {
                    Append(stream, 'P', line);
                }

                bytes = bytes[take..];
            }

            file.Flush();
            Wake();
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            if (file is null)
            {
                return;
            }

            foreach (var stream in new[] { OutputStream.Stdout, OutputStream.Stderr })
            {
                if (partial[(int)stream].Length > 0)
                {
                    Append(stream, 'P', partial[(int)stream]);
                }
            }

            file.Dispose();
            file = null;
            isClosed = true;
            Wake();
        }
    }

    /// <summary>The last lines, oldest first, without their marks: what a termination message falls back to.</summary>
    public static string Tail(string path, int lines, int bytes)
    {
        var text = string.Concat(File.Exists(path) ? File.ReadLines(path).TakeLast(lines).Select(line => LogLine.Parse(Encoding.UTF8.GetBytes(line))?.Text() ?? "") : []);
        var encoded = Encoding.UTF8.GetBytes(text);
        return encoded.Length <= bytes ? text : Encoding.UTF8.GetString(encoded.AsSpan(encoded.Length - bytes));
    }

    private void Append(OutputStream stream, char mark, MemoryStream line)
    {
        var stamp = time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffffff", CultureInfo.InvariantCulture);
        file!.Write(Encoding.ASCII.GetBytes($"{stamp}00Z {(stream == OutputStream.Stdout ? "stdout" : "stderr")} {mark} "));
        file.Write(line.GetBuffer().AsSpan(0, (int)line.Length));
        file.WriteByte((byte)'\n');
        line.SetLength(0);
        if (file.Length >= RotateAt)
        {
            Rotate();
        }
    }

    private void Rotate()
    {
        file!.Dispose();
        for (var i = MostFiles - 1; i > 0; i--)
        {
            var older = i == 1 ? path : $"{path}.{i - 1}";
            if (File.Exists(older))
            {
                File.Move(older, $"{path}.{i}", overwrite: true);
            }
        }

        file = Open();
        rotations++;
    }

    private FileStream Open() => new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, 16384);

    private void Wake()
    {
        var waiting = grown;
        grown = new(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.TrySetResult();
    }
}

/// <summary>One line of a log file, taken apart.</summary>
internal readonly record struct LogLine(DateTimeOffset At, string Stamp, bool IsWhole, ReadOnlyMemory<byte> Content)
{
    public static LogLine? Parse(ReadOnlyMemory<byte> line)
    {
        var first = line.Span.IndexOf((byte)' ');
        if (first < 0 || line.Length < first + 10)
        {
            return null;
        }

        var stamp = Encoding.ASCII.GetString(line.Span[..first]);
        return DateTimeOffset.TryParse(stamp, CultureInfo.InvariantCulture, out var at)
            ? new LogLine(at, stamp, line.Span[first + 8] == 'F', line[(first + 10)..])
            : null;
    }

    public string Text() => Encoding.UTF8.GetString(Content.Span) + (IsWhole ? "\n" : "");
}
