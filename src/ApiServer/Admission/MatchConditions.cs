using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Hikigane.Expressions.Cel;
using Hikigane.Expressions.Cel.Values;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Admission;

/// <summary>A webhook's <c>matchConditions</c>: CEL over the object, its old state and the request. All must be true.</summary>
internal static class MatchConditions
{
    private static readonly ConcurrentDictionary<string, (CelProgram? Program, CelProblem? Problem)> Programs = new();
    private static readonly CelEnvironment Environment = new(
        new Dictionary<string, CelType> { ["object"] = CelType.Dyn, ["oldObject"] = CelType.Dyn, ["request"] = CelType.Dyn }, []);

    /// <summary>Whether they hold; one that is false decides over one that fails.</summary>
    public static (bool IsMatch, string? Error) Hold(Webhook webhook, AdmissionRequest request)
    {
        if (webhook.MatchConditions.Count == 0)
        {
            return (true, null);
        }

        var review = WebhookReview.Request("", request, request.Target.Type).Object("request")!;
        var variables = new Dictionary<string, CelValue>
        {
            ["object"] = Value(review["object"]),
            ["oldObject"] = Value(review["oldObject"]),
            ["request"] = Value(review),
        };
        string? failure = null;
        foreach (var condition in webhook.MatchConditions)
        {
            var (program, problem) = Programs.GetOrAdd(condition.Text("expression") ?? "", source => CelProgram.Compile(source, Environment));
            var value = program?.Evaluate(variables);
            if (value is BoolValue { Value: false })
            {
                return (false, null);
            }

            if (value is not BoolValue)
            {
                failure ??= $"{condition.Text("name")}: {problem?.Message ?? (value as ErrorValue)?.Message ?? "must evaluate to bool"}";
            }
        }

        return (failure is null, failure);
    }

    private static CelValue Value(JsonNode? node) => node is null ? NullValue.Instance : CelJson.Read(System.Text.Encoding.UTF8.GetBytes(node.ToJsonString())).Value ?? NullValue.Instance;
}
