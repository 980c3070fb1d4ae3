using System.Text;
using Hikigane.Runtime.Logs;

namespace Hikigane.Runtime.Pods;

/// <summary>What a container leaves behind when it ends, cut as a kubelet cuts it.</summary>
internal static class TerminationMessage
{
    public const int LongestInPod = 12 << 10;
    private const int Longest = 4096;

    /// <summary>The end of the message file; with <c>FallbackToLogsOnError</c>, of the log.</summary>
    public static string Read(string file, string? policy, int exitCode, string logFile)
    {
        var message = "";
        if (File.Exists(file))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            stream.Seek(-Math.Min(stream.Length, Longest), SeekOrigin.End);
            var bytes = new byte[Math.Min(stream.Length, Longest)];
            message = Encoding.UTF8.GetString(bytes.AsSpan(0, stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)));
        }

        return message.Length == 0 && policy == "FallbackToLogsOnError" && exitCode != 0
            ? ContainerLog.Tail(logFile, 80, 2048)
            : message;
    }

    /// <summary>At most so many bytes from the start; a character that is cut in two is replaced.</summary>
    public static string Cut(string message, int bytes)
    {
        if (message.Length * 3 <= bytes)
        {
            return message;
        }

        var encoded = Encoding.UTF8.GetBytes(message);
        return encoded.Length <= bytes ? message : Encoding.UTF8.GetString(encoded.AsSpan(0, bytes));
    }
}
