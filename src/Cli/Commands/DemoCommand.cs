using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Cli.Demo;
using Hikigane.Cli.Text;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Server;
using Microsoft.Extensions.Logging;

namespace Hikigane.Cli.Commands;

/// <summary><c>hikigane demo</c>: the walkthrough in one command, from an empty directory to a green run.</summary>
internal static class DemoCommand
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(2);

    public static Command Create()
    {
        var keep = new Option<bool>("--keep") { Description = "Leave it running afterwards" };
        var noSandbox = new Option<bool>("--no-sandbox") { Description = "Run steps as plain processes where no sandbox can be had" };
        var command = new Command("demo", "The walkthrough in one command: an event becomes a green run") { keep, noSandbox };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var directory = Directory.CreateTempSubdirectory("hikigane-demo-").FullName;
            try
            {
                return await RunAsync(directory, parsed.GetValue(keep), parsed.GetValue(noSandbox), cancellationToken);
            }
            finally
            {
                Directory.Delete(directory, recursive: true);
            }
        });
        return command;
    }

    private static async Task<int> RunAsync(string directory, bool keep, bool allowsNoSandbox, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(LongestWait, TimeProvider.System);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        using var logging = Logs.ToStandardError(LogLevel.Error);
        var started = TimeProvider.System.GetTimestamp();
        var options = new UpOptions { DataDirectory = Path.Combine(directory, "data"), AllowsNoSandbox = allowsNoSandbox };
        try
        {
            await using var plane = await ControlPlane.StartAsync(options, TimeProvider.System, logging, ending.Token);
            Say($"started in {directory}", started);
            var run = await WalkThroughAsync(plane, directory, started, ending.Token);
            var isGreen = Report(plane, run, started);
            if (keep)
            {
                Console.WriteLine($"\nIt keeps running. In another terminal:\n  export KUBECONFIG={plane.KubeconfigPath}\n  kubectl get pipelinerun,taskrun,pod\nCtrl-C stops it.");
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken).ContinueWith(_ => { }, TaskScheduler.Default);
            }

            return isGreen ? 0 : 1;
        }
        catch (StartException exception)
        {
            Console.Error.WriteLine("hikigane demo: " + exception.Message);
            return 1;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            Console.Error.WriteLine($"hikigane demo: no green run after {LongestWait.TotalSeconds} s");
            return 1;
        }
    }

    private static async Task<JsonObject> WalkThroughAsync(ControlPlane plane, string directory, long started, CancellationToken cancellationToken)
    {
        var repository = await Walkthrough.MakeRepositoryAsync(Path.Combine(directory, "myapp"), cancellationToken);
        Say("made a git repository: " + repository, started);

        var count = 0;
        foreach (var (_, manifest) in Walkthrough.Manifests())
        {
            await Walkthrough.CreateAsync(plane.Admin, manifest, cancellationToken);
            count++;
        }

        Say($"applied {count} manifests (samples/walkthrough)", started);
        await WaitForListenerAsync(plane, cancellationToken);
        Say($"listener {Walkthrough.Namespace}/{Walkthrough.Listener} is ready", started);

        await SendAsync(plane, repository, started, cancellationToken);
        var follower = new RunFollower(plane.Admin, plane.Pods, Console.Out);
        var run = await follower.FirstRunAsync(Walkthrough.Namespace, cancellationToken);
        Say($"pipelinerun {run.Name()} created", started);
        return await follower.FollowAsync(run, cancellationToken);
    }

    private static async Task WaitForListenerAsync(ControlPlane plane, CancellationToken cancellationToken)
    {
        var list = await plane.Admin.ListAsync(Kinds.Pod, Walkthrough.Namespace, ListQuery.All, cancellationToken);
        if (list.Items.Any(IsReady))
        {
            return;
        }

        await foreach (var change in plane.Admin.WatchAsync(Kinds.Pod, Walkthrough.Namespace, new WatchQuery(list.ResourceVersion), cancellationToken))
        {
            if (change.Type is WatchEventType.Added or WatchEventType.Modified && IsReady(change.Object))
            {
                return;
            }
        }

        static bool IsReady(JsonObject pod) => pod.Label("eventlistener") == Walkthrough.Listener && pod.Condition("Ready").Text("status") == "True";
    }

    private static async Task SendAsync(ControlPlane plane, string repository, long started, CancellationToken cancellationToken)
    {
        var body = new JsonObject
        {
            ["head_commit"] = new JsonObject { ["id"] = "master" },
            ["repository"] = new JsonObject { ["url"] = repository },
        };
        using var http = new HttpClient();
        using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        var address = new Uri(plane.ListenersAddress, $"{Walkthrough.Namespace}/{Walkthrough.Listener}");
        using var answer = await http.PostAsync(address, content, cancellationToken);
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        Say($"posted the event: {(int)answer.StatusCode} {text.Trim()}", started);
    }

    private static bool Report(ControlPlane plane, JsonObject run, long started)
    {
        var succeeded = run.Condition("Succeeded");
        var isGreen = succeeded.Text("status") == "True";
        Say($"{(isGreen ? "green" : "red")}: {succeeded.Text("reason")}: {succeeded.Text("message")}", started);
        var delivery = plane.Ledger.FindByCreated(run.Name());
        if (delivery is not null)
        {
            Console.WriteLine();
            WhyText.Write(Console.Out, delivery);
        }

        return isGreen;
    }

    private static void Say(string text, long started) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"{TimeProvider.System.GetElapsedTime(started).TotalSeconds,6:0.00} s  {text}"));
}
