using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Store;

/// <summary>Writes that were accepted but are not yet published. The writer alone touches it.</summary>
internal sealed class PendingBatch(Snapshot start)
{
    // As Go's encoder with HTML escaping off: what the user wrote stays readable, and shorter.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly List<StoreChange> changes = [];
    private readonly ArrayBufferWriter<byte> buffer = new();

    public Snapshot Next { get; private set; } = start;

    public IReadOnlyList<StoreChange> Changes => changes;

    /// <summary>Checks the expected revision against the batch itself, gives the next revision, encodes.</summary>
    public StoreChange Add(StoreWrite write)
    {
        var before = Next.Find(write.Key);
        if ((before?.Revision ?? 0) != write.Expected || (before is null && write.Manifest is null))
        {
            throw new StoreConflictException(before);
        }

        var revision = Next.Revision + 1;
        var manifest = write.Manifest ?? write.Last ?? before!.Object.Copy();
        manifest.Ensure("metadata")["resourceVersion"] = revision.ToString();
        var after = new StoredObject(write.Key, revision, Encode(manifest));
        var change = new StoreChange(revision, write.Key, before, after, write.Manifest is null);
        changes.Add(change);
        Next = Next.With(change);
        return change;
    }

    private byte[] Encode(JsonNode node)
    {
        buffer.ResetWrittenCount();
        using (var writer = new Utf8JsonWriter(buffer, Plain))
        {
            node.WriteTo(writer);
        }

        return buffer.WrittenSpan.ToArray();
    }
}
