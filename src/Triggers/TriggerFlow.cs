using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Resources.Deliveries;
using Hikigane.Resources.Json;
using Hikigane.Triggers.Bindings;
using Hikigane.Triggers.Interceptors;
using Hikigane.Triggers.Selection;
using Hikigane.Triggers.Templates;
using Hikigane.Triggers.Verdicts;

namespace Hikigane.Triggers;

/// <summary>What one trigger wants of an event: objects to create in this order, and the verdict up to that point.</summary>
public sealed record TriggerDecision
{
    public required TriggerVerdict Verdict { get; init; }

    /// <summary>Complete manifests; the first that cannot be created ends the list. Empty unless the verdict is FIRED.</summary>
    public IReadOnlyList<JsonObject> Objects { get; init; } = [];

    /// <summary>Whom the objects are created as, in the trigger's namespace; empty for the listener itself.</summary>
    public string ServiceAccountName { get; init; } = "";

    /// <summary>An error in rendering a later template. Upstream renders as it creates, so the objects before it are still created.</summary>
    public TriggerVerdict? AfterObjects { get; init; }

    public bool IsFired => Verdict.Outcome == TriggerOutcome.Fired;
}

/// <summary>
/// The way of an event, top to bottom: 1 select → 2 intercept → 3 bind → 4 render. Pure: what exists comes from
/// <see cref="TriggerLookups"/>, what is outside is asked through <see cref="InterceptorPorts"/>, and creating is left to the
/// listener. As tektoncd/triggers pkg/sink/sink.go.
/// </summary>
public sealed class TriggerFlow(TriggerLookups lookups, InterceptorPorts ports)
{
    private readonly InterceptorChain _chain = new(lookups, ports);

    /// <summary>The clock that stages are timed by; null: they are not.</summary>
    public Func<DateTimeOffset>? Now
    {
        get => _chain.Now;
        init => _chain = new InterceptorChain(lookups, ports) { Now = value };
    }

    /// <summary>Failures of the world, not of a trigger: they end the attempt at the whole event, which is worth another one.</summary>
    public Predicate<Exception> IsOutside { get; init; } = static _ => false;

    /// <summary>Which triggers the event goes to. With an error the request is answered with 500 and goes no further.</summary>
    public TriggerSelection Select(JsonObject listener) => TriggerSelection.Of(listener, lookups);

    /// <summary>What every selected trigger makes of the event. Triggers do not wait for each other.</summary>
    public async ValueTask<IReadOnlyList<TriggerDecision>> DecideAsync(
        ReceivedEvent received, JsonObject listener, CancellationToken cancellationToken)
    {
        // 1 select
        var lap = new StageLap(Now);
        var selection = Select(listener);
        var decisions = selection.Missing.Select(missing => new TriggerDecision { Verdict = VerdictReader.MissingTrigger(missing) }).ToList();

        if (selection.IsEmpty)
        {
            decisions.Add(new TriggerDecision { Verdict = NoTriggersVerdict.Of(listener, lookups) });
        }

        // 2–4 for each, started together
        var body = Encoding.UTF8.GetString(received.Body.Span);
        var work = new Work(received, listener, [new StageVerdict { Kind = "selector", Result = StageResult.Pass, DurationMs = lap.Next() }]);
        var state = new ChainState { Body = body, Headers = EventHeaders.From(received.Headers), Reading = new EventReading(body, received.Body) };
#pragma warning disable CA2012 // each is awaited exactly once, below
        var triggers = selection.Triggers.Select(trigger => RunAsync(trigger, state, work, cancellationToken)).ToList();
        var groups = selection.Groups.Select(group => RunGroupAsync(group, state, work, cancellationToken)).ToList();
#pragma warning restore CA2012
        foreach (var trigger in triggers)
        {
            decisions.Add(await trigger);
        }

        foreach (var group in groups)
        {
            decisions.AddRange(await group);
        }

        return decisions;
    }

    /// <summary>One trigger that breaks us does not disturb its neighbours: it gets a verdict that says so.</summary>
    private async ValueTask<TriggerDecision> RunAsync(SelectedTrigger trigger, ChainState state, Work work, CancellationToken cancellationToken)
    {
        try
        {
            return await DecideAsync(trigger, state, work, cancellationToken);
        }
        catch (Exception exception) when (IsDefect(exception))
        {
            return new TriggerDecision { Verdict = VerdictReader.Broken(Start(trigger, work, Now?.Invoke()), exception.Message) };
        }
    }

    /// <summary>A group's own chain, then its triggers with the headers and extensions that the chain left, but the event's own body .</summary>
    private async ValueTask<IReadOnlyList<TriggerDecision>> RunGroupAsync(
        SelectedGroup group, ChainState state, Work work, CancellationToken cancellationToken)
    {
        var startedAt = Now?.Invoke();
        var received = work.Received;
        var ns = work.Listener.Namespace();
        var context = new TriggerContext(received.Path, received.EventId, $"namespaces/{ns}/triggerGroups/{group.Name}") { IsReplay = received.ReplayOf is not null };
        ChainResult passed;
        try
        {
            passed = await _chain.RunAsync(group.Interceptors, state, context, new ChainNamespaces(ns, ns, IsGroup: true), cancellationToken);
        }
        catch (Exception exception) when (IsDefect(exception))
        {
            return [.. group.Triggers.Select(trigger => new TriggerDecision { Verdict = VerdictReader.Broken(Start(trigger, work, startedAt), exception.Message) })];
        }

        if (!passed.IsPassed)
        {
            return [.. group.Triggers.Select(trigger => new TriggerDecision
            {
                Verdict = VerdictReader.Chain(Start(trigger, work, startedAt), passed, received, group.Interceptors),
            })];
        }

        var decisions = new List<TriggerDecision>();
#pragma warning disable CA2012 // each is awaited exactly once, below
        var running = group.Triggers.Select(trigger => RunAsync(trigger, passed.State with { Body = state.Body }, work, cancellationToken)).ToList();
#pragma warning restore CA2012
        foreach (var one in running)
        {
            var decision = await one;
            decisions.Add(decision with
            {
                Verdict = decision.Verdict with
                {
                    StartedAt = startedAt,
                    Stages = [.. decision.Verdict.Stages.Take(1), .. passed.Stages, .. decision.Verdict.Stages.Skip(1)],
                },
            });
        }

        return decisions;
    }

    private async ValueTask<TriggerDecision> DecideAsync(
        SelectedTrigger trigger, ChainState state, Work work, CancellationToken cancellationToken)
    {
        // 2 intercept
        var lap = new StageLap(Now);
        var (received, listener) = (work.Received, work.Listener);
        var verdict = Start(trigger, work, Now is null ? null : lap.At);
        var context = new TriggerContext(received.Path, received.EventId, $"namespaces/{trigger.Namespace}/triggers/{trigger.Name}") { IsReplay = received.ReplayOf is not null };
        IReadOnlyList<JsonObject> links = [.. trigger.Spec.Objects("interceptors")];
        var passed = await _chain.RunAsync(links, state, context, new ChainNamespaces(listener.Namespace(), trigger.Namespace), cancellationToken);
        if (!passed.IsPassed)
        {
            return new TriggerDecision { Verdict = VerdictReader.Chain(verdict, passed, received, links) };
        }

        verdict = verdict with { Stages = [.. verdict.Stages, .. passed.Stages] };

        // 3 bind
        lap.Next();
        var (bound, bindingError) = BindingParams.Gather(trigger.Spec, trigger.Namespace, lookups);
        if (bindingError is not null)
        {
            return new TriggerDecision { Verdict = VerdictReader.Timed(VerdictReader.Bindings(verdict, bindingError), "bindings", lap.Next()) };
        }

        var (template, templateError) = TemplateOf(trigger);
        if (template is null)
        {
            return new TriggerDecision { Verdict = VerdictReader.Timed(VerdictReader.Bindings(verdict, templateError!), "bindings", lap.Next()) };
        }

        var (payload, payloadError) = passed.State.Reading.BindingPayload(passed.State, received.EventId);
        if (payload is null)
        {
            return new TriggerDecision { Verdict = VerdictReader.Timed(VerdictReader.Bindings(verdict, "failed to ApplyEventValuesToParams: " + payloadError), "bindings", lap.Next()) };
        }

        var resolved = ParamValues.Resolve(bound, template.Params, payload);
        verdict = verdict with { Params = resolved.Params };
        if (resolved.Error is not null)
        {
            return new TriggerDecision { Verdict = VerdictReader.Timed(VerdictReader.MissingValue(verdict, resolved, payload), "bindings", lap.Next()) };
        }

        verdict = VerdictReader.Pass(verdict, "bindings", lap.Next());

        // 4 render
        var rendering = new RenderContext(listener.Name(), trigger.Namespace, trigger.Name, received.EventId) { Occurrence = trigger.Occurrence, ReplayOf = received.ReplayOf };
        var rendered = Render(trigger, template, resolved, verdict, rendering);
        return rendered.AfterObjects is null ? rendered with { Verdict = VerdictReader.Timed(rendered.Verdict, "template", lap.Next()) }
            : rendered with { AfterObjects = VerdictReader.Timed(rendered.AfterObjects, "template", lap.Next()) };
    }

    private bool IsDefect(Exception exception) =>
        exception is not OperationCanceledException and not OutOfMemoryException && !IsOutside(exception);

    private static TriggerDecision Render(
        SelectedTrigger trigger, ResourceTemplates template, ParamValues resolved, TriggerVerdict verdict, RenderContext context)
    {
        var uid = GeneratedName.Uid(context.EventId, context.TriggerKey);
        var objects = new List<JsonObject>();
        for (var i = 0; i < template.Texts.Count; i++)
        {
            var (manifest, error) = RenderedObject.Read(template.Render(i, resolved.Values, uid), i, context);
            if (manifest is null)
            {
                var failed = VerdictReader.Template(verdict, error!);
                return objects.Count == 0
                    ? new TriggerDecision { Verdict = failed }
                    : new TriggerDecision { Verdict = verdict, Objects = objects, AfterObjects = failed, ServiceAccountName = trigger.ServiceAccountName };
            }

            objects.Add(manifest);
        }

        return new TriggerDecision
        {
            Verdict = VerdictReader.Pass(verdict, "template"),
            Objects = objects,
            ServiceAccountName = trigger.ServiceAccountName,
        };
    }

    private (ResourceTemplates? Template, string? Error) TemplateOf(SelectedTrigger trigger)
    {
        var template = trigger.Spec.Object("template");
        if (template.Object("spec") is { } inline)
        {
            return (ResourceTemplates.OfSpec(inline), null);
        }

        var reference = template.Text("ref") ?? "";
        return lookups.Template(trigger.Namespace, reference) is { } found
            ? (ResourceTemplates.Of(found), null)
            : (null, $"error getting TriggerTemplate {reference}: triggertemplate.triggers.tekton.dev \"{reference}\" not found");
    }

    private static TriggerVerdict Start(SelectedTrigger trigger, Work work, DateTimeOffset? startedAt) => new()
    {
        Namespace = trigger.Namespace,
        Name = trigger.Name,
        Source = trigger.Source,
        Generation = trigger.Generation,
        StartedAt = startedAt,
        Outcome = TriggerOutcome.Fired,
        Stages = work.Selected,
    };

    /// <summary>What all triggers of an event share; <paramref name="Selected"/> is the stage that each begins with.</summary>
    private sealed record Work(ReceivedEvent Received, JsonObject Listener, IReadOnlyList<StageVerdict> Selected);
}
