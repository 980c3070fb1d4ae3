using System.CommandLine;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Cli.Testing;
using Hikigane.Cli.Text;
using Hikigane.Expressions.Cel.Values;
using Hikigane.Expressions.GoJson;
using Hikigane.Expressions.JsonPath;
using Hikigane.Resources.Json;
using Hikigane.Triggers.Bindings;
using Hikigane.Triggers.Interceptors;

namespace Hikigane.Cli.Commands;

/// <summary><c>hikigane eval cel|jsonpath|binding</c>: what an expression of a trigger gives for an event. Takes the files of upstream's cel-eval and binding-eval.</summary>
internal static class EvalCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create() => new("eval", "Evaluate an expression of a trigger against an event, offline") { Cel(), JsonPath(), Binding() };

    private static Command Cel()
    {
        var expression = new Argument<string?>("EXPRESSION") { Description = "The expression; or name a file with --expression", Arity = ArgumentArity.ZeroOrOne };
        var file = new Option<string?>("--expression", "-e") { Description = "File with the expression", HelpName = "FILE" };
        var extensions = new Option<string?>("--extensions") { Description = "JSON file with what earlier interceptors added", HelpName = "FILE" };
        var strict = new Option<bool>("--strict") { Description = "Also refuse what the language's specification forbids and Triggers lets pass: repeated keys, doubles as keys" };
        var explain = new Option<bool>("--explain") { Description = "Show the value of each sub-expression" };
        var output = CommonOptions.Output();
        var events = new EventOptions(hasShortEvent: false);
        var command = new Command("cel", """
            Evaluate a CEL expression as a trigger's filter or overlay would. Exit code: 0 a value, 1 an error, 2 bad input

            Examples:
              hikigane eval cel 'body.ref.split("/")[2]' --body push.json
              hikigane eval cel --explain "header.match('X-GitHub-Event', 'push') && body.deleted" -r push.http
              hikigane eval cel -e expression.txt -r http.txt -o json
            """) { expression, file, extensions, strict, explain, output };
        events.AddTo(command);
        command.SetAction((parsed, cancellationToken) => Run(parsed, async () =>
        {
            var source = parsed.GetValue(expression) ?? (parsed.GetValue(file) is { } path ? InputFile.Text(path) : throw new UnusableInputException("name an expression, or a file with --expression"));
            var request = Request(events.Read(parsed), parsed.GetValue(extensions));
            var answer = await CelInterceptor.EvaluateAsync(source, request, parsed.GetValue(strict), cancellationToken);
            return parsed.GetValue(output) == "text"
                ? WriteText(parsed, answer, parsed.GetValue(explain))
                : Print.Json(parsed.InvocationConfiguration.Output, Json(answer), parsed.GetValue(output)!) is var code && code != 0 ? code : answer.Error is null ? 0 : 1;
        }));
        return command;
    }

    private static Command JsonPath()
    {
        var path = new Argument<string>("EXPRESSION") { Description = "body.head_commit.id, or a binding's value with $(body.head_commit.id) in it" };
        var extensions = new Option<string?>("--extensions") { Description = "JSON file with what interceptors added", HelpName = "FILE" };
        var output = CommonOptions.Output();
        var events = new EventOptions();
        var command = new Command("jsonpath", """
            Evaluate a JSONPath expression as a TriggerBinding would. Exit code: 0 a value, 1 an error, 2 bad input

            Examples:
              hikigane eval jsonpath body.commits[*].id --body push.json
              hikigane eval jsonpath 'commit $(body.head_commit.id) by $(header.X-GitHub-Delivery)' -r push.http
            """) { path, extensions, output };
        events.AddTo(command);
        command.SetAction((parsed, _) => Run(parsed, () =>
        {
            var payload = Payload(Request(events.Read(parsed), parsed.GetValue(extensions)));
            var source = parsed.GetValue(path)!;
            var isValue = source.Contains("$(", StringComparison.Ordinal);
            var (text, error, _) = BindingValue.Parse("", isValue ? source : $"$({source})").Evaluate(payload, null);
            if (error is not null)
            {
                throw new InvalidDataException(error.Replace("failed to replace JSONPath value for param : ", "", StringComparison.Ordinal));
            }

            if (parsed.GetValue(output) == "text")
            {
                parsed.InvocationConfiguration.Output.WriteLine(text);
                return Task.FromResult(0);
            }

            JsonNode result = isValue
                ? JsonValue.Create(text!)
                : new JsonArray([.. JsonPathExpression.ParseRelaxed(source).Evaluate(payload.Values).Results.Select(one => one?.DeepClone())]);
            return Task.FromResult(Print.Json(parsed.InvocationConfiguration.Output, result, parsed.GetValue(output)!));
        }));
        return command;
    }

    private static Command Binding()
    {
        var file = new Option<string>("--binding", "-b") { Description = "TriggerBindings (YAML)", HelpName = "FILE", Required = true };
        var extensions = new Option<string?>("--extensions") { Description = "JSON file with what interceptors added", HelpName = "FILE" };
        var events = new EventOptions();
        var command = new Command("binding", """
            The parameters that TriggerBindings make of an event, as JSON sorted by name. Exit code: 0 done, 1 an error, 2 bad input

            Example:
              hikigane eval binding -b triggerbinding.yaml -r http.txt
            """) { file, extensions };
        events.AddTo(command);
        command.SetAction((parsed, _) => Run(parsed, () =>
        {
            var payload = Payload(Request(events.Read(parsed), parsed.GetValue(extensions)));
            var values = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (var param in InputFile.Manifests(parsed.GetValue(file)!).SelectMany(manifest => manifest.Objects("spec", "params")))
            {
                var (text, error, _) = BindingValue.Parse(param.Text("name") ?? "", param.Text("value") ?? "").Evaluate(payload, null);
                values[param.Text("name") ?? ""] = text ?? throw new InvalidDataException("error resolving params: failed to ApplyEventValuesToParams: " + error);
            }

            var list = new JsonArray([.. values.Select(JsonNode (pair) => new JsonObject { ["name"] = pair.Key, ["value"] = pair.Value })]);
            parsed.InvocationConfiguration.Output.WriteLine(list.ToJsonString(Indented));
            return Task.FromResult(0);
        }));
        return command;
    }

    private static async Task<int> Run(ParseResult parsed, Func<Task<int>> action)
    {
        try
        {
            return await action();
        }
        catch (UnusableInputException exception)
        {
            parsed.InvocationConfiguration.Error.WriteLine(exception.Message);
            return 2;
        }
        catch (InvalidDataException exception)
        {
            parsed.InvocationConfiguration.Error.WriteLine(exception.Message);
            return 1;
        }
    }

    private static InterceptorRequest Request(TestEvent given, string? extensions)
    {
        JsonObject? added = null;
        if (extensions is not null)
        {
            (added, var error) = GoJsonReader.ReadObject(InputFile.Bytes(extensions));
            added ??= error is null ? null : throw new UnusableInputException($"{extensions}: {error}");
        }

        return new InterceptorRequest
        {
            Body = Encoding.UTF8.GetString(given.Body),
            Header = EventHeaders.From(given.Headers),
            Extensions = added,
            Context = new TriggerContext(given.Path, TestEvent.Id, "namespaces/default/triggers/"),
        };
    }

    private static EventPayload Payload(InterceptorRequest request)
    {
        var (payload, error) = EventPayload.Read(Encoding.UTF8.GetBytes(request.Body), request.Header, request.Extensions, "");
        return payload ?? throw new InvalidDataException("error resolving params: failed to ApplyEventValuesToParams: " + error);
    }

    private static int WriteText(ParseResult parsed, CelAnswer answer, bool explains)
    {
        var output = parsed.InvocationConfiguration.Output;
        if (answer.Value is not null)
        {
            output.WriteLine(GoText.Verb(answer.Value));
        }
        else
        {
            parsed.InvocationConfiguration.Error.WriteLine(answer.Error);
        }

        foreach (var expression in explains ? answer.Expressions : [])
        {
            var value = expression.Value is null ? "(not evaluated)" : (expression.IsError ? "error: " : "") + expression.Value;
            output.WriteLine($"  {new string(' ', 2 * expression.Depth)}{expression.Source}   {value}");
        }

        return answer.Error is null ? 0 : 1;
    }

    private static JsonObject Json(CelAnswer answer)
    {
        var json = new JsonObject();
        if (answer.Value is { } value)
        {
            json["type"] = value.Type.Name;
            json["value"] = CelJson.ToText(value) is ({ } text, null) ? GoJsonReader.Read(text).Node : GoText.Verb(value);
        }

        if (answer.Error is not null)
        {
            json["error"] = answer.Error;
        }

        json["expressions"] = new JsonArray([.. answer.Expressions.Select(JsonNode (one) => new JsonObject
        {
            ["expression"] = one.Source,
            ["depth"] = one.Depth,
            ["value"] = one.Value,
            ["isError"] = one.IsError,
        })]);
        return json;
    }
}
