using System.Diagnostics;

namespace Hikigane.Integration;

/// <summary>A program that a person would use, run as a process; its output is what a test looks at.</summary>
internal sealed class Tool(string path, IReadOnlyDictionary<string, string> environment)
{
    /// <summary>
    /// Every kubectl of this machine by its file name: one for each minor (<c>kubectl.1.31</c>) where they lie on the PATH or beside the one that is
    /// there, else the one there is. Empty when there is none.
    /// </summary>
    public static IReadOnlyList<string> FindKubectls()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Where(Directory.Exists).ToList();
        var plain = folders.Select(folder => Path.Combine(folder, "kubectl")).FirstOrDefault(File.Exists);
        var beside = plain is null ? null : Path.GetDirectoryName(File.ResolveLinkTarget(plain, returnFinalTarget: true)?.FullName ?? plain);
        var minors = folders.Append(beside).OfType<string>().SelectMany(folder => Directory.GetFiles(folder, "kubectl.1.*"))
            .DistinctBy(Path.GetFileName).Order(StringComparer.Ordinal).ToList();
        return minors.Count > 0 ? minors : plain is null ? [] : [plain];
    }

    /// <summary>The newest kubectl of this machine; Debian's package where there is none and it can be installed; null otherwise.</summary>
    public static async Task<string?> KubectlAsync(CancellationToken cancellationToken)
    {
        if (FindKubectls() is [.., var newest])
        {
            return newest;
        }

        if (Environment.UserName != "root" || !File.Exists("/usr/bin/apt-get"))
        {
            return null;
        }

        var apt = new Tool("/usr/bin/apt-get", new Dictionary<string, string> { ["DEBIAN_FRONTEND"] = "noninteractive" });
        var (code, _) = await apt.RunAsync(cancellationToken, "install", "-y", "--no-install-recommends", "kubernetes-client");
        if (code != 0)
        {
            await apt.RunAsync(cancellationToken, "update");
            await apt.RunAsync(cancellationToken, "install", "-y", "--no-install-recommends", "kubernetes-client");
        }

        return FindKubectls() is [.., var installed] ? installed : null;
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
