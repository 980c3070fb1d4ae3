using System.Text.Json.Nodes;
using Hikigane.Pipelines.Configuration;
using Hikigane.Pipelines.Pods;
using Hikigane.Pipelines.TaskRuns;
using Hikigane.Resources.Json;
using Hikigane.Resources.Yaml;

namespace Hikigane.Golden.Pipelines;

/// <summary>The world that a recorded case of a TaskRun describes.</summary>
internal static class TaskRunWorlds
{
    public const string Namespace = "vec";

    public static PipelinesConfig Config(JsonObject input) => PipelinesConfig.Read(
        new JsonObject { ["data"] = input.Object("config", "feature-flags")?.DeepClone() ?? new JsonObject() },
        new JsonObject { ["data"] = input.Object("config", "config-defaults")?.DeepClone() ?? new JsonObject() },
        text => YamlReader.ReadObject(text, out _));

    /// <summary>The run as it is stored: with the defaults that admission sets.</summary>
    public static JsonObject Run(JsonObject input, PipelinesConfig config)
    {
        var run = input.Object("run")!.Copy();
        Admit(run);
        TaskRunDefaults.SetRun(run, config);
        run.Ensure("metadata", "labels")["app.kubernetes.io/managed-by"] ??= config.ManagedBy;
        return run;
    }

    public static TaskRunWorld Create(JsonObject input, JsonObject run, PipelinesConfig config)
    {
        var objects = input.Objects("objects").Select(one => one.Copy()).ToList();
        objects.ForEach(Admit);
        var account = objects.FirstOrDefault(one => one.Text("kind") == "ServiceAccount" && one.Name() == run.Text("spec", "serviceAccountName"));
        if (account is null && run.Text("spec", "serviceAccountName") == "default")
        {
            account = new JsonObject { ["metadata"] = new JsonObject { ["name"] = "default" } };
        }

        return new TaskRunWorld
        {
            Run = run,
            Task = objects.FirstOrDefault(one => one.Text("kind") == "Task" && one.Name() == run.Text("spec", "taskRef", "name")),
            StepActions = ByName(objects, "StepAction"),
            ServiceAccount = account,
            Secrets = ByName(objects, "Secret"),
            LimitRanges = [.. objects.Where(one => one.Text("kind") == "LimitRange")],
            Config = config,
            ImageCommands = Images(input),
        };
    }

    private static void Admit(JsonObject manifest)
    {
        var metadata = manifest.Ensure("metadata");
        metadata["namespace"] = Namespace;
        metadata["uid"] ??= "uid-of-" + metadata["name"];
        metadata["creationTimestamp"] = "2026-06-01T00:00:00Z";
    }

    private static Dictionary<string, JsonObject> ByName(List<JsonObject> objects, string kind) =>
        objects.Where(one => one.Text("kind") == kind).GroupBy(one => one.Name()).ToDictionary(group => group.Key, group => group.Last());

    private static Dictionary<string, ImageCommands> Images(JsonObject input)
    {
        var images = new Dictionary<string, ImageCommands>();
        foreach (var (name, image) in input.Object("registry") ?? [])
        {
            var repository = name.Split(':')[0];
            var platforms = (image.Object("platforms") ?? []).Where(pair => pair.Key != "unknown/unknown").ToDictionary(pair => pair.Key, pair => new ImageCommand(Texts(pair.Value, "entrypoint"), Texts(pair.Value, "cmd")));
            var commands = new ImageCommands($"localhost:26555/{repository}@sha256:<digest>", platforms);
            images[$"localhost:26555/{name}"] = commands;
            if (name.EndsWith(":latest", StringComparison.Ordinal) || !name.Contains(':', StringComparison.Ordinal))
            {
                images[$"localhost:26555/{repository}"] = commands;
            }
        }

        return images;
    }

    private static List<string> Texts(JsonNode? node, string field) => [.. node.Items(field).Select(item => item!.ToString())];
}
