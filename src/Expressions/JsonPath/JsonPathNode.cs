namespace Hikigane.Expressions.JsonPath;

/// <summary>A parsed step of a path. One list of steps is one action between braces.</summary>
internal abstract record JsonPathNode
{
    private JsonPathNode()
    {
    }

    public sealed record Text(string Value) : JsonPathNode;

    public sealed record Field(string Name) : JsonPathNode;

    public sealed record Wildcard : JsonPathNode;

    public sealed record Recursive : JsonPathNode;

    public sealed record Integer(long Value) : JsonPathNode;

    public sealed record Float(double Value) : JsonPathNode;

    public sealed record Bool(bool Value) : JsonPathNode;

    public sealed record Identifier(string Name) : JsonPathNode;

    /// <summary>An index or a slice; a bound that is null was left out. <paramref name="IsIndex"/>: the end follows from the start.</summary>
    public sealed record Slice(long? Start, long? End, long? Step, bool IsIndex) : JsonPathNode;

    public sealed record Union(IReadOnlyList<IReadOnlyList<JsonPathNode>> Branches) : JsonPathNode;

    /// <summary>Operator <c>exists</c> has an empty right side.</summary>
    public sealed record Filter(IReadOnlyList<JsonPathNode> Left, IReadOnlyList<JsonPathNode> Right, string Operator) : JsonPathNode;
}
