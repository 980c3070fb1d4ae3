using System.Net.Http.Headers;
using Hikigane.Server;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hikigane.Integration;

/// <summary>One <c>up</c> in memory for a whole class of tests, and a git repository that its pipelines can clone.</summary>
public sealed class RunningPlane : IAsyncLifetime
{
    private readonly string directory = Directory.CreateTempSubdirectory("hikigane-plane-").FullName;

    // Not in /tmp, of which a pod sees the newest entries only.
    private readonly string repository = Path.Combine(AppContext.BaseDirectory, "repositories", Guid.NewGuid().ToString("N"));

    public ControlPlane Plane { get; private set; } = null!;

    /// <summary>A repository with one commit on <c>master</c>.</summary>
    public string RepositoryUrl { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        var options = new UpOptions { DataDirectory = Path.Combine(directory, "data"), IsInMemory = true, AllowsNoSandbox = true };
        Plane = await ControlPlane.StartAsync(options, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        RepositoryUrl = await RepositoryAsync(repository);
    }

    /// <summary>A kubectl that speaks to this plane, in a namespace.</summary>
    internal Kubectl Kubectl(string path, string ns, CancellationToken cancellationToken) => new(path, Plane.KubeconfigPath, directory, ns, cancellationToken);

    /// <summary>The API over HTTPS as its administrator.</summary>
    internal HttpClient AdminClient()
    {
        var token = File.ReadAllText(Path.Combine(directory, "data", "keys", "admin.token")).Trim();
        var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator };
        var client = new HttpClient(handler) { BaseAddress = new Uri(Plane.ApiAddress + "/") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        if (Plane is not null)
        {
            await Plane.DisposeAsync();
        }

        Directory.Delete(directory, recursive: true);
        Directory.Delete(repository, recursive: true);
    }

    private static async Task<string> RepositoryAsync(string folder)
    {
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "README.md"), "# myapp\n");
        var git = new Tool("git", new Dictionary<string, string>());
        string[] who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
        foreach (string[] arguments in new string[][] { ["init", "-q", "-b", "master"], ["add", "."], [.. who, "commit", "-qm", "first"] })
        {
            var (code, text) = await git.RunAsync(CancellationToken.None, ["-C", folder, .. arguments]);
            Assert.True(code == 0, text);
        }

        return new Uri(folder).AbsoluteUri;
    }
}
