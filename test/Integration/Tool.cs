using System.Diagnostics;

namespace Hikigane.Integration;

/// <summary>A program that a person would use, run as a process; its output is what a test looks at.</summary>
internal sealed class Tool(string path, IReadOnlyDictionary<string, string> environment)
{
    /// <summary>A kubectl of any version on the PATH, the plain name first; null when there is none.</summary>
    public static string? FindKubectl()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Where(Directory.Exists).ToList();
        return folders.Select(folder => Path.Combine(folder, "kubectl")).FirstOrDefault(File.Exists)
            ?? folders.SelectMany(folder => Directory.GetFiles(folder, "kubectl.1.*")).Order(StringComparer.Ordinal).LastOrDefault();
    }

    /// <summary>Starts it with both outputs redirected; whoever starts it ends it.</summary>
    public Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(path) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start) ?? throw new InvalidOperationException($"{path} did not start");
    }

    /// <summary>Runs it to its end; returns the exit code and what it printed, errors behind the rest.</summary>
    public async Task<(int ExitCode, string Text)> RunAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        using var process = Start(arguments);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return (process.ExitCode, output + await errors);
    }
}
