using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hikigane.Pipelines.Steps;

/// <summary>
/// What happens inside a step's container: wait, run, capture results, report. A state machine written as a sequence: it yields what is to
/// be done, and goes on with the answer. The same sequence runs inside a pod of a real cluster and beside one that runs here.
/// As tektoncd/pipeline pkg/entrypoint/entrypointer.go and cmd/entrypoint.
/// </summary>
public sealed class StepProtocol(StepArguments arguments, IReadOnlyDictionary<string, string> environment, StepCel cel)
{
    private const string CancelPath = "/tekton/downward/cancel";
    private const string TaskArtifacts = "/tekton/artifacts/provenance.json";

    private readonly List<StepResult> results = [];
    private readonly Dictionary<string, string?> contents = [];
    private IReadOnlyList<string> command = [];
    private Dictionary<string, string> variables = new(environment);

    private string ArtifactsFile => Join(arguments.MetadataFolder, "artifacts/provenance.json");

    /// <summary>The whole life of a step; the last action is the exit.</summary>
    public IEnumerable<StepAction> Run()
    {
        // 1. The command, and credentials.
        var refusal = ResolveCommand();
        var credentials = new StepCredentials(arguments.Credentials);
        foreach (var action in credentials.Write(variables.GetValueOrDefault("HOME", "")))
        {
            yield return action;
        }

        if (credentials.Error is { } flagError)
        {
            yield return new StepAction.Say(flagError, isStamped: false);
            yield return new StepAction.Exit(2);
            yield break;
        }

        if (refusal is not null)
        {
            yield return new StepAction.Say(refusal);
            yield return new StepAction.Exit(1);
            yield break;
        }

        yield return new StepAction.MakeFolder(Join(arguments.MetadataFolder, "results"));
        yield return new StepAction.MakeFolder(Join(arguments.MetadataFolder, "artifacts"));

        // 2. Wait for the step before.
        foreach (var file in arguments.WaitFiles)
        {
            var wait = new StepAction.WaitFor(file, arguments.WaitForContent, file + ".err");
            yield return wait;
            if (wait.HasFailed && !arguments.BreakpointOnFailure)
            {
                foreach (var action in Skip())
                {
                    yield return action;
                }

                yield break;
            }
        }

        // 3. Somebody may want to look first.
        if (arguments.DebugBeforeStep)
        {
            yield return new StepAction.Say("debug before step breakpoint has taken effect, waiting for user's decision:\n1) continue, use cmd: /tekton/debug/scripts/debug-beforestep-continue\n2) fail-continue, use cmd: /tekton/debug/scripts/debug-beforestep-fail-continue");
            var decision = new StepAction.WaitFor(arguments.PostFile + ".beforestepexit", false, arguments.PostFile + ".beforestepexit.err");
            yield return decision;
            if (decision.HasFailed)
            {
                yield return new StepAction.Say($"error occurred while waiting for {arguments.PostFile}.beforestepexit : before step breakpoint error file, user decided to skip the current step execution");
                var skippedAt = new StepAction.Now();
                yield return skippedAt;
                AddStart(skippedAt.At);
                foreach (var action in Finish(new Ending(".err", null, 1, [], "Skipping execute step script because before step breakpoint fail-continue")))
                {
                    yield return action;
                }

                yield break;
            }
        }

        var started = new StepAction.Now();
        yield return started;
        AddStart(started.At);

        // 4. What earlier steps left behind, and the conditions.
        foreach (var action in Substitute())
        {
            yield return action;
        }

        if (arguments.WhenExpressions.Length > 0)
        {
            var (holds, error) = StepWhen.Evaluate(arguments.WhenExpressions, Read, cel);
            if (error is not null || !holds)
            {
                foreach (var action in Finish(error is not null
                    ? new Ending(".err", null, 1, [], "Error executing command: " + error)
                    : new Ending("", "0", 0, [Internal("Reason", "Skipped")], "INFO Step was skipped due to when expressions were evaluated to false.") { CollectsResults = false }))
                {
                    yield return action;
                }

                yield break;
            }
        }

        // 5. Run it, and report.
        var outcome = arguments.Timeout < TimeSpan.Zero ? new StepOutcome.NotStarted("negative timeout specified") : null;
        if (outcome is null)
        {
            var run = new StepAction.Run
            {
                Command = command,
                Environment = variables,
                Timeout = arguments.Timeout > TimeSpan.Zero ? arguments.Timeout : null,
                StdoutPath = arguments.StdoutPath.Length > 0 ? arguments.StdoutPath : null,
                StderrPath = arguments.StderrPath.Length > 0 ? arguments.StderrPath : null,
                CancelPath = CancelPath,
            };
            yield return run;
            foreach (var action in Report(run.Outcome))
            {
                yield return action;
            }

            yield break;
        }

        foreach (var action in Report(outcome))
        {
            yield return action;
        }
    }

    private sealed record Ending(string? PostSuffix, string? ExitCodeFile, int Exit, IReadOnlyList<StepResult> Added, string? Message)
    {
        public bool CollectsResults { get; init; } = true;
    }

    private string? ResolveCommand()
    {
        if (arguments.Entrypoint.Length > 0)
        {
            command = [arguments.Entrypoint, .. arguments.Words];
            return null;
        }

        try
        {
            var platforms = JsonNode.Parse(environment.GetValueOrDefault("TEKTON_PLATFORM_COMMANDS", "")) as JsonObject ?? [];
            const string Platform = "linux/amd64";
            if (platforms[Platform] is not JsonArray words)
            {
                return $"could not find command for platform \"{Platform}\"";
            }

            command = [.. words.Select(word => word?.ToString() ?? ""), .. arguments.Words];
            return null;
        }
        catch (JsonException)
        {
            return "unexpected end of JSON input";
        }
    }

    private IEnumerable<StepAction> Skip()
    {
        var now = new StepAction.Now();
        yield return new StepAction.Say("Skipping step because a previous step failed");
        yield return now;
        AddStart(now.At);
        results.Add(Internal("Reason", "Skipped"));
        foreach (var action in Finish(new Ending(".err", null, 1, [], null) { CollectsResults = false }))
        {
            yield return action;
        }
    }

    /// <summary>A reference that cannot be filled is said and left as it is.</summary>
    private IEnumerable<StepAction> Substitute()
    {
        var texts = command.Concat(variables.Values).Append(arguments.WhenExpressions).ToList();
        foreach (var file in texts.SelectMany(StepSubstitution.Files).Distinct())
        {
            var read = new StepAction.ReadFile(file);
            yield return read;
            contents[file] = read.Content is null ? null : Encoding.UTF8.GetString(read.Content);
        }

        var problem = SubstituteVariables();
        var (words, error) = StepSubstitution.Words(command, Read);
        command = error is null ? words : command;
        problem ??= error;
        if (problem is not null)
        {
            yield return new StepAction.Say($"ERROR Error while substituting step results: error=\"{problem}\"");
        }

        command = [.. command.Select(word => StepSubstitution.Artifacts(word, Read))];
        foreach (var action in SubstituteScript())
        {
            yield return action;
        }
    }

    private string? SubstituteVariables()
    {
        var replaced = new Dictionary<string, string>();
        foreach (var (name, value) in variables)
        {
            var (text, error) = StepSubstitution.Results(value, Read);
            if (error is not null)
            {
                return error;
            }

            replaced[name] = StepSubstitution.Artifacts(text, Read);
        }

        variables = replaced;
        return null;
    }

    /// <summary>A script with artifact references is rewritten beside itself: its own folder is read-only.</summary>
    private IEnumerable<StepAction> SubstituteScript()
    {
        if (command.Count == 0 || !command[0].StartsWith("/tekton/scripts/", StringComparison.Ordinal))
        {
            yield break;
        }

        var script = new StepAction.ReadFile(command[0]);
        yield return script;
        var text = Encoding.UTF8.GetString(script.Content ?? []);
        foreach (var file in StepSubstitution.Files(text).Where(file => !contents.ContainsKey(file)).Distinct())
        {
            var read = new StepAction.ReadFile(file);
            yield return read;
            contents[file] = read.Content is null ? null : Encoding.UTF8.GetString(read.Content);
        }

        var changed = StepSubstitution.Artifacts(text, Read);
        if (changed != text)
        {
            var copy = "/tmp/" + command[0]["/tekton/scripts/".Length..];
            yield return new StepAction.WriteFile(copy, Encoding.UTF8.GetBytes(changed), 0x1ED);
            command = [copy, .. command.Skip(1)];
        }
    }

    private IEnumerable<StepAction> Report(StepOutcome outcome)
    {
        if (outcome is StepOutcome.Exited { Code: not 0 } broken && arguments.BreakpointOnFailure && arguments.OnError != "continue")
        {
            foreach (var action in Breakpoint())
            {
                yield return action;
            }

            yield break;
        }

        var ending = outcome switch
        {
            StepOutcome.Exited { Code: 0 } => new Ending("", "0", 0, [], null),
            StepOutcome.Exited failed when arguments.OnError == "continue" =>
                new Ending("", $"{failed.Code}", 0, [Internal("ExitCode", $"{failed.Code}")], null),
            StepOutcome.Exited failed => new Ending(".err", null, failed.Code, [], null),
            StepOutcome.NotStarted refused => new Ending(".err", null, 1, [], "Error executing command: " + refused.Error),
            StepOutcome.TimedOut => new Ending(".err", null, 1, [Internal("Reason", "TimeoutExceeded")], "context deadline exceeded"),
            StepOutcome.Cancelled => new Ending(".err", "killed", 9, [Internal("Reason", "Cancelled")], "Step was cancelled"),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        if (outcome is StepOutcome.Cancelled)
        {
            yield return new StepAction.Say("INFO Step was canceling");
        }

        foreach (var action in Finish(ending))
        {
            yield return action;
        }
    }

    private IEnumerable<StepAction> Breakpoint()
    {
        var file = arguments.PostFile + ".breakpointexit";
        yield return new StepAction.Say("INFO Skipping writing to PostFile");
        foreach (var action in WriteTermination(collectsResults: true))
        {
            yield return action;
        }

        yield return new StepAction.Say("debug onFailure breakpoint has taken effect, waiting for user's decision:\n1) continue, use cmd: /tekton/debug/scripts/debug-continue\n2) fail-continue, use cmd: /tekton/debug/scripts/debug-fail-continue");
        yield return new StepAction.WaitFor(file, false, null);
        var decision = new StepAction.ReadFile(file);
        yield return decision;
        var text = Encoding.UTF8.GetString(decision.Content ?? []);
        yield return new StepAction.Say($"Breakpoint exiting with exit code {text}");
        var isNumber = int.TryParse(text.Trim(), out var code);
        if (!isNumber)
        {
            yield return new StepAction.Say($"error occurred while reading breakpoint exit code : strconv.Atoi: parsing \"{text}\": invalid syntax");
        }

        yield return new StepAction.Exit(code);
    }

    private IEnumerable<StepAction> Finish(Ending ending)
    {
        if (ending.ExitCodeFile is not null)
        {
            yield return new StepAction.WriteFile(Join(arguments.MetadataFolder, "exitCode"), Encoding.UTF8.GetBytes(ending.ExitCodeFile));
        }

        if (arguments.PostFile.Length > 0 && ending.PostSuffix is not null)
        {
            yield return new StepAction.WriteFile(arguments.PostFile + ending.PostSuffix, []);
        }

        results.AddRange(ending.Added);
        foreach (var action in WriteTermination(ending.CollectsResults))
        {
            yield return action;
        }

        if (resultError is not null)
        {
            yield return new StepAction.Say($"ERROR Error while substituting step artifacts: error=\"{resultError}\"");
            yield return new StepAction.Say(resultError == StepTermination.TooLong ? resultError : $"Error executing command: {resultError}");
            yield return new StepAction.Exit(1);
            yield break;
        }

        if (ending.Message is not null)
        {
            yield return new StepAction.Say(ending.Message);
        }

        yield return new StepAction.Exit(ending.Exit);
    }

    private string? resultError;

    /// <summary>Results of the task, then of the step, then artifacts, before what the protocol itself reports.</summary>
    private IEnumerable<StepAction> WriteTermination(bool collectsResults)
    {
        var collected = new List<StepResult>();
        foreach (var action in collectsResults ? Collect(collected) : [])
        {
            yield return action;
        }

        var existing = new StepAction.ReadFile(arguments.TerminationPath);
        yield return existing;
        var own = resultError is null ? [.. collected.Where(one => one.Type is StepResult.TaskResult or StepResult.Step), .. results,
            .. collected.Where(one => one.Type is StepResult.StepArtifacts or StepResult.TaskArtifacts)] : results;
        var merged = StepTermination.Merge(Encoding.UTF8.GetString(existing.Content ?? []), own);
        var message = StepTermination.Write(merged, arguments.CompressTermination);
        if (message is null)
        {
            resultError = StepTermination.TooLong;
            message = StepTermination.Write(StepTermination.Merge(Encoding.UTF8.GetString(existing.Content ?? []), results), arguments.CompressTermination);
            if (message is null)
            {
                yield break;
            }
        }

        yield return new StepAction.WriteFile(arguments.TerminationPath, message);
    }

    private IEnumerable<StepAction> Collect(List<StepResult> collected)
    {
        var files = arguments.ResultFrom == "sidecar-logs" ? [] : arguments.Results.Select(name => (Key: name, Path: "/tekton/results/" + name, Type: StepResult.TaskResult))
            .Concat(arguments.StepResults.Select(name => (Key: name, Path: Join(arguments.MetadataFolder, "results/" + name), Type: StepResult.Step)))
            .Append((ArtifactsFile, ArtifactsFile, StepResult.StepArtifacts))
            .Append((TaskArtifacts, TaskArtifacts, StepResult.TaskArtifacts)).ToList();
        foreach (var (key, path, type) in files)
        {
            var read = new StepAction.ReadFile(path);
            yield return read;
            if (read.Error is not null)
            {
                resultError ??= $"read {path}: {read.Error}";
            }
            else if (read.Content is not null)
            {
                collected.Add(new StepResult(key, Encoding.UTF8.GetString(read.Content), type));
            }
        }
    }

    private string? Read(string file) => contents.GetValueOrDefault(file);

    private void AddStart(DateTimeOffset at) =>
        results.Add(Internal("StartedAt", at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture)));

    private static StepResult Internal(string key, string value) => new(key, value, StepResult.Internal);

    private static string Join(string folder, string name) => folder.Length == 0 ? name : $"{folder.TrimEnd('/')}/{name}";
}
