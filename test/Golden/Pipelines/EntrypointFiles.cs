using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hikigane.Pipelines.Steps;
using Hikigane.Resources.Json;
using Hikigane.Server.Steps;

namespace Hikigane.Golden.Pipelines;

/// <summary>The file tree of a case, as the recordings write it down.</summary>
internal static partial class EntrypointFiles
{
    public static Dictionary<string, JsonNode?> Read(string root, IEnumerable<string> folders)
    {
        var files = new Dictionary<string, JsonNode?>();
        foreach (var folder in folders)
        {
            Walk(root, new DirectoryInfo(root + folder), files);
        }

        return files;
    }

    public static JsonObject Changes(Dictionary<string, JsonNode?> before, Dictionary<string, JsonNode?> after) =>
        new(after.Where(pair => pair.Key != "/tekton/termination" && (!before.TryGetValue(pair.Key, out var old) || !JsonNode.DeepEquals(old, pair.Value)))
            .Select(pair => KeyValuePair.Create(RandomName().Replace(pair.Key, "/tmp/script-<rand>"), pair.Value?.DeepClone())));

    public static JsonNode? Termination(string? text, bool isUnchanged)
    {
        if (text is null || isUnchanged)
        {
            return null;
        }

        return new JsonArray([.. StepTermination.Parse(StepTermination.Decompress(text)).Select(one => new JsonObject
        {
            ["key"] = one.Key,
            ["value"] = one.Key == "StartedAt" ? "<time>" : one.Value,
            ["type"] = one.Type,
        })]);
    }

    public static JsonNode? Mode(string path) =>
        OperatingSystem.IsWindows() ? null : "0o" + Convert.ToString((int)File.GetUnixFileMode(path), 8);

    /// <summary>Without what is for information; lengths stand for long contents.</summary>
    public static JsonObject Wanted(JsonObject want)
    {
        var wanted = want.Copy();
        wanted.Remove("stderr");
        wanted.Remove("removed");
        foreach (var (path, content) in (wanted.Object("files") ?? []).ToList())
        {
            if (content.Integer("length") is { } length)
            {
                wanted["files"]![path] = new string('x', (int)length);
            }
        }

        return wanted;
    }

    private static void Walk(string root, DirectoryInfo folder, Dictionary<string, JsonNode?> files)
    {
        if (!folder.Exists)
        {
            return;
        }

        var entries = folder.GetFileSystemInfos();
        if (entries.Length == 0)
        {
            files[folder.FullName[root.Length..] + "/"] = null;
        }

        foreach (var entry in entries)
        {
            var path = entry.FullName[root.Length..];
            if (entry.LinkTarget is { } target)
            {
                files[path] = new JsonObject { ["link"] = target };
            }
            else if (entry is DirectoryInfo inner)
            {
                Walk(root, inner, files);
            }
            else
            {
                files[path] = System.Text.Encoding.UTF8.GetString(File.ReadAllBytes(entry.FullName));
            }
        }
    }

    [GeneratedRegex("^/tmp/script-.*$")]
    private static partial Regex RandomName();
}

/// <summary>CEL without variables, for steps' conditions.</summary>
internal static class EntrypointCel
{
    public static (bool Value, string? Error) Evaluate(string expression) => StepConditions.Evaluate(expression);
}
