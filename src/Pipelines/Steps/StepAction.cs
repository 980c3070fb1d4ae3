namespace Hikigane.Pipelines.Steps;

/// <summary>
/// One thing that the step protocol asks its shell to do; the shell sets the answer and goes on. Paths are those that the step sees.
/// </summary>
public abstract class StepAction
{
    private StepAction()
    {
    }

    /// <summary>Reads a file whole.</summary>
    public sealed class ReadFile(string path) : StepAction
    {
        public string Path { get; } = path;

        /// <summary>The content; null when it cannot be read.</summary>
        public byte[]? Content { get; set; }

        /// <summary>Why it cannot be read, in the operating system's words (<c>is a directory</c>); null when it does not exist.</summary>
        public string? Error { get; set; }
    }

    /// <summary>Writes a file whole, with its folders.</summary>
    public sealed class WriteFile(string path, byte[] content, int mode = 0x1A4) : StepAction
    {
        public string Path { get; } = path;

        public byte[] Content { get; } = content;

        public int Mode { get; } = mode;

        public string? Error { get; set; }
    }

    /// <summary>Makes a folder with those above it.</summary>
    public sealed class MakeFolder(string path, int mode = 0x1ED) : StepAction
    {
        public string Path { get; } = path;

        public int Mode { get; } = mode;
    }

    /// <summary>Names in a folder; empty when there is none.</summary>
    public sealed class ListFolder(string path) : StepAction
    {
        public string Path { get; } = path;

        public IReadOnlyList<string> Names { get; set; } = [];
    }

    /// <summary>Copies a folder over another, whatever is in it.</summary>
    public sealed class CopyOver(string source, string target) : StepAction
    {
        public string Source { get; } = source;

        public string Target { get; } = target;
    }

    /// <summary>A symbolic link; one that exists stays.</summary>
    public sealed class Link(string path, string target) : StepAction
    {
        public string Path { get; } = path;

        public string Target { get; } = target;
    }

    /// <summary>Copies the program itself, executable by all.</summary>
    public sealed class CopyFile(string source, string target) : StepAction
    {
        public string Source { get; } = source;

        public string Target { get; } = target;

        public string? Error { get; set; }
    }

    /// <summary>Waits until a file exists (with content, where asked), or the one beside it that reports an error.</summary>
    public sealed class WaitFor(string path, bool withContent, string? errorPath) : StepAction
    {
        public string Path { get; } = path;

        public bool WithContent { get; } = withContent;

        public string? ErrorPath { get; } = errorPath;

        /// <summary>Whether it was the error that came.</summary>
        public bool HasFailed { get; set; }
    }

    /// <summary>Runs the step's command.</summary>
    public sealed class Run : StepAction
    {
        public required IReadOnlyList<string> Command { get; init; }

        public required IReadOnlyDictionary<string, string> Environment { get; init; }

        public TimeSpan? Timeout { get; init; }

        public string? StdoutPath { get; init; }

        public string? StderrPath { get; init; }

        /// <summary>A file that ends the step when it gets content.</summary>
        public required string CancelPath { get; init; }

        public StepOutcome Outcome { get; set; } = new StepOutcome.Exited(0);
    }

    /// <summary>Asks for the time.</summary>
    public sealed class Now : StepAction
    {
        public DateTimeOffset At { get; set; }
    }

    /// <summary>A line for stderr; the shell puts the time before it.</summary>
    public sealed class Say(string text, bool isStamped = true) : StepAction
    {
        public string Text { get; } = text;

        public bool IsStamped { get; } = isStamped;
    }

    /// <summary>The end.</summary>
    public sealed class Exit(int code) : StepAction
    {
        public int Code { get; } = code;
    }
}

/// <summary>How a step's command ended.</summary>
public abstract record StepOutcome
{
    private StepOutcome()
    {
    }

    public sealed record Exited(int Code) : StepOutcome;

    /// <summary>It was never started, in the words of Go's os/exec.</summary>
    public sealed record NotStarted(string Error) : StepOutcome;

    public sealed record TimedOut : StepOutcome;

    public sealed record Cancelled : StepOutcome;
}
