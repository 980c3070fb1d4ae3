using System.Diagnostics;
using Hikigane.Integration;

[assembly: AssemblyFixture(typeof(Postgres))]

namespace Hikigane.Integration;

/// <summary>
/// A PostgreSQL of this machine, started in a directory of its own for the tests of one run, on a socket in that directory. Where there is none,
/// Debian's package is installed, which needs root; else <see cref="Missing"/> says in one line why the tests that need it are skipped.
/// </summary>
public sealed class Postgres : IAsyncLifetime
{
    private readonly string directory = Directory.CreateTempSubdirectory("hikigane-pg-").FullName;
    private readonly SemaphoreSlim starting = new(1);
    private string? binaries;
    private bool isStarted;

    /// <summary>Why there is none; null after <see cref="StartAsync"/> found one.</summary>
    public string? Missing { get; private set; }

    public string Address => $"Host={directory};Database=postgres;Username=hikigane";

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Starts it for the first test that needs it.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await starting.WaitAsync(cancellationToken);
        try
        {
            if (isStarted || Missing is not null)
            {
                return;
            }

            binaries = Binaries() ?? await InstallAsync(cancellationToken);
            if (binaries is null)
            {
                Missing = "no PostgreSQL here (pg_ctl and initdb on the PATH or under /usr/lib/postgresql), and Debian's package could not be installed";
                return;
            }

            var data = Path.Combine(directory, "data");
            await RunAsync(cancellationToken, "initdb", "--pgdata", data, "--username=hikigane", "--auth=trust", "--no-sync", "--encoding=UTF8", "--no-locale");
            await RunAsync(
                cancellationToken, "pg_ctl", "start", "--wait", "--pgdata", data, "--log", Path.Combine(directory, "log"),
                "--options", $"-c listen_addresses='' -c unix_socket_directories={directory} -c max_connections=60");
            isStarted = true;
        }
        catch (InvalidOperationException exception)
        {
            Missing = "PostgreSQL does not start here: " + exception.Message.ReplaceLineEndings(" ");
        }
        finally
        {
            starting.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (isStarted)
        {
            await RunAsync(CancellationToken.None, "pg_ctl", "stop", "--mode=immediate", "--pgdata", Path.Combine(directory, "data"));
        }

        Directory.Delete(directory, recursive: true);
        starting.Dispose();
    }

    private static string? Binaries()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        var packaged = Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Reverse() : [];
        return folders.Concat(packaged.Select(version => Path.Combine(version, "bin")))
            .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "pg_ctl")) && File.Exists(Path.Combine(folder, "initdb")));
    }

    private static async Task<string?> InstallAsync(CancellationToken cancellationToken)
    {
        if (Environment.UserName != "root" || !File.Exists("/usr/bin/apt-get"))
        {
            return null;
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(3));
        try
        {
            await StartedAsync("apt-get", ["update", "-qq"], patience.Token);
            await StartedAsync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "postgresql"], patience.Token);
            return Binaries();
        }
        catch (Exception exception) when (exception is InvalidOperationException or OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>PostgreSQL refuses to run as root: then it runs as <c>nobody</c>, to whom the directory is given.</summary>
    private async Task RunAsync(CancellationToken cancellationToken, string tool, params string[] arguments)
    {
        var path = Path.Combine(binaries!, tool);
        if (Environment.UserName != "root")
        {
            await StartedAsync(path, arguments, cancellationToken);
            return;
        }

        await StartedAsync("chown", ["nobody", directory], cancellationToken);
        await StartedAsync("setpriv", ["--reuid=nobody", "--regid=65534", "--clear-groups", path, .. arguments], cancellationToken);
    }

    private static async Task StartedAsync(string path, string[] arguments, CancellationToken cancellationToken)
    {
        // Not redirected through pipes: the server would keep them open.
        var output = Path.GetTempFileName();
        try
        {
            var start = new ProcessStartInfo("/bin/sh", ["-c", "out=$1; shift; exec \"$@\" >\"$out\" 2>&1 </dev/null", "sh", output, path, .. arguments])
            {
                WorkingDirectory = "/",
                Environment = { ["DEBIAN_FRONTEND"] = "noninteractive", ["LC_ALL"] = "C" },
            };
            File.SetUnixFileMode(output, (UnixFileMode)0b110_110_110);
            using var process = Process.Start(start)!;
            await process.WaitForExitAsync(cancellationToken);
            if (process.ExitCode != 0)
            {
                throw new InvalidOperationException($"{path} {arguments.FirstOrDefault()}: {(await File.ReadAllTextAsync(output, cancellationToken)).Trim()}");
            }
        }
        finally
        {
            File.Delete(output);
        }
    }
}
