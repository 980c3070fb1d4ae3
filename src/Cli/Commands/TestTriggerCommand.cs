using System.CommandLine;
using System.Text.Json.Nodes;
using Hikigane.Cli.Testing;
using Hikigane.Cli.Text;
using Hikigane.Resources.Yaml;
using Hikigane.Server.Previews;

namespace Hikigane.Cli.Commands;

/// <summary>
/// <c>hikigane test trigger</c>: what triggers in files make of an event in a file; or whole files of cases with what is expected, for CI. Decides by the code of the
/// listener and creates nothing. Takes the files of upstream's triggerrun.
/// </summary>
internal static class TestTriggerCommand
{
    public static Command Create() => new("test", "Test triggers offline") { Trigger() };

    private static Command Trigger()
    {
        var cases = new Argument<string[]>("CASES") { Description = "Files of cases (YAML) with events and what is expected of them", Arity = ArgumentArity.ZeroOrMore };
        var files = new Option<string[]>("--filename", "-f", "--triggerFile", "-t") { Description = "Manifests: triggers, listeners, bindings, templates, Secrets; may be repeated", HelpName = "FILE" };
        var listener = new Option<string?>("--listener", "-l") { Description = "The EventListener, when the files hold several", HelpName = "NAME" };
        var ns = new Option<string>("--namespace", "-n") { Description = "The namespace of manifests that name none", HelpName = "NAMESPACE", DefaultValueFactory = _ => "default" };
        var sign = new Option<bool>("--sign") { Description = "Sign the event with the Secret that the trigger names" };
        var output = CommonOptions.Output();
        var events = new EventOptions();
        var command = new Command("trigger", """
            What triggers make of an event: verdicts, and the objects that would be created. Nothing is created and no cluster is needed.
            With files of cases, exit code: 0 all pass, 1 one fails, 2 bad input.
            With an event, exit code: 0 fired, 2 bad input, 3 not matched, 4 rejected, 5 error

            Examples:
              hikigane test trigger -f trigger.yaml -e push.http
              hikigane test trigger -f trigger.yaml -B push.json -H 'X-GitHub-Event: push' -o yaml
              hikigane test trigger triggers.test.yaml
            """) { cases, files, listener, ns, sign, output };
        events.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            try
            {
                var format = parsed.GetValue(output)!;
                if (parsed.GetValue(cases) is { Length: > 0 } paths)
                {
                    return await RunCasesAsync(parsed.InvocationConfiguration.Output, paths, parsed.GetValue(ns)!, format, cancellationToken);
                }

                if (parsed.GetValue(files) is not { Length: > 0 } manifests || !events.IsGiven(parsed))
                {
                    throw new UnusableInputException("name a file of cases, or manifests with -f and an event with -e");
                }

                using var bench = TriggerBench.Of(manifests, parsed.GetValue(ns)!, parsed.GetValue(listener));
                var decided = await bench.DecideAsync(events.Read(parsed), parsed.GetValue(sign), cancellationToken);
                return Show(parsed.InvocationConfiguration.Output, decided, format);
            }
            catch (UnusableInputException exception)
            {
                parsed.InvocationConfiguration.Error.WriteLine(exception.Message);
                return 2;
            }
        });
        return command;
    }

    private static async Task<int> RunCasesAsync(TextWriter output, IEnumerable<string> paths, string ns, string format, CancellationToken cancellationToken)
    {
        // Everything is read first: a slip in the last file is found before anything is said.
        var read = paths.Select(path => (Path: path, Cases: TriggerCases.Read(path))).ToList();
        var results = new List<TriggerCaseResult>();
        foreach (var (path, cases) in read)
        {
            using var bench = TriggerBench.Of(cases.Files, cases.Namespace ?? ns, cases.Listener);
            foreach (var one in cases.Cases)
            {
                var result = TriggerCaseResult.Of(one, await bench.DecideAsync(one.Event, one.IsSigned, cancellationToken));
                results.Add(result);
                if (format == "text")
                {
                    Write(output, path, result);
                }
            }
        }

        var failed = results.Count(result => !result.HasPassed);
        if (format == "text")
        {
            output.WriteLine($"{results.Count - failed} passed, {failed} failed");
        }
        else if (Print.Json(output, new JsonArray([.. results.Select(Json)]), format) is var code && code != 0)
        {
            return code;
        }

        return failed == 0 ? 0 : 1;
    }

    private static void Write(TextWriter output, string path, TriggerCaseResult result)
    {
        output.WriteLine($"{(result.HasPassed ? "ok  " : "FAIL")}  {path}: {result.Case.Name}");
        foreach (var difference in result.Differences)
        {
            output.WriteLine($"      {difference}");
        }

        if (!result.HasPassed)
        {
            using var why = new StringWriter();
            WhyText.Write(why, result.Decided.Delivery);
            output.WriteLine("      " + why.ToString().TrimEnd().ReplaceLineEndings("\n      "));
        }
    }

    private static int Show(TextWriter output, PreviewedDelivery decided, string format)
    {
        if (format != "text")
        {
            var code = Print.Json(output, Json(decided), format);
            return code != 0 ? code : DeliverySummary.ExitCode(decided.Delivery.Outcome);
        }

        WhyText.Write(output, decided.Delivery);
        foreach (var trigger in decided.Triggers)
        {
            foreach (var param in trigger.Verdict.Params)
            {
                output.WriteLine($"    {trigger.Verdict.Name}: {param.Name} = {param.Value}");
            }
        }

        foreach (var manifest in decided.Triggers.SelectMany(trigger => trigger.Objects))
        {
            output.WriteLine("---");
            output.Write(YamlWriter.Write(manifest));
        }

        return DeliverySummary.ExitCode(decided.Delivery.Outcome);
    }

    private static JsonObject Json(TriggerCaseResult result)
    {
        var json = new JsonObject { ["name"] = result.Case.Name, ["passed"] = result.HasPassed };
        json["differences"] = new JsonArray([.. result.Differences.Select(difference => (JsonNode)difference)]);
        foreach (var (key, value) in Json(result.Decided))
        {
            json[key] = value?.DeepClone();
        }

        return json;
    }

    private static JsonObject Json(PreviewedDelivery decided) => new()
    {
        ["outcome"] = decided.Delivery.Outcome.ToString(),
        ["triggers"] = new JsonArray([.. decided.Triggers.Select(JsonNode (trigger) => new JsonObject
        {
            ["name"] = trigger.Verdict.Name,
            ["namespace"] = trigger.Verdict.Namespace,
            ["outcome"] = trigger.Verdict.Outcome.ToString(),
            ["cause"] = trigger.Verdict.Cause,
            ["message"] = trigger.Verdict.Message,
            ["explain"] = trigger.Verdict.Explain,
            ["params"] = new JsonObject(trigger.Verdict.Params.Select(param => KeyValuePair.Create(param.Name, (JsonNode?)param.Value))),
            ["expressions"] = new JsonArray([.. trigger.Verdict.Stages.SelectMany(stage => stage.Expressions).Select(JsonNode (one) => new JsonObject
            {
                ["expression"] = one.Source,
                ["value"] = one.Value,
                ["isError"] = one.IsError,
            })]),
            ["objects"] = new JsonArray([.. trigger.Objects.Select(JsonNode (manifest) => manifest.DeepClone())]),
        })]),
    };
}
