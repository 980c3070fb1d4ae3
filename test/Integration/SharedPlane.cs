using System.Text.Json.Nodes;
using Hikigane.Integration;
using Hikigane.Pipelines.TaskRuns;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Yaml;
using Hikigane.Server;
using Microsoft.Extensions.Logging.Abstractions;

[assembly: AssemblyFixture(typeof(SharedPlane))]

namespace Hikigane.Integration;

/// <summary>Everything on one machine, in this process and in memory, for tests that only add objects of their own names.</summary>
public sealed class SharedPlane : IAsyncLifetime
{
    private readonly string directory = Directory.CreateTempSubdirectory("hikigane-plane-").FullName;

    public ControlPlane Plane { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Plane = await ControlPlane.StartAsync(
        new UpOptions { DataDirectory = Path.Combine(directory, "data"), IsInMemory = true, AllowsNoSandbox = true },
        TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await Plane.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>Creates a run and waits for its end.</summary>
    public async Task<JsonObject> RunAsync(ResourceType type, string name, string spec, CancellationToken cancellationToken)
    {
        var manifest = new JsonObject
        {
            ["apiVersion"] = type.ApiVersion,
            ["kind"] = type.Kind,
            ["metadata"] = new JsonObject { ["name"] = name },
            ["spec"] = YamlReader.ReadObject(spec, out var error) ?? throw new InvalidOperationException(error?.ToString()),
        };
        await Plane.Admin.CreateAsync(type, "default", manifest, cancellationToken);
        return await Waits.ForAsync(Plane.Admin, type, run => run.Name() == name && Conditions.Succeeded(run.Object("status")).Text("status") is "True" or "False", cancellationToken);
    }

    public static (string? Status, string? Reason, string? Message) Outcome(JsonObject run)
    {
        var condition = Conditions.Succeeded(run.Object("status"));
        return (condition.Text("status"), condition.Text("reason"), condition.Text("message"));
    }
}
