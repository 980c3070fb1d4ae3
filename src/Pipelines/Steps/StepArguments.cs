using System.Globalization;

namespace Hikigane.Pipelines.Steps;

/// <summary>The flags of Tekton's entrypoint, as Go's flag package reads them (cmd/entrypoint/main.go).</summary>
public sealed record StepArguments
{
    public string Entrypoint { get; init; } = "";

    public IReadOnlyList<string> WaitFiles { get; init; } = [];

    public bool WaitForContent { get; init; }

    public string PostFile { get; init; } = "";

    public string TerminationPath { get; init; } = "/tekton/termination";

    public string MetadataFolder { get; init; } = "";

    public IReadOnlyList<string> Results { get; init; } = [];

    public IReadOnlyList<string> StepResults { get; init; } = [];

    public string ResultFrom { get; init; } = "";

    public bool CompressTermination { get; init; }

    public string OnError { get; init; } = "";

    public TimeSpan? Timeout { get; init; }

    public string StdoutPath { get; init; } = "";

    public string StderrPath { get; init; } = "";

    public string WhenExpressions { get; init; } = "";

    public bool BreakpointOnFailure { get; init; }

    public bool DebugBeforeStep { get; init; }

    /// <summary>Credentials in the order given: flag and value.</summary>
    public IReadOnlyList<(string Flag, string Value)> Credentials { get; init; } = [];

    /// <summary>What stands behind <c>--</c>.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>Reads arguments without the program's name; the error is that of Go's flag package, or null.</summary>
    public static (StepArguments Arguments, string? Error) Parse(IReadOnlyList<string> words)
    {
        var separator = words.ToList().IndexOf("--");
        var flags = separator < 0 ? words : [.. words.Take(separator)];
        var rest = separator < 0 ? [] : words.Skip(separator + 1).ToList();
        var read = new StepArguments { Words = rest };
        for (var i = 0; i < flags.Count; i++)
        {
            var word = flags[i];
            if (word.Length < 2 || word[0] != '-')
            {
                break;
            }

            var name = word.StartsWith("--", StringComparison.Ordinal) ? word[2..] : word[1..];
            var equals = name.IndexOf('=', StringComparison.Ordinal);
            if (name.Length == 0 || name[0] is '-' or '=')
            {
                return (read, $"bad flag syntax: {word}");
            }

            var value = equals < 0 ? null : name[(equals + 1)..];
            name = equals < 0 ? name : name[..equals];
            if (Booleans.Contains(name))
            {
                if (!TryBoolean(value ?? "true", out var isOn))
                {
                    return (read, $"invalid boolean value \"{value}\" for -{name}: parse error");
                }

                read = read.With(name, isOn);
                continue;
            }

            if (!Texts.Contains(name))
            {
                return (read, $"flag provided but not defined: -{name}");
            }

            if (value is null)
            {
                if (i + 1 >= flags.Count)
                {
                    return (read, $"flag needs an argument: -{name}");
                }

                value = flags[++i];
            }

            (read, var error) = read.With(name, value);
            if (error is not null)
            {
                return (read, error);
            }
        }

        return (read, null);
    }

    private static readonly HashSet<string> Booleans =
        ["wait_file_content", "compress_termination_message", "breakpoint_on_failure", "debug_before_step", "enable_spire", "hermetic"];

    private static readonly HashSet<string> Texts =
    [
        "entrypoint", "wait_file", "post_file", "termination_path", "step_metadata_dir", "results", "step_results", "result_from", "on_error", "timeout",
        "stdout_path", "stderr_path", "when_expressions", "spire_workload_api_socket", "socket_path", "basic-git", "ssh-git", "basic-docker", "docker-config", "docker-cfg",
    ];

    private StepArguments With(string name, bool isOn) => name switch
    {
        "wait_file_content" => this with { WaitForContent = isOn },
        "compress_termination_message" => this with { CompressTermination = isOn },
        "breakpoint_on_failure" => this with { BreakpointOnFailure = isOn },
        "debug_before_step" => this with { DebugBeforeStep = isOn },
        _ => this,
    };

    private (StepArguments Arguments, string? Error) With(string name, string value)
    {
        switch (name)
        {
            case "timeout":
                return GoDuration(value) is { } duration
                    ? (this with { Timeout = duration }, null)
                    : (this, $"invalid value \"{value}\" for flag -timeout: parse error");
            case "when_expressions":
                return (this with { WhenExpressions = value }, null);
            case "basic-git" or "ssh-git" or "basic-docker" or "docker-config" or "docker-cfg":
                return (this with { Credentials = [.. Credentials, (name, value)] }, null);
        }

        var changed = name switch
        {
            "entrypoint" => this with { Entrypoint = value },
            "wait_file" => this with { WaitFiles = Split(value) },
            "post_file" => this with { PostFile = value },
            "termination_path" => this with { TerminationPath = value },
            "step_metadata_dir" => this with { MetadataFolder = value },
            "results" => this with { Results = Split(value) },
            "step_results" => this with { StepResults = Split(value) },
            "result_from" => this with { ResultFrom = value },
            "on_error" => this with { OnError = value },
            "stdout_path" => this with { StdoutPath = value },
            "stderr_path" => this with { StderrPath = value },
            _ => this,
        };
        return (changed, null);
    }

    private static string[] Split(string value) => value.Length == 0 ? [] : value.Split(',');

    private static bool TryBoolean(string text, out bool value)
    {
        value = text is "1" or "t" or "T" or "true" or "TRUE" or "True";
        return value || text is "0" or "f" or "F" or "false" or "FALSE" or "False";
    }

    /// <summary>A duration as Go writes it: <c>1h2m3.5s</c>; null when it is none.</summary>
    internal static TimeSpan? GoDuration(string text)
    {
        var sign = text.StartsWith('-') ? -1 : 1;
        var rest = text.TrimStart('-', '+');
        if (rest == "0")
        {
            return TimeSpan.Zero;
        }

        if (rest.Length == 0)
        {
            return null;
        }

        var seconds = 0.0;
        while (rest.Length > 0)
        {
            var digits = rest.TakeWhile(character => char.IsAsciiDigit(character) || character == '.').Count();
            var unit = new string([.. rest.Skip(digits).TakeWhile(character => !char.IsAsciiDigit(character) && character != '.')]);
            var factor = unit switch { "h" => 3600, "m" => 60, "s" => 1, "ms" => 1e-3, "us" or "µs" or "μs" => 1e-6, "ns" => 1e-9, _ => 0.0 };
            if (factor == 0 || !double.TryParse(rest.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return null;
            }

            seconds += number * factor;
            rest = rest[(digits + unit.Length)..];
        }

        return TimeSpan.FromSeconds(Math.Min(sign * seconds, TimeSpan.MaxValue.TotalSeconds / 2));
    }
}
