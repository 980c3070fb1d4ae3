using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Pipelines.Steps;
using Hikigane.Resources.Json;
using Hikigane.Runtime;

namespace Hikigane.Server.Steps;

/// <summary>
/// Recognises the containers that a TaskRun's pod is made of and runs the step protocol for them in this process: nothing is injected, no
/// file is polled, and a step costs what starting its command costs.
/// </summary>
public sealed class StepRunner(StepCel cel, TimeProvider time)
{
    private const string Entrypoint = "/tekton/bin/entrypoint";

    /// <summary>Makes the pod loop hand such containers over.</summary>
    public void AddTo(HostedContainers hosted)
    {
        hosted.Add(container => First(container) == Entrypoint, RunStepAsync, isResumable: false);
        hosted.Add(container => First(container) == "/ko-app/entrypoint", RunCommandAsync, isResumable: false);
        hosted.Add(container => First(container) == SidecarLogResults.Program, SidecarLogResults.RunAsync, isResumable: false);
        hosted.Add(container => First(container) == "/ko-app/workingdirinit", MakeFoldersAsync, isResumable: false);
        hosted.Add(container => container.Text("name") == "place-scripts" && Script(container) is not null, PlaceScriptsAsync, isResumable: false);
    }

    private static string? First(JsonObject container) => container.Items("command").FirstOrDefault()?.ToString();

    private Task<int> RunStepAsync(ContainerContext context, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> words = [.. context.Launch.Command.Skip(1)];
        return Shell(context).RunAsync(StepCommands.Recognises(words) ? StepCommands.Run(words) : Protocol(words, context.Launch), cancellationToken);
    }

    /// <summary>The protocol for an argument vector; a usage error ends it with 2.</summary>
    public IEnumerable<StepAction> Protocol(IReadOnlyList<string> words, ContainerLaunch launch)
    {
        var (arguments, error) = StepArguments.Parse(words);
        // Without a folder of its own a step reports into its working directory.
        arguments = arguments.MetadataFolder.Length > 0 ? arguments : arguments with { MetadataFolder = launch.WorkingDirectory };
        return error is null
            ? new StepProtocol(arguments, launch.Environment, cel).Run()
            : [new StepAction.Say(error, isStamped: false), new StepAction.Exit(2)];
    }

    /// <summary><c>init</c> copies no program here: none is needed in the pod.</summary>
    private Task<int> RunCommandAsync(ContainerContext context, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> words = [.. context.Launch.Command.Skip(1)];
        words = words.Count >= 3 && words[0] == "init" ? ["step-init", .. words.Skip(3)] : words;
        return Shell(context).RunAsync(StepCommands.Recognises(words) ? StepCommands.Run(words) : Protocol(words, context.Launch), cancellationToken);
    }

    private Task<int> MakeFoldersAsync(ContainerContext context, CancellationToken cancellationToken)
    {
        var folders = context.Launch.Command.Skip(1).Select(folder => folder.StartsWith('/') ? folder : $"{context.Launch.WorkingDirectory.TrimEnd('/')}/{folder}");
        return Shell(context).RunAsync([.. folders.Select(folder => new StepAction.MakeFolder(folder)), new StepAction.Exit(0)], cancellationToken);
    }

    private Task<int> PlaceScriptsAsync(ContainerContext context, CancellationToken cancellationToken)
    {
        var placed = PlacedScript.ParseAll(context.Launch.Command[^1]) ?? [];
        var writes = placed.Select(script => new StepAction.WriteFile(script.Path, script.Content, mode: 0x1ED));
        return Shell(context).RunAsync([.. writes, new StepAction.Exit(0)], cancellationToken);
    }

    private static IReadOnlyList<PlacedScript>? Script(JsonObject container) =>
        First(container) == "sh" && container.Items("args").LastOrDefault()?.ToString() is { } text ? PlacedScript.ParseAll(text) : null;

    private StepShell Shell(ContainerContext context) => new(context.Paths, context.Signals, time)
    {
        StartAsync = context.StartAsync,
        Launch = context.Launch,
        Received = context.Received,
    };
}

/// <summary>One file that the <c>place-scripts</c> container writes.</summary>
internal sealed record PlacedScript(string Path, byte[] Content)
{
    /// <summary>Reads the shell text that the pod builder writes; null when it is anything else.</summary>
    public static IReadOnlyList<PlacedScript>? ParseAll(string text)
    {
        var placed = new List<PlacedScript>();
        var lines = text.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].Length == 0)
            {
                continue;
            }

            var equals = lines[i].IndexOf("=\"", StringComparison.Ordinal);
            var here = i + 2 < lines.Length ? lines[i + 2].IndexOf(" << '", StringComparison.Ordinal) : -1;
            if (equals < 0 || here < 0 || !lines[i].EndsWith('"') || !lines[i + 1].StartsWith("touch ", StringComparison.Ordinal) || !lines[i + 2].StartsWith("cat > ", StringComparison.Ordinal))
            {
                return null;
            }

            var path = lines[i][(equals + 2)..^1];
            var mark = lines[i + 2][(here + 5)..].TrimEnd('\'');
            var end = Array.IndexOf(lines, mark, i + 3);
            if (end < 0)
            {
                return null;
            }

            var content = string.Concat(lines[(i + 3)..end].Select(line => line + "\n"));
            var isEncoded = end + 1 < lines.Length && lines[end + 1].StartsWith("/tekton/bin/entrypoint decode-script", StringComparison.Ordinal);
            var bytes = isEncoded ? StepCommands.Decode(content).Bytes : Encoding.UTF8.GetBytes(content);
            if (bytes is null)
            {
                return null;
            }

            placed.Add(new PlacedScript(path, bytes));
            i = isEncoded ? end + 1 : end;
        }

        return placed;
    }
}
