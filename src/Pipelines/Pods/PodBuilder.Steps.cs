using System.Text.Json.Nodes;
using Hikigane.Pipelines.Variables;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.Pods;

/// <content>Entrypoint arguments of the steps and the sidecar that reads results.</content>
public sealed partial class PodBuilder
{
    /// <summary>With <c>results-from: sidecar-logs</c>, adds the sidecar that prints what the steps leave.</summary>
    private void AddResultsSidecar(List<JsonObject> merged)
    {
        if (!NeedsResultsSidecar(merged))
        {
            return;
        }

        var named = merged.Select((step, i) => (Name: PodParts.StepName(step.Text("name"), i), Step: step)).ToList();
        var stepResults = new JsonObject(named.Where(one => one.Step.Objects("results").Any()).OrderBy(one => one.Name, StringComparer.Ordinal)
            .Select(one => KeyValuePair.Create(one.Name, (JsonNode?)PodParts.Texts(one.Step.Objects("results").Select(result => result.Text("name") ?? "")))));
        List<string> command =
        [
            "/ko-app/sidecarlogresults", "-results-dir", "/tekton/results",
            "-result-names", string.Join(',', taskSpec.Objects("results").Select(result => result.Text("name"))),
            "-step-names", string.Join(',', named.Where(one => Artifacts.AreReferencedIn(one.Step)).Select(one => $"step-{one.Step.Text("name")}")),
            "-step-results", JsonText.Write(stepResults),
        ];
        var sidecar = new JsonObject
        {
            ["name"] = ResultsSidecar,
            ["image"] = input.Images.SidecarLogResults,
            ["command"] = PodParts.Texts(command),
            ["env"] = new JsonArray(new JsonObject
            {
                ["name"] = "SIDECAR_LOG_POLLING_INTERVAL",
                ["value"] = GoDuration.Format(input.Config.SidecarLogPollingInterval),
            }),
        };
        PodParts.List(taskSpec, "sidecars").Add(Secured(sidecar, IsWindows));
        commonArguments.AddRange(["-result_from", "sidecar-logs"]);
    }

    private bool NeedsResultsSidecar(List<JsonObject> merged) =>
        input.Config.ResultsFromSidecarLogs && (taskSpec.Objects("results").Any() || merged.Any(Artifacts.AreReferencedIn));

    /// <summary>Steps without a command take it from their image.</summary>
    private string? LookUpCommands()
    {
        var looked = new Dictionary<string, JsonObject>();
        foreach (var step in steps.Where(step => !PodParts.TextsOf(step["command"]).Any()))
        {
            var image = step.Text("image") ?? "";
            if (!input.ImageCommands.TryGetValue(image, out var found))
            {
                // Nothing is known of the image: the runtime takes the image's own entrypoint.
                continue;
            }

            // The first step that names an image decides for all of them, arguments or not. As tektoncd/pipeline pkg/pod/entrypoint_lookup.go.
            if (!looked.TryGetValue(image, out var commands))
            {
                var hasArguments = PodParts.TextsOf(step["args"]).Any();
                looked[image] = commands = new JsonObject(found.Platforms.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair =>
                    KeyValuePair.Create(pair.Key, (JsonNode?)PodParts.Texts(Command(pair.Value, hasArguments)))));
            }

            step["image"] = found.Reference;
            PodParts.List(step, "env").Add(new JsonObject { ["name"] = "TEKTON_PLATFORM_COMMANDS", ["value"] = JsonText.Write(commands) });
        }

        return null;
    }

    private static IEnumerable<string> Command(ImageCommand image, bool hasArguments) =>
        hasArguments ? image.Entrypoint.Count > 0 ? image.Entrypoint : image.Cmd : image.Entrypoint.Concat(image.Cmd);

    private string? OrderSteps()
    {
        if (steps.Count == 0)
        {
            return "no steps specified";
        }

        for (var i = 0; i < steps.Count; i++)
        {
            var arguments = new List<string>(WaitArguments(i));
            arguments.AddRange(["-post_file", $"/tekton/run/{i}/out", "-termination_path", "/tekton/termination", "-step_metadata_dir", $"/tekton/run/{i}/status"]);
            arguments.AddRange(commonArguments);
            var declared = taskSpec.Objects("steps").ElementAt(i);
            if (declared.Text("onError") is { Length: > 0 } onError and not ("continue" or "stopAndFail"))
            {
                return $"task step onError must be either \"continue\" or \"stopAndFail\" but it is set to an invalid value \"{onError}\"";
            }

            arguments.AddRange(StepArguments(declared));
            AddOwnCommand(steps[i], arguments);
            steps[i]["terminationMessagePath"] = "/tekton/termination";
            if ((i == 0 && !IsReadyAtOnce) || input.Config.KeepPodOnCancel)
            {
                PodParts.List(steps[i], "volumeMounts").Add(PodParts.Mount("tekton-internal-downward", "/tekton/downward", isReadOnly: true));
            }
        }

        return null;
    }

    private IEnumerable<string> WaitArguments(int index) => (index, IsReadyAtOnce) switch
    {
        (0, true) => [],
        (0, false) => ["-wait_file", "/tekton/downward/ready", "-wait_file_content"],
        _ => ["-wait_file", $"/tekton/run/{index - 1}/out"],
    };

    private IEnumerable<string> StepArguments(JsonObject step)
    {
        if (step.Text("onError") is { Length: > 0 } onError)
        {
            yield return "-on_error";
            yield return onError;
        }

        if (step.Text("timeout") is { } timeout)
        {
            yield return "-timeout";
            yield return GoDuration.Nanoseconds(timeout) is { } span ? GoDuration.Format(span) : timeout;
        }

        foreach (var (field, flag) in new[] { ("stdoutConfig", "-stdout_path"), ("stderrConfig", "-stderr_path") })
        {
            if (step.Object(field) is { } stream)
            {
                yield return flag;
                yield return stream.Text("path") ?? "";
            }
        }

        if (step.Objects("results").Any())
        {
            yield return "-step_results";
            yield return string.Join(',', step.Objects("results").Select(result => result.Text("name")));
        }

        if (step.Objects("when").Any())
        {
            yield return "--when_expressions";
            yield return JsonText.Write(new JsonArray([.. step.Objects("when").Select(WhenArgument)]));
        }

        if (taskSpec.Objects("results").Any())
        {
            yield return "-results";
            yield return string.Join(',', taskSpec.Objects("results").Where(result => result["value"] is null).Select(result => result.Text("name")));
        }

        if (input.Config.IsAlpha && DebugsOnFailure)
        {
            yield return "-breakpoint_on_failure";
        }

        if (input.Config.IsAlpha && StopsBefore(step.Text("name")))
        {
            yield return "-debug_before_step";
        }
    }

    private static JsonNode WhenArgument(JsonObject when)
    {
        var written = new JsonObject();
        foreach (var field in new[] { "input", "operator", "values", "cel" })
        {
            if (when[field] is { } value && value is not JsonArray { Count: 0 } && value.ToString().Length > 0)
            {
                written[field] = value.DeepClone();
            }
        }

        return written;
    }

    private static void AddOwnCommand(JsonObject step, List<string> arguments)
    {
        var command = PodParts.TextsOf(step["command"]).ToList();
        if (command.Count > 0)
        {
            arguments.AddRange(["-entrypoint", command[0]]);
        }

        arguments.Add("--");
        arguments.AddRange(command.Skip(1));
        arguments.AddRange(PodParts.TextsOf(step["args"]));
        step["command"] = new JsonArray("/tekton/bin/entrypoint");
        step["args"] = PodParts.Texts(arguments);
    }
}
