using System.Text.Json.Nodes;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Server.Previews;

namespace Hikigane.Cli.Ledgers;

/// <summary>A trigger with another CEL filter: in the listener itself, or a Trigger object.</summary>
internal static class ChangedFilter
{
    public static KnownObjects In(KnownObjects known, ObjectKey listenerKey, string? triggerName, string expression)
    {
        var listener = known.Find("EventListener", listenerKey)?.Copy()
            ?? throw new CliException($"EventListener {listenerKey} does not exist in {known.Source}");
        var inline = listener.Objects("spec", "triggers").Where(entry => entry.Object("template") is not null).ToList();
        var objects = known.Manifests.Where(manifest => manifest.Text("kind") == "Trigger" && manifest.Namespace() == listenerKey.Namespace).ToList();
        if (triggerName is null)
        {
            var names = inline.Select(entry => entry.Text("name") ?? "").Concat(listener.Objects("spec", "triggers").Select(entry => entry.Text("triggerRef")).OfType<string>()).ToList();
            triggerName = names is [var only] ? only
                : throw new CliException($"whose filter? Give --trigger NAME: {string.Join(", ", names.Concat(objects.Select(one => one.Name())).Distinct())}", ExitCode.Usage);
        }

        if (inline.FirstOrDefault(entry => (entry.Text("name") ?? "") == triggerName) is { } entry)
        {
            Change(entry, expression);
            return known.With([listener], listenerKey.Namespace);
        }

        var trigger = objects.LastOrDefault(one => one.Name() == triggerName)?.Copy()
            ?? throw new CliException($"there is no trigger \"{triggerName}\" in {listenerKey}", ExitCode.Usage);
        Change(trigger.Ensure("spec"), expression);
        return known.With([trigger], listenerKey.Namespace);
    }

    /// <summary>Changes the first CEL filter; a trigger without one gets one behind its other interceptors.</summary>
    private static void Change(JsonObject spec, string expression)
    {
        foreach (var link in spec.Objects("interceptors").Where(link => link.Text("ref", "name") == "cel"))
        {
            if (link.Objects("params").FirstOrDefault(param => param.Text("name") == "filter") is { } filter)
            {
                filter["value"] = expression;
                return;
            }
        }

        var links = spec["interceptors"] as JsonArray ?? [];
        spec["interceptors"] = links;
        links.Add((JsonNode)new JsonObject
        {
            ["ref"] = new JsonObject { ["name"] = "cel", ["kind"] = "ClusterInterceptor" },
            ["params"] = new JsonArray((JsonNode)new JsonObject { ["name"] = "filter", ["value"] = expression }),
        });
    }
}
