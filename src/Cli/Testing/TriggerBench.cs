using System.Text.Json.Nodes;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Server.Previews;

namespace Hikigane.Cli.Testing;

/// <summary>
/// Listeners and triggers out of files, ready to decide events by the code of the real listener, without a cluster. Triggers without a listener get one that
/// takes them all.
/// </summary>
internal sealed class TriggerBench : IDisposable
{
    private readonly EventPreview _preview;
    private readonly ObjectKey _listener;

    private TriggerBench(KnownObjects objects, ObjectKey listener)
    {
        _preview = new EventPreview(objects, TimeProvider.System);
        _listener = listener;
    }

    /// <summary>Reads the files and picks the listener: the one that was named, or the only one.</summary>
    public static TriggerBench Of(IEnumerable<string> files, string ns, string? listenerName)
    {
        var manifests = files.SelectMany(InputFile.Manifests).ToList();
        var listeners = manifests.Where(manifest => manifest.Text("kind") == "EventListener").ToList();
        if (listeners.Count == 0)
        {
            listeners.Add(ListenerOf(manifests, ns));
            manifests.Add(listeners[0]);
        }

        var found = listenerName is null ? listeners : listeners.Where(listener => listener.Name() == listenerName).ToList();
        if (found is not [var listener])
        {
            var names = string.Join(", ", listeners.Select(one => one.Name()));
            throw new UnusableInputException(listenerName is null
                ? $"the files hold {listeners.Count} EventListeners: name one with --listener ({names})"
                : $"the files hold no EventListener \"{listenerName}\" ({names})");
        }

        return new TriggerBench(KnownObjects.BuiltIn.With(manifests, ns), new ObjectKey(listener.Namespace() is { Length: > 0 } own ? own : ns, listener.Name()));
    }

    public async Task<PreviewedDelivery> DecideAsync(TestEvent given, bool isSigned, CancellationToken cancellationToken)
    {
        var decided = (await _preview.DecideAsync(given.Received(_listener.Namespace, _listener.Name, isSigned), cancellationToken))!;
        foreach (var manifest in decided.Triggers.SelectMany(trigger => trigger.Objects))
        {
            // What is signed for a test counts as repeated, which is nobody's business here.
            manifest.Object("metadata", "labels")?.Remove("hikigane.dev/replay-of");
        }

        return decided;
    }

    public void Dispose() => _preview.Dispose();

    private static JsonObject ListenerOf(IEnumerable<JsonObject> manifests, string ns)
    {
        var triggers = manifests.Where(manifest => manifest.Text("kind") == "Trigger").ToList();
        return triggers.Count == 0
            ? throw new UnusableInputException("the files hold neither an EventListener nor a Trigger")
            : new JsonObject
            {
                ["apiVersion"] = "triggers.tekton.dev/v1beta1",
                ["kind"] = "EventListener",
                ["metadata"] = new JsonObject { ["name"] = "test", ["namespace"] = triggers[0].Namespace() is { Length: > 0 } own ? own : ns },
                ["spec"] = new JsonObject
                {
                    ["triggers"] = new JsonArray([.. triggers.Select(JsonNode (trigger) => new JsonObject { ["triggerRef"] = trigger.Name() })]),
                },
            };
    }
}
