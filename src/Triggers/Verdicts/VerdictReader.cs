using System.Text.Json.Nodes;
using Hikigane.Resources.Deliveries;
using Hikigane.Triggers.Bindings;
using Hikigane.Triggers.Interceptors;
using Hikigane.Triggers.Selection;

namespace Hikigane.Triggers.Verdicts;

/// <summary>How a stage ended → the verdict, with a cause, a sentence for a person and what to do about it (spec: ux.md §3.4).</summary>
internal static class VerdictReader
{
    private static readonly string[] Kinds = ["bindings", "template", "create"];

    // The same for every trigger that stops early, which with many triggers are nearly all.
    private static readonly StageVerdict[] Unreached = [.. Kinds.Select(kind => new StageVerdict { Kind = kind, Result = StageResult.NotReached })];

    public static TriggerVerdict Pass(TriggerVerdict verdict, string stage, double? durationMs = null) =>
        verdict with { Stages = [.. verdict.Stages, new StageVerdict { Kind = stage, Result = StageResult.Pass, DurationMs = durationMs }] };

    /// <summary>The verdict with the time that its last stage of this kind took, where that was reached.</summary>
    public static TriggerVerdict Timed(TriggerVerdict verdict, string stage, double? durationMs, DateTimeOffset? startedAt = null)
    {
        if (durationMs is null)
        {
            return verdict;
        }

        var stages = verdict.Stages.ToArray();
        var index = Array.FindLastIndex(stages, one => one.Kind == stage && one.Result != StageResult.NotReached);
        if (index >= 0)
        {
            stages[index] = stages[index] with { DurationMs = durationMs, StartedAt = startedAt };
        }

        return verdict with { Stages = stages };
    }

    public static TriggerVerdict MissingTrigger(MissingTrigger missing) => new()
    {
        Namespace = missing.Namespace,
        Name = missing.Name,
        Source = "ref",
        Outcome = TriggerOutcome.Error,
        Cause = Causes.RefMissing,
        Message = $"Error getting Trigger {missing.Name} in Namespace {missing.Namespace}: trigger.triggers.tekton.dev \"{missing.Name}\" not found",
        Explain = $"The listener names trigger `{missing.Name}`, which does not exist in `{missing.Namespace}`.",
        Fix = $"Create the Trigger `{missing.Name}`, or take its triggerRef out of the listener.",
        Stages = [new StageVerdict { Kind = "selector", Name = missing.Name, Result = StageResult.Error }],
    };

    public static TriggerVerdict Chain(TriggerVerdict verdict, ChainResult result, ReceivedEvent received, IReadOnlyList<JsonObject> links)
    {
        var reason = InterceptorCause.Of(result, received, links);
        return verdict with
        {
            Outcome = reason.Outcome,
            Cause = reason.Code,
            Message = reason.Message,
            Explain = reason.Explain,
            Fix = reason.Fix,
            Stages = [.. verdict.Stages, .. result.Stages, .. NotReached(0)],
        };
    }

    public static TriggerVerdict Bindings(TriggerVerdict verdict, string error)
    {
        var isMissing = error.EndsWith("not found", StringComparison.Ordinal);
        var isPayload = error.Contains("failed to unmarshal request body", StringComparison.Ordinal);
        return Failed(verdict, 0, isPayload ? Causes.PayloadInvalid : isMissing ? Causes.RefMissing : Causes.BindingInvalid, error) with
        {
            Explain = isPayload ? "The payload is not JSON, so no binding can be read from it."
                : isMissing ? "The trigger names a binding or a template that does not exist in its namespace."
                : "The bindings of the trigger contradict each other.",
            Fix = isPayload ? "Send JSON, with Content-Type: application/json."
                : isMissing ? "Create the missing object in the trigger's namespace, or correct the name."
                : "Correct the bindings of the trigger.",
        };
    }

    public static TriggerVerdict MissingValue(TriggerVerdict verdict, ParamValues resolved, EventPayload payload)
    {
        var nearest = NearestPath.To(resolved.FailedExpression, payload.Values);
        return Failed(verdict, 0, Causes.BindingMissing, resolved.Error!) with
        {
            Explain = $"Param `{resolved.FailedParam}` has no value. `{resolved.FailedExpression}` is not in the payload"
                + (nearest is null ? "." : $"; nearest: `{nearest}`."),
            Fix = nearest is null ? $"Correct the path, or give param `{resolved.FailedParam}` a default." : $"Use `$({nearest})`, or set a default.",
        };
    }

    public static TriggerVerdict Template(TriggerVerdict verdict, string error) => Failed(verdict, 1, Causes.TemplateInvalid, error) with
    {
        Explain = "The template with its parameters put in is not a Kubernetes object.",
        Fix = error.Contains("couldn't unmarshal json", StringComparison.Ordinal)
            ? "A list or an object inside quotes breaks the JSON: bind single values, or set the annotation triggers.tekton.dev/old-escape-quotes on the TriggerTemplate."
            : "Labels have to be strings.",
    };

    /// <summary>We did not get through it: a defect of ours, which this trigger brought to light.</summary>
    public static TriggerVerdict Broken(TriggerVerdict verdict, string error) => Failed(verdict, 0, Causes.Internal, error) with
    {
        Explain = $"This trigger could not be worked out: {error}",
        Fix = "This is a defect of the program: please report it with the trigger and the event. Other triggers of the listener are not affected.",
    };

    private static TriggerVerdict Failed(TriggerVerdict verdict, int stage, string cause, string message) => verdict with
    {
        Outcome = TriggerOutcome.Error,
        Cause = cause,
        Message = message,
        Stages = [.. verdict.Stages, new StageVerdict { Kind = Kinds[stage], Result = StageResult.Error, Message = message }, .. NotReached(stage + 1)],
    };

    private static ReadOnlySpan<StageVerdict> NotReached(int from) => Unreached.AsSpan(from);
}
