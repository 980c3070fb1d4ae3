using System.Text.Json.Nodes;

namespace Hikigane.Resources.Reconcile;

/// <summary>What a reconciler decided. The shell applies it and nothing else; applying it twice is harmless.</summary>
public sealed record Plan
{
    /// <summary>The whole new <c>status</c> of the reconciled object; null leaves it as it is.</summary>
    public JsonObject? Status { get; init; }

    /// <summary>What to create, update and delete, in this order.</summary>
    public IReadOnlyList<Change> Changes { get; init; } = [];

    /// <summary>Kubernetes events to record on the reconciled object.</summary>
    public IReadOnlyList<ObjectEvent> Events { get; init; } = [];

    /// <summary>When to look again although nothing changed; null: only on change.</summary>
    public DateTimeOffset? WakeAt { get; init; }

    /// <summary>One sentence for the log: why this was decided.</summary>
    public string Reason { get; init; } = "";

    public static readonly Plan Nothing = new();
}

/// <summary>One write of a plan.</summary>
public abstract record Change
{
    private Change()
    {
    }

    /// <summary>Creates an object whose name is computed; one that exists already and has the same controller counts as done.</summary>
    public sealed record Create(ResourceType Type, JsonObject Manifest) : Change;

    /// <summary>Replaces an object; its <c>resourceVersion</c> guards it.</summary>
    public sealed record Update(ResourceType Type, JsonObject Manifest) : Change;

    /// <summary>Merge patch of an object or one of its subresources.</summary>
    public sealed record Patch(ResourceType Type, ObjectKey Key, JsonObject Body, string? Subresource = null) : Change;

    /// <summary>Deletes an object; a UID, where given, guards it. One that is gone counts as done.</summary>
    public sealed record Delete(ResourceType Type, ObjectKey Key, string? Uid = null) : Change;
}

/// <summary>A Kubernetes event about the reconciled object.</summary>
/// <param name="Type"><c>Normal</c> or <c>Warning</c>.</param>
public sealed record ObjectEvent(string Type, string Reason, string Message);
