using System.Diagnostics;
using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Yaml;

namespace Hikigane.Cli.Demo;

/// <summary>The walkthrough's manifests and its repository: what a person would prepare before sending the first event.</summary>
internal static class Walkthrough
{
    public const string Namespace = "default";
    public const string Listener = "build-deploy-pipeline-listener";

    private static readonly string[] Files = ["pipeline.yaml", "trigger-sa.yaml", "my-trigger.yaml"];

    /// <summary>The manifests, in the order a person applies them. They are compiled into the program from samples/walkthrough.</summary>
    public static IEnumerable<(string File, JsonObject Manifest)> Manifests()
    {
        foreach (var file in Files)
        {
            using var stream = typeof(Walkthrough).Assembly.GetManifestResourceStream("walkthrough/" + file)
                ?? throw new InvalidOperationException($"{file} is not part of this program");
            using var reader = new StreamReader(stream);
            foreach (var document in YamlReader.Read(reader.ReadToEnd()).Documents)
            {
                yield return (file, (JsonObject)document.Root!);
            }
        }
    }

    /// <summary>Creates a manifest through its own API version, as kubectl does.</summary>
    public static async Task CreateAsync(IKube kube, JsonObject manifest, CancellationToken cancellationToken)
    {
        var apiVersion = manifest.Text("apiVersion") ?? "";
        var slash = apiVersion.IndexOf('/', StringComparison.Ordinal);
        var kind = manifest.Text("kind") ?? "";
        var type = new ResourceType(
            slash < 0 ? "" : apiVersion[..slash], slash < 0 ? apiVersion : apiVersion[(slash + 1)..], kind.ToLowerInvariant() + "s", kind);
        await kube.CreateAsync(type, Namespace, manifest, cancellationToken);
    }

    /// <summary>Makes a small local git repository with one commit on <c>master</c>; returns a URL that <c>git clone</c> takes.</summary>
    public static async Task<string> MakeRepositoryAsync(string directory, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(directory);
        await File.WriteAllTextAsync(Path.Combine(directory, "README.md"), "# myapp\n", cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(directory, "app.sh"), "#!/bin/sh\necho hello\n", cancellationToken);
        await GitAsync(directory, cancellationToken, "init", "--quiet", "--initial-branch=master");
        await GitAsync(directory, cancellationToken, "add", "--all");
        await GitAsync(
            directory, cancellationToken, "-c", "user.name=Hikigane", "-c", "user.email=demo@example.com", "-c", "commit.gpgsign=false",
            "commit", "--quiet", "--message=First commit");
        return new Uri(directory).AbsoluteUri;
    }

    private static async Task GitAsync(string directory, CancellationToken cancellationToken, params string[] arguments)
    {
        var start = new ProcessStartInfo("git") { WorkingDirectory = directory, RedirectStandardError = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var git = Process.Start(start) ?? throw new InvalidOperationException("git did not start");
        var errors = await git.StandardError.ReadToEndAsync(cancellationToken);
        await git.WaitForExitAsync(cancellationToken);
        if (git.ExitCode != 0)
        {
            throw new InvalidOperationException($"git {arguments[0]} failed: {errors.Trim()}");
        }
    }
}
