using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.Runtime.Volumes;

/// <summary>A volume cannot be set up now: the pod waits, and the event shows the message.</summary>
internal sealed class MountException(string message) : Exception(message);

/// <summary>The volumes of one pod as folders of the host: made at its start, kept current while it runs.</summary>
internal sealed class PodVolumes(string folder, PodServices services)
{
    private const UnixFileMode Open = (UnixFileMode)0x1FF;

    private readonly Dictionary<string, string> hostPaths = [];

    public string? HostPath(string volume) => hostPaths.GetValueOrDefault(volume);

    /// <summary>Sets up all volumes; throws <see cref="MountException"/> when one has to wait.</summary>
    public async Task MountAsync(JsonObject pod, CancellationToken cancellationToken)
    {
        foreach (var volume in pod.Objects("spec", "volumes"))
        {
            var name = volume.Text("name") ?? "";
            hostPaths[name] = await MountAsync(pod, volume, Path.Combine(folder, name), cancellationToken);
        }
    }

    /// <summary>Brings contents that come from a source up to date; whether any file changed.</summary>
    public async Task<bool> RefreshAsync(JsonObject pod, VolumeSource source, CancellationToken cancellationToken)
    {
        var changed = false;
        foreach (var volume in pod.Objects("spec", "volumes").Where(volume => hostPaths.ContainsKey(volume.Text("name") ?? "") && source.IsOf(volume)))
        {
            try
            {
                var files = await FilesAsync(pod, volume, isRefresh: true, cancellationToken);
                changed |= files is not null && AtomicWriter.Write(hostPaths[volume.Text("name")!], files, services.Time.GetUtcNow());
            }
            catch (MountException)
            {
                // The object is gone; what was mounted stays.
            }
        }

        return changed;
    }

    private async Task<string> MountAsync(JsonObject pod, JsonObject volume, string own, CancellationToken cancellationToken)
    {
        if (volume.Object("hostPath") is { } hostPath)
        {
            return HostPathOf(volume, hostPath);
        }

        if (volume.Object("persistentVolumeClaim") is { } claim)
        {
            return await ClaimAsync(pod, claim.Text("claimName") ?? "", cancellationToken);
        }

        Directory.CreateDirectory(own);
        PodFiles.SetMode(own, Open);
        if (VolumeSource.Any.IsOf(volume))
        {
            var files = await FilesAsync(pod, volume, isRefresh: false, cancellationToken);
            AtomicWriter.Write(own, files ?? new Dictionary<string, VolumeFile>(), services.Time.GetUtcNow());
        }

        return own;
    }

    private static string HostPathOf(JsonObject volume, JsonObject hostPath)
    {
        var path = hostPath.Text("path") ?? "";
        switch (hostPath.Text("type"))
        {
            case "DirectoryOrCreate":
                Directory.CreateDirectory(path);
                break;
            case "FileOrCreate" when !File.Exists(path):
                File.WriteAllBytes(path, []);
                break;
            case "Directory" when !Directory.Exists(path):
                throw new MountException($"MountVolume.SetUp failed for volume \"{volume.Text("name")}\" : hostPath type check failed: {path} is not a directory");
            case "File" when !File.Exists(path):
                throw new MountException($"MountVolume.SetUp failed for volume \"{volume.Text("name")}\" : hostPath type check failed: {path} is not a file");
            default:
                if (!Directory.Exists(path) && !File.Exists(path))
                {
                    Directory.CreateDirectory(path);
                }

                break;
        }

        return path;
    }

    private async Task<string> ClaimAsync(JsonObject pod, string claimName, CancellationToken cancellationToken)
    {
        var claim = await FindAsync(Kinds.PersistentVolumeClaim, pod.Namespace(), claimName, cancellationToken)
            ?? throw new MountException($"persistentvolumeclaim \"{claimName}\" not found");
        if (claim.Text("status", "phase") != "Bound" || claim.Text("spec", "volumeName") is not { Length: > 0 } volumeName)
        {
            throw new MountException($"persistentvolumeclaim \"{claimName}\" is not bound");
        }

        var volume = await FindAsync(Kinds.PersistentVolume, null, volumeName, cancellationToken)
            ?? throw new MountException($"persistentvolume \"{volumeName}\" not found");
        var path = volume.Text("spec", "hostPath", "path") ?? volume.Text("spec", "local", "path") ?? Path.Combine(services.Node.DataDirectory, "volumes", volumeName);
        if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(path);
            PodFiles.SetMode(path, Open);
        }

        return path;
    }

    private async Task<IReadOnlyDictionary<string, VolumeFile>?> FilesAsync(JsonObject pod, JsonObject volume, bool isRefresh, CancellationToken cancellationToken)
    {
        var files = new Dictionary<string, VolumeFile>();
        var name = volume.Text("name") ?? "";
        if (volume.Object("projected") is { } projected)
        {
            foreach (var source in projected.Objects("sources"))
            {
                await AddSourceAsync(files, pod, source, (name, projected.Integer("defaultMode")), isRefresh, cancellationToken);
            }
        }
        else
        {
            var kind = volume["configMap"] is JsonObject ? "configMap" : volume["secret"] is JsonObject ? "secret" : "downwardAPI";
            await AddSourceAsync(files, pod, volume, (name, volume.Integer(kind, "defaultMode")), isRefresh, cancellationToken);
        }

        return files;
    }

    private async Task AddSourceAsync(
        Dictionary<string, VolumeFile> files, JsonObject pod, JsonObject source, (string Volume, long? Mode) target, bool isRefresh, CancellationToken cancellationToken)
    {
        if (source.Object("downwardAPI") is { } downward)
        {
            foreach (var item in downward.Objects("items"))
            {
                var container = pod.Objects("spec", "containers").FirstOrDefault(one => one.Text("name") == item.Text("resourceFieldRef", "containerName"));
                var text = item.Object("resourceFieldRef") is { } resource ? PodFields.Resource(container, resource)
                    : PodFields.Read(pod, item.Text("fieldRef", "fieldPath") ?? "", services.Node) ?? "";
                files[item.Text("path") ?? ""] = new VolumeFile(Encoding.UTF8.GetBytes(text), Mode(item, target.Mode));
            }
        }
        else if (source.Object("serviceAccountToken") is { } token)
        {
            files[token.Text("path") ?? "token"] = new VolumeFile(await TokenAsync(pod, token, isRefresh, target.Volume, cancellationToken), Mode(token, target.Mode));
        }
        else if (source.Object("configMap") is { } configMap)
        {
            var given = configMap.Text("name") ?? "";
            // The authority of the API server is mounted with every token; it is there before its ConfigMap is.
            var found = await FindAsync(Kinds.ConfigMap, pod.Namespace(), given, cancellationToken)
                ?? (given == "kube-root-ca.crt" ? new JsonObject { ["data"] = new JsonObject { ["ca.crt"] = services.Node.ApiAuthority } } : null);
            AddKeys(files, found, configMap, $"configmap \"{given}\" not found", target);
        }
        else if (source.Object("secret") is { } secret)
        {
            var given = secret.Text("secretName") ?? secret.Text("name") ?? "";
            AddKeys(files, await FindAsync(Kinds.Secret, pod.Namespace(), given, cancellationToken), secret, $"secret \"{given}\" not found", target);
        }
    }

    private static void AddKeys(Dictionary<string, VolumeFile> files, JsonObject? found, JsonObject source, string missing, (string Volume, long? Mode) target)
    {
        if (found is null)
        {
            if (!source.Flag("optional"))
            {
                throw new MountException($"MountVolume.SetUp failed for volume \"{target.Volume}\" : {missing}");
            }

            return;
        }

        var values = Keys(found);
        if (!source.Objects("items").Any())
        {
            foreach (var (key, value) in values)
            {
                files[key] = new VolumeFile(value, Mode(source, target.Mode));
            }
        }

        foreach (var item in source.Objects("items"))
        {
            if (values.TryGetValue(item.Text("key") ?? "", out var value))
            {
                files[item.Text("path") ?? ""] = new VolumeFile(value, Mode(item, target.Mode));
            }
            else if (!source.Flag("optional"))
            {
                throw new MountException($"MountVolume.SetUp failed for volume \"{target.Volume}\" : references non-existent config key: {item.Text("key")}");
            }
        }
    }

    /// <summary>Keys of a ConfigMap or Secret with their bytes.</summary>
    public static Dictionary<string, byte[]> Keys(JsonObject found)
    {
        var isSecret = found.Text("kind") == "Secret" || found["type"] is not null;
        var values = new Dictionary<string, byte[]>();
        foreach (var (key, value) in found.Object("data") ?? [])
        {
            values[key] = isSecret ? Decode(value?.ToString() ?? "") : Encoding.UTF8.GetBytes(value?.ToString() ?? "");
        }

        foreach (var (key, value) in found.Object("binaryData") ?? [])
        {
            values[key] = Decode(value?.ToString() ?? "");
        }

        return values;
    }

    private static byte[] Decode(string base64)
    {
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var written) ? bytes[..written] : [];
    }

    private async Task<byte[]> TokenAsync(JsonObject pod, JsonObject token, bool isRefresh, string volume, CancellationToken cancellationToken)
    {
        var path = hostPaths.GetValueOrDefault(volume) is { } mounted ? Path.Combine(mounted, token.Text("path") ?? "token") : null;
        var seconds = token.Integer("expirationSeconds") ?? 3600;
        // Renewed at 80 % of its life; in between the file is kept.
        if (isRefresh && path is not null && File.Exists(path) &&
            services.Time.GetUtcNow() - File.GetLastWriteTimeUtc(path) < TimeSpan.FromSeconds(seconds * 0.8))
        {
            return await File.ReadAllBytesAsync(path, cancellationToken);
        }

        var spec = new JsonObject
        {
            ["expirationSeconds"] = seconds,
            ["boundObjectRef"] = new JsonObject { ["kind"] = "Pod", ["apiVersion"] = "v1", ["name"] = pod.Name(), ["uid"] = pod.Uid() },
        };
        if (token.Text("audience") is { Length: > 0 } audience)
        {
            spec["audiences"] = new JsonArray((JsonNode)audience);
        }

        var request = new JsonObject { ["apiVersion"] = "authentication.k8s.io/v1", ["kind"] = "TokenRequest", ["spec"] = spec };
        try
        {
            var answer = await services.Kube.CreateAsync(
                Kinds.ServiceAccount, pod.Namespace(), request, cancellationToken, pod.Text("spec", "serviceAccountName") ?? "default", "token");
            return Encoding.UTF8.GetBytes(answer.Text("status", "token") ?? "");
        }
        catch (KubeException exception)
        {
            throw new MountException($"MountVolume.SetUp failed for volume \"{volume}\" : failed to fetch token: {exception.Message}");
        }
    }

    private async Task<JsonObject?> FindAsync(ResourceType type, string? ns, string name, CancellationToken cancellationToken)
    {
        if (services.Caches.For(type).Get(new ObjectKey(ns ?? "", name)) is { } cached)
        {
            return cached;
        }

        try
        {
            return await services.Kube.GetAsync(type, ns, name, cancellationToken);
        }
        catch (KubeException exception) when (exception.IsNotFound)
        {
            return null;
        }
    }

    private static int Mode(JsonObject item, long? fallback) => (int)(item.Integer("mode") ?? fallback ?? 0x1A4);
}
