namespace Hikigane.Runtime.Logs;

/// <summary>
/// Reads a container's log from its oldest file on, line by line, and goes on where it stopped: what has been read is not read again, and
/// what is still being written is left until it is a line. One reader.
/// </summary>
internal sealed class LogCursor : IDisposable
{
    private readonly string path;
    private readonly Queue<FileStream> files;
    private readonly byte[] buffer = new byte[64 << 10];
    private int rotations;
    private int start;
    private int end;

    /// <param name="rotations">How many times the log that is being written has begun a new file; see <see cref="ContainerLog.Open"/>.</param>
    public LogCursor(string path, int rotations = 0)
    {
        this.path = path;
        this.rotations = rotations;
        files = new Queue<FileStream>(Names(ContainerLog.MostFiles).Select(Open));
    }

    /// <summary>Takes up the files that were begun since: the one that is open was moved away and is read to its end first.</summary>
    public void Follow(int rotationsNow)
    {
        foreach (var name in Names(Math.Min(rotationsNow - rotations, ContainerLog.MostFiles)))
        {
            files.Enqueue(Open(name));
        }

        rotations = rotationsNow;
    }

    /// <summary>The lines that are there and were not read yet.</summary>
    public IEnumerable<LogLine> Read()
    {
        while (true)
        {
            if (Line() is { } line)
            {
                yield return line;
            }
            else if (!Fill())
            {
                if (files.Count == 1)
                {
                    yield break;
                }

                files.Dequeue().Dispose();
                start = end = 0;
            }
        }
    }

    public void Dispose()
    {
        foreach (var file in files)
        {
            file.Dispose();
        }
    }

    /// <summary>The newest so many files, oldest first.</summary>
    private IEnumerable<string> Names(int count) => count <= 0 ? [] : Enumerable.Range(1, count - 1).Reverse().Select(i => $"{path}.{i}").Where(File.Exists).Append(path);

    private LogLine? Line()
    {
        while (buffer.AsSpan(start, end - start).IndexOf((byte)'\n') is >= 0 and var length)
        {
            var line = LogLine.Parse(buffer.AsSpan(start, length).ToArray());
            start += length + 1;
            if (line is not null)
            {
                return line;
            }
        }

        return null;
    }

    /// <summary>A line is shorter than the buffer, so that there is always room for the rest of one.</summary>
    private bool Fill()
    {
        buffer.AsSpan(start, end - start).CopyTo(buffer);
        (start, end) = (0, end - start);
        var read = files.Peek().Read(buffer, end, buffer.Length - end);
        end += read;
        return read > 0;
    }

    private static FileStream Open(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
}
