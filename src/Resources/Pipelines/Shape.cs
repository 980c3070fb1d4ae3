namespace Hikigane.Resources.Pipelines;

/// <summary>
/// What a Go struct reads and writes: its fields by JSON name, in the order of the source. Kept as a table because upstream's webhook passes every
/// object through its structs: unknown fields are refused, zero values vanish, some zero values appear.
/// </summary>
internal sealed record Shape(string Name, IReadOnlyDictionary<string, ShapeField> Fields);

/// <summary>One field. <c>type!</c> is written even when it is zero; <c>type*</c> (a pointer) is written whenever it was given.</summary>
internal sealed record ShapeField(string Name, string Type, bool IsAlways, bool IsPointer);

/// <summary>Reads the table of shapes: <c>Name: field type, field type; …</c>, a shape a line.</summary>
internal static class Shapes
{
    /// <summary>Shapes of the current version of each kind.</summary>
    public static readonly IReadOnlyDictionary<string, Shape> V1 = Parse(CoreShapes.Text + PipelineShapes.Shared + PipelineShapes.V1);

    /// <summary>Shapes of v1beta1.</summary>
    public static readonly IReadOnlyDictionary<string, Shape> V1Beta1 = Parse(CoreShapes.Text + PipelineShapes.Shared + PipelineShapes.V1Beta1);

    internal static Dictionary<string, Shape> Parse(string text)
    {
        var shapes = new Dictionary<string, Shape>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var fields = new Dictionary<string, ShapeField>();
            foreach (var part in line[(colon + 1)..].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                if (part.StartsWith("...", StringComparison.Ordinal))
                {
                    foreach (var (name, field) in shapes[part[3..]].Fields)
                    {
                        fields[name] = field;
                    }

                    continue;
                }

                var words = part.Split(' ');
                var type = words.Length > 1 ? string.Join(' ', words[1..]) : "string";
                fields[words[0].TrimEnd('!', '*')] = new ShapeField(words[0].TrimEnd('!', '*'), type, words[0].EndsWith('!'), words[0].EndsWith('*'));
            }

            shapes[line[..colon]] = new Shape(line[..colon], fields);
        }

        return shapes;
    }
}
