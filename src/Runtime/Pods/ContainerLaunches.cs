using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Runtime.Pods;

/// <summary>Container spec + pod → what is started: command, environment, mounts.</summary>
internal static class ContainerLaunches
{
    public static string MessagePath(JsonObject container) => container.Text("terminationMessagePath") is { Length: > 0 } path ? path : "/dev/termination-log";

    /// <summary>Tekton stops a sidecar by changing its image to one that does nothing; without images, that is the name's meaning.</summary>
    public static bool IsNoOperation(JsonObject container)
    {
        var image = container.Text("image") ?? "";
        var name = image[(image.LastIndexOf('/') + 1)..].Split('@', ':')[0];
        return name == "nop" || name.StartsWith("nop-", StringComparison.Ordinal);
    }

    public static async Task<ContainerLaunch> BuildAsync(PodWorker worker, JsonObject container, PodServices services, CancellationToken cancellationToken)
    {
        var environment = await ContainerEnvironment.BuildAsync(worker.Pod, container, services, cancellationToken);
        var binds = Binds(worker, container, environment);
        var words = container.Items("command").Concat(container.Items("args")).Select(word => ContainerEnvironment.Expand(word?.ToString() ?? "", environment));
        return new ContainerLaunch
        {
            Command = [.. words],
            Environment = environment,
            WorkingDirectory = container.Text("workingDir") is { Length: > 0 } folder ? folder : "/",
            Binds = binds,
            Output = static (_, _) => { },
            ScratchDirectory = Path.Combine(OwnFolder(worker, container), "run"),
        };
    }

    private static string OwnFolder(PodWorker worker, JsonObject container) => Path.Combine(worker.Folder, "containers", container.Text("name") ?? "");

    private static List<Bind> Binds(PodWorker worker, JsonObject container, Dictionary<string, string> environment)
    {
        var own = OwnFolder(worker, container);
        var home = Path.Combine(own, "home");
        var temporary = Path.Combine(own, "tmp");
        Directory.CreateDirectory(home);
        Directory.CreateDirectory(temporary);
        PodFiles.SetMode(temporary, (UnixFileMode)0x3FF);
        var message = Path.Combine(own, "termination");
        File.WriteAllBytes(message, []);
        List<Bind> binds = [new Bind(temporary, "/tmp"), new Bind(home, ContainerEnvironment.Home)];
        foreach (var mount in container.Objects("volumeMounts"))
        {
            var name = mount.Text("name") ?? "";
            var source = worker.Volumes.HostPath(name) ?? throw new ContainerConfigException($"volume \"{name}\" not found");
            var inside = mount.Text("subPathExpr") is { Length: > 0 } expression ? ContainerEnvironment.Expand(expression, environment) : mount.Text("subPath") ?? "";
            binds.Add(new Bind(Inside(source, inside, name), Normal(mount.Text("mountPath") ?? "/"), mount.Flag("readOnly")));
        }

        binds.Add(new Bind(message, MessagePath(container)));
        return [.. binds.GroupBy(bind => bind.ContainerPath).Select(same => same.Last()).OrderBy(bind => bind.ContainerPath.Count(character => character == '/')).ThenBy(bind => bind.ContainerPath, StringComparer.Ordinal)];
    }

    /// <summary>A path in a volume, which neither dots nor links may leave.</summary>
    private static string Inside(string source, string subPath, string volume)
    {
        if (subPath.Length == 0)
        {
            return source;
        }

        var path = Path.GetFullPath(Path.Combine(source, subPath.TrimStart('/')));
        if (subPath.StartsWith('/') || subPath.Split('/').Contains("..") || !path.StartsWith(source.TrimEnd('/') + "/", StringComparison.Ordinal))
        {
            throw new ContainerConfigException($"failed to prepare subPath for volumeMount \"{volume}\" : must not contain '..'");
        }

        var resolved = new ContainerPaths([new Bind(source, "/volume")]).ToHost("/volume/" + subPath);
        if (resolved != source && !resolved.StartsWith(source.TrimEnd('/') + "/", StringComparison.Ordinal))
        {
            throw new ContainerConfigException($"failed to prepare subPath for volumeMount \"{volume}\" of container");
        }

        if (!Directory.Exists(resolved) && !File.Exists(resolved))
        {
            Directory.CreateDirectory(resolved);
        }

        return resolved;
    }

    private static string Normal(string path)
    {
        var normal = Path.GetFullPath(path.StartsWith('/') ? path : "/" + path);
        return normal.Length > 1 ? normal.TrimEnd('/') : normal;
    }
}
