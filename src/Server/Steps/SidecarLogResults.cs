using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Runtime;

namespace Hikigane.Server.Steps;

/// <summary>
/// The sidecar that prints results into its log, where the configuration asks for it: waits until every step has ended, then a JSON object a
/// line. As tektoncd/pipeline internal/sidecarlogresults and cmd/sidecarlogresults.
/// </summary>
internal static class SidecarLogResults
{
    public const string Program = "/ko-app/sidecarlogresults";

    private const string RunFolder = "/tekton/run";
    private const string StepsFolder = "/tekton/steps";

    public static async Task<int> RunAsync(ContainerContext context, CancellationToken cancellationToken)
    {
        var words = context.Launch.Command;
        try
        {
            foreach (var step in Names(context, RunFolder))
            {
                await context.Signals.WaitUntilAsync(() => Exists(context, $"{RunFolder}/{step}/out") || Exists(context, $"{RunFolder}/{step}/out.err"), cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            return 137;
        }

        var folder = Flag(words, "-results-dir");
        foreach (var name in Flag(words, "-result-names").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            Print(context, name, $"{folder}/{name}", "task");
        }

        foreach (var (step, results) in JsonNode.Parse(Flag(words, "-step-results") is { Length: > 0 } text ? text : "{}") as JsonObject ?? [])
        {
            foreach (var name in (results as JsonArray ?? []).Select(result => result?.ToString() ?? ""))
            {
                Print(context, $"{step}.{name}", $"{StepsFolder}/{step}/results/{name}", "step");
            }
        }

        foreach (var step in Flag(words, "-step-names").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            Print(context, $"{StepsFolder}/{step}/artifacts/provenance.json", $"{StepsFolder}/{step}/artifacts/provenance.json", "stepArtifact");
        }

        Print(context, "/tekton/artifacts/provenance.json", "/tekton/artifacts/provenance.json", "taskArtifact");
        return Flag(words, "-kubernetes-sidecar-mode") == "true" ? await UntilToldAsync(context, cancellationToken) : 0;
    }

    private static async Task<int> UntilToldAsync(ContainerContext context, CancellationToken cancellationToken)
    {
        try
        {
            await context.Received.ReadAsync(cancellationToken);
            return 0;
        }
        catch (OperationCanceledException)
        {
            return 137;
        }
    }

    private static IEnumerable<string> Names(ContainerContext context, string folder)
    {
        var host = context.Paths.ToHost(folder);
        return Directory.Exists(host) ? [.. Directory.EnumerateDirectories(host).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)] : [];
    }

    private static bool Exists(ContainerContext context, string path) => File.Exists(context.Paths.ToHost(path));

    private static string Flag(IReadOnlyList<string> words, string flag)
    {
        for (var i = 1; i + 1 < words.Count; i++)
        {
            if (words[i].TrimStart('-') == flag.TrimStart('-'))
            {
                return words[i + 1];
            }
        }

        return "";
    }

    private static void Print(ContainerContext context, string name, string path, string type)
    {
        var file = context.Paths.ToHost(path);
        if (!File.Exists(file))
        {
            return;
        }

        var line = new JsonObject { ["name"] = name, ["value"] = File.ReadAllText(file), ["type"] = type };
        context.Launch.Output(OutputStream.Stdout, Encoding.UTF8.GetBytes(line.ToJsonString() + "\n"));
    }
}
