namespace Hikigane.Runtime.Processes;

/// <summary>
/// How a program ended, told apart: a program that a signal ended and one that exits with 128 + signal look the same to whoever waits for a
/// sandbox. A shell between the two starts the program and waits for it; its own error output is a file, in which it names the signal, as
/// every POSIX shell does, and then the exit code. The program keeps its streams and its name, and is nobody's first process.
/// </summary>
internal static class ProgramReport
{
    /// <summary>Where the file is seen in a sandbox.</summary>
    public const string Path = "/run/hikigane-report";

    // The shell outlives the signals that are sent to the program's group; a trap, unlike an ignored signal, is not inherited.
    private const string Script =
        """exec 9>&2 2>"$1" || exit 126; shift; trap : HUP INT QUIT USR1 USR2 ALRM TERM; echo run >&2; (exec "$@") 2>&9 9>&-; code=$?; echo "exit $code" >&2; exit $code""";

    public static IReadOnlyList<string> Command(string report, IReadOnlyList<string> program) => ["/bin/sh", "-c", Script, "sh", report, .. program];

    /// <summary>Whether the file tree is built and the program about to start.</summary>
    public static bool HasBegun(string report) => new FileInfo(report) is { Exists: true, Length: > 0 };

    /// <param name="report">What the shell has written; nothing when it was itself ended by a signal.</param>
    /// <param name="code">What the outermost process has returned.</param>
    /// <param name="sent">Signals that were sent to the program; shells do not name the signal of a terminal's Ctrl-C.</param>
    public static ContainerExit Read(string report, int code, IReadOnlyCollection<int> sent)
    {
        var isNamed = report.TrimEnd() != $"run\nexit {code}";
        return new ContainerExit(code, code > 128 && (isNamed || sent.Contains(code - 128)));
    }
}
