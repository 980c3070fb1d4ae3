using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;

namespace Hikigane.Integration;

/// <summary>One kubectl against one plane, in one namespace, as a person would use it.</summary>
internal sealed class Kubectl(string path, string kubeconfig, string home, string ns, CancellationToken cancellationToken)
{
    private readonly Tool tool = new(path, new Dictionary<string, string> { ["KUBECONFIG"] = kubeconfig, ["HOME"] = home });

    public string Namespace => ns;

    /// <summary>Runs it to its end, which must be a good one; gives what it printed.</summary>
    public async Task<string> RunAsync(params string[] arguments)
    {
        var (code, text) = await TryAsync(arguments);
        Assert.True(code == 0, $"kubectl {string.Join(' ', arguments)}: {text}");
        return text;
    }

    public Task<(int ExitCode, string Text)> TryAsync(params string[] arguments) => tool.RunAsync(cancellationToken, ["-n", ns, .. arguments]);

    /// <summary>Applies a manifest that is given as text.</summary>
    public async Task<(int ExitCode, string Text)> ApplyAsync(string manifest, params string[] arguments)
    {
        var file = Path.Combine(home, $"{Guid.NewGuid():N}.yaml");
        await File.WriteAllTextAsync(file, manifest, cancellationToken);
        return await TryAsync(["apply", "-f", file, .. arguments]);
    }

    /// <summary>Starts it; whoever starts it ends it.</summary>
    public Process Start(params string[] arguments) => tool.Start(["-n", ns, .. arguments]);

    /// <summary>Sends a JSON body through <c>kubectl port-forward</c>; gives the answer.</summary>
    public async Task<JsonObject> SendThroughPortForwardAsync(string service, string body)
    {
        using var forward = Start("port-forward", "service/" + service, ":8080");
        try
        {
            var line = await forward.StandardOutput.ReadLineAsync(cancellationToken) ?? await forward.StandardError.ReadToEndAsync(cancellationToken);
            Assert.Matches(@"^Forwarding from 127.0.0.1:\d+ -> 8080$", line);
            var port = line.Split(':')[1].Split(' ')[0];
            using var client = new HttpClient();
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            using var response = await client.PostAsync(new Uri($"http://127.0.0.1:{port}/"), content, cancellationToken);
            return (JsonObject)JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))!;
        }
        finally
        {
            forward.Kill();
        }
    }
}
