using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Deliveries;
using Hikigane.Resources.Json;
using Hikigane.Resources.Triggers;
using Hikigane.Triggers;
using Hikigane.Triggers.Templates;
using Hikigane.Triggers.Verdicts;

namespace Hikigane.Server.Listener;

/// <summary>Finds the served resource of a manifest's <c>apiVersion</c> and <c>kind</c>; null when the API does not serve it.</summary>
public delegate ValueTask<ResourceType?> FindResource(string apiVersion, string kind, CancellationToken cancellationToken);

/// <summary>The API as another ServiceAccount.</summary>
public delegate IKube Impersonate(string ns, string serviceAccountName);

/// <summary>How objects are created: as the listener's ServiceAccount, or as a trigger's; and with whose eyes a name that is taken is looked at.</summary>
public sealed record CreatorParts(IKube Kube, IKube Reader, FindResource Find, Impersonate Impersonate)
{
    /// <summary>Whether the API serves an <c>apiVersion</c> at all: it only changes the sentence for a kind that is not served.</summary>
    public Predicate<string> Serves { get; init; } = _ => true;

    /// <summary>The clock that stages are timed by; null: they are not.</summary>
    public Func<DateTimeOffset>? Now { get; init; }

    /// <summary>Knows deliveries that were received before; null: nobody asks.</summary>
    public RepeatedDeliveries? Repeated { get; init; }
}

/// <summary>
/// From an acknowledged event to its verdicts: the flow decides, this creates what it wants and completes the verdicts. Names of created objects
/// are derived from the event, so deciding twice creates once.
/// </summary>
public sealed class EventDecision(
    ListenerCaches objects, InterceptorPorts ports, CreatorParts parts)
{
    private const int MostNames = 16;

    private readonly TriggerFlow flow = new(objects.Lookups, ports)
    {
        Now = parts.Now,
        IsOutside = exception => exception is KubeException or HttpRequestException or IOException,
    };

    public async Task<Delivery> DecideAsync(ReceivedEvent received, CancellationToken cancellationToken)
    {
        if (objects.Listener(new ObjectKey(received.ListenerNamespace, received.ListenerName)) is not { } listener)
        {
            return new Delivery { Event = received, Outcome = DeliveryOutcome.Error, Triggers = [ListenerGone(received)] };
        }

        var decisions = await flow.DecideAsync(received, listener, cancellationToken);
        if (decisions.Any(decision => decision.IsFired) && await RepeatedAsync(received, listener, cancellationToken) is { } first)
        {
            decisions = [.. decisions.Select(decision => decision.IsFired
                ? new TriggerDecision { Verdict = RepeatedDeliveries.Repeats(decision.Verdict, received, first) } : decision)];
        }

        var verdicts = await Task.WhenAll(decisions.Select(decision => TimedAsync(listener, decision, cancellationToken)));
        return new Delivery { Event = received, Outcome = DeliveryVerdict.Of(verdicts), Triggers = verdicts };
    }

    private async Task<string?> RepeatedAsync(ReceivedEvent received, JsonObject listener, CancellationToken cancellationToken) =>
        parts.Repeated is { } repeated && ListenerEdge.Read(listener.Object("metadata", "annotations")).Edge.Deduplicates
            ? await repeated.FirstAsync(received, cancellationToken)
            : null;

    private async Task<TriggerVerdict> TimedAsync(JsonObject listener, TriggerDecision decision, CancellationToken cancellationToken)
    {
        if (parts.Now is not { } now || !decision.IsFired)
        {
            return await CompleteAsync(listener, decision, cancellationToken);
        }

        var startedAt = now();
        var verdict = await CompleteAsync(listener, decision, cancellationToken);
        return CreateVerdict.Timed(verdict, startedAt, now());
    }

    /// <summary>Creates in order and stops at the first failure; what was created stays, as upstream.</summary>
    private async Task<TriggerVerdict> CompleteAsync(JsonObject listener, TriggerDecision decision, CancellationToken cancellationToken)
    {
        if (!decision.IsFired)
        {
            return decision.Verdict;
        }

        var creator = decision.ServiceAccountName.Length == 0 ? parts.Kube : parts.Impersonate(decision.Verdict.Namespace, decision.ServiceAccountName);
        var created = new List<CreatedObject>();
        foreach (var manifest in decision.Objects)
        {
            var type = await parts.Find(manifest.Text("apiVersion") ?? "", manifest.Text("kind") ?? "", cancellationToken);
            if (type is null)
            {
                return CreateVerdict.Invalid(decision.Verdict with { Created = created }, manifest, NotServed(manifest));
            }

            try
            {
                created.Add(Created(await CreateAsync(creator, type, manifest, cancellationToken)));
            }
            catch (KubeException exception) when (!exception.IsTransient)
            {
                var account = (decision.ServiceAccountName.Length == 0 ? listener.Namespace() : decision.Verdict.Namespace,
                    decision.ServiceAccountName.Length > 0 ? decision.ServiceAccountName : listener.Text("spec", "serviceAccountName") ?? "default");
                return Failed(decision.Verdict with { Created = created }, manifest, type, account, exception);
            }
            catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or FormatException or NotSupportedException)
            {
                // A manifest that nobody thought of fails its own trigger, not its neighbours.
                return CreateVerdict.FailedOtherwise(decision.Verdict with { Created = created }, manifest, exception.Message);
            }
        }

        return decision.AfterObjects is { } after ? after with { Created = created } : CreateVerdict.Created(decision.Verdict, created);
    }

    /// <summary>
    /// Derived names are short, so two events can meet in one: an object of that name is this event's only when it says so. Then an earlier
    /// attempt made it; else the next derived name is tried, the same one in every attempt.
    /// </summary>
    private async Task<JsonObject> CreateAsync(IKube creator, ResourceType type, JsonObject manifest, CancellationToken cancellationToken)
    {
        var generateName = manifest.Text("metadata", "generateName");
        for (var next = 1; ; next++)
        {
            try
            {
                return await creator.CreateAsync(type, manifest.Namespace(), manifest, cancellationToken);
            }
            catch (KubeException exception) when (exception.IsAlreadyExists && next <= MostNames)
            {
                if (await FindOwnAsync(type, manifest, isNameGiven: generateName is null, cancellationToken) is { } own)
                {
                    return own;
                }

                if (generateName is null)
                {
                    throw;
                }
            }

            manifest = manifest.Copy();
            manifest.Ensure("metadata")["name"] = GeneratedName.Of(generateName, EventIdOf(manifest), manifest.Name(), next);
        }
    }

    /// <summary>
    /// The existing object when it is of this event, and of this trigger too where the template gives the name, as others might. Where it may
    /// not be read, it is taken for this event's if its name is derived.
    /// </summary>
    private async Task<JsonObject?> FindOwnAsync(ResourceType type, JsonObject manifest, bool isNameGiven, CancellationToken cancellationToken)
    {
        try
        {
            var existing = await parts.Reader.GetAsync(type, manifest.Namespace(), manifest.Name(), cancellationToken);
            return EventIdOf(existing) == EventIdOf(manifest) && (!isNameGiven || TriggerOf(existing) == TriggerOf(manifest)) ? existing : null;
        }
        catch (KubeException exception) when (exception.IsForbidden)
        {
            return isNameGiven ? null : manifest;
        }
        catch (KubeException exception) when (exception.IsNotFound)
        {
            return null;
        }
    }

    private static string EventIdOf(JsonObject manifest) => manifest.Label("triggers.tekton.dev/triggers-eventid") ?? "";

    private static string TriggerOf(JsonObject manifest) => manifest.Label("triggers.tekton.dev/trigger") ?? "";

    /// <summary>Why the API did not take an object, by its status and its words.</summary>
    internal static TriggerVerdict Failed(
        TriggerVerdict verdict, JsonObject manifest, ResourceType type, (string Namespace, string Name) account, KubeException exception) => exception switch
        {
            { IsForbidden: true } when exception.Message.Contains("exceeded quota", StringComparison.Ordinal) =>
                CreateVerdict.QuotaExceeded(verdict, manifest, Message(type, exception)),
            { IsForbidden: true } => CreateVerdict.Forbidden(verdict, manifest, type.Plural, account, Message(type, exception)),
            _ when exception.Message.Contains("admission webhook", StringComparison.Ordinal) =>
                CreateVerdict.RefusedByWebhook(verdict, manifest, Message(type, exception)),
            { Code: 408 or 504 } => CreateVerdict.TimedOut(verdict, manifest, Message(type, exception)),
            { Code: 400 or 422 } => CreateVerdict.Invalid(verdict, manifest, Message(type, exception)),
            _ => CreateVerdict.FailedOtherwise(verdict, manifest, Message(type, exception)),
        };

    /// <summary>As upstream logs it (pkg/resources/create.go).</summary>
    private static string Message(ResourceType type, KubeException exception) =>
        $"couldn't create resource with group version kind \"{type.Group}/{type.Version}, Resource={type.Plural}\": {exception.Message}";

    private string NotServed(JsonObject manifest) => "couldn't find API resource for json: " + (manifest.Text("apiVersion") ?? "") switch
    {
        "" => "error getting kubernetes server resources for apiVersion : groupVersion shouldn't be empty",
        var apiVersion when !parts.Serves(apiVersion) => $"error getting kubernetes server resources for apiVersion {apiVersion}: the server could not find the requested resource",
        var apiVersion => $"error could not find resource with apiVersion {apiVersion} and kind {manifest.Text("kind")}",
    };

    private static CreatedObject Created(JsonObject manifest) =>
        new(manifest.Text("apiVersion") ?? "", manifest.Text("kind") ?? "", manifest.Namespace(), manifest.Name(), manifest.Uid());

    internal static TriggerVerdict ListenerGone(ReceivedEvent received) => new()
    {
        Namespace = received.ListenerNamespace,
        Name = "",
        Source = RequestVerdict.Source,
        Outcome = TriggerOutcome.Error,
        Cause = Causes.RefMissing,
        Message = $"eventlistener.triggers.tekton.dev \"{received.ListenerName}\" not found",
        Explain = $"EventListener `{received.ListenerNamespace}/{received.ListenerName}` does not exist any more, or its ServiceAccount may not read it.",
        Fix = "Apply the listener again and replay the event.",
    };
}
