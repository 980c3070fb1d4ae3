using System.Text.Json.Nodes;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Reconcile;

namespace Hikigane.Kube;

/// <summary>
/// Records Kubernetes events on objects; a repeat counts up the first one. An event that cannot be written is dropped: it is a
/// courtesy to people, never a reason to fail. As client-go tools/record.
/// </summary>
public sealed class EventRecorder(IKube kube, TimeProvider time, string component)
{
    public async Task RecordAsync(JsonObject subject, ObjectEvent recorded, CancellationToken cancellationToken, string? fieldPath = null)
    {
        var now = time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture);
        var name = NameOf(subject, recorded, fieldPath);
        var ns = subject.Namespace().Length == 0 ? "default" : subject.Namespace();
        try
        {
            await kube.CreateAsync(Kinds.Event, ns, Build(subject, recorded, fieldPath, name, ns, now), cancellationToken);
        }
        catch (KubeException exception) when (exception.IsAlreadyExists)
        {
            await CountUpAsync(new ObjectKey(ns, name), now, cancellationToken);
        }
        catch (KubeException)
        {
        }
    }

    private async Task CountUpAsync(ObjectKey key, string now, CancellationToken cancellationToken)
    {
        try
        {
            var first = await kube.GetAsync(Kinds.Event, key.Namespace, key.Name, cancellationToken);
            var body = new JsonObject { ["count"] = (first.Integer("count") ?? 1) + 1, ["lastTimestamp"] = now };
            await kube.PatchAsync(Kinds.Event, key, new Patch(PatchKind.Merge, body), cancellationToken);
        }
        catch (KubeException)
        {
        }
    }

    /// <summary>The same event about the same object has the same name, so a repeat finds the first one.</summary>
    private static string NameOf(JsonObject subject, ObjectEvent recorded, string? fieldPath)
    {
        var hash = 14695981039346656037UL;
        foreach (var character in $"{subject.Uid()}\n{fieldPath}\n{recorded.Type}\n{recorded.Reason}\n{recorded.Message}")
        {
            hash = (hash ^ character) * 1099511628211UL;
        }

        return $"{subject.Name()}.{hash:x16}";
    }

    private JsonObject Build(JsonObject subject, ObjectEvent recorded, string? fieldPath, string name, string ns, string now)
    {
        var involved = new JsonObject
        {
            ["kind"] = subject.Text("kind"),
            ["namespace"] = subject.Namespace(),
            ["name"] = subject.Name(),
        };
        if (subject.Uid() is { Length: > 0 } uid)
        {
            involved["uid"] = uid;
        }

        involved["apiVersion"] = subject.Text("apiVersion");
        if (subject.Text("metadata", "resourceVersion") is { } revision)
        {
            involved["resourceVersion"] = revision;
        }

        if (fieldPath is not null)
        {
            involved["fieldPath"] = fieldPath;
        }

        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Event",
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = ns },
            ["involvedObject"] = involved,
            ["reason"] = recorded.Reason,
            ["message"] = recorded.Message,
            ["type"] = recorded.Type,
            ["source"] = new JsonObject { ["component"] = component },
            ["firstTimestamp"] = now,
            ["lastTimestamp"] = now,
            ["count"] = 1,
            ["reportingComponent"] = component,
            ["reportingInstance"] = "",
            ["eventTime"] = null,
        };
    }
}
