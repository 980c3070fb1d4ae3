using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Hikigane.Expressions.GoJson;

/// <summary>How numbers are read.</summary>
public enum GoNumbers
{
    /// <summary>Every number is a double, as Go decodes into <c>interface{}</c>.</summary>
    Float64,

    /// <summary>Whole numbers stay whole, as Kubernetes decodes an object without a schema.</summary>
    Kubernetes,
}

/// <summary>JSON text → <see cref="JsonNode"/>, as Go reads it. The last of two equal keys wins.</summary>
public static class GoJsonReader
{
    // Go allows 10,000 levels, and so does the check. Trees are walked by recursion, so they end sooner; objects for the API, which
    // System.Text.Json writes, sooner still.
    internal const int MaxTreeDepth = 1500;
    private const int MaxObjectDepth = 900;
    private const int MaxDepth = 10_000;

    /// <summary>Reads a document. Exactly one of the results is null, except that the document <c>null</c> gives two nulls.</summary>
    public static (JsonNode? Node, string? Error) Read(ReadOnlySpan<byte> utf8, GoNumbers numbers = GoNumbers.Float64)
    {
        try
        {
            return (new GoJsonDocument<JsonNode?, NodeTarget>(utf8, new NodeTarget(numbers), numbers == GoNumbers.Kubernetes ? MaxObjectDepth : MaxTreeDepth).ReadAll(), null);
        }
        catch (FormatException exception)
        {
            return (null, exception.Message);
        }
    }

    /// <summary>Reads a document given as text.</summary>
    public static (JsonNode? Node, string? Error) Read(string text, GoNumbers numbers = GoNumbers.Float64) =>
        Read(Encoding.UTF8.GetBytes(text), numbers);

    /// <summary>Reads a document that has to be an object or null, as Go decodes into a map.</summary>
    public static (JsonObject? Node, string? Error) ReadObject(ReadOnlySpan<byte> utf8, GoNumbers numbers = GoNumbers.Float64)
    {
        var (node, error) = Read(utf8, numbers);
        return node is null or JsonObject ? ((JsonObject?)node, error) : (null, NotAnObject(KindOf(node)));
    }

    /// <summary>What is wrong with a document; null when nothing is. Builds nothing.</summary>
    public static string? Check(ReadOnlySpan<byte> utf8) => Kind(utf8).Error;

    /// <summary>What is wrong with a document that has to be an object or null; null when nothing is. Builds nothing.</summary>
    public static string? CheckObject(ReadOnlySpan<byte> utf8)
    {
        var (kind, error) = Kind(utf8);
        return error ?? (kind is "object" or "null" ? null : NotAnObject(kind));
    }

    /// <summary>What Go calls the kind of a JSON value in its errors.</summary>
    public static string KindOf(JsonNode? node) => node switch
    {
        null => "null",
        JsonObject => "object",
        JsonArray => "array",
        _ => node.GetValueKind() switch
        {
            System.Text.Json.JsonValueKind.String => "string",
            System.Text.Json.JsonValueKind.Number => "number",
            _ => "bool",
        },
    };

    internal static string NotAnObject(string kind) => $"json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}";

    private static (string Kind, string? Error) Kind(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return (new GoJsonDocument<string, KindTarget>(utf8, default, MaxDepth).ReadAll(), null);
        }
        catch (FormatException exception)
        {
            return ("", exception.Message);
        }
    }

    private readonly struct NodeTarget(GoNumbers numbers) : IGoJsonTarget<JsonNode?>
    {
        public static bool Keeps => true;

        public JsonNode? Null() => null;

        public JsonNode? Bool(bool value) => JsonValue.Create(value);

        public JsonNode? Number(double value, ReadOnlySpan<byte> spelled) =>
            numbers == GoNumbers.Kubernetes && long.TryParse(spelled, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
                ? JsonValue.Create(whole)
                : double.IsFinite(value) ? JsonValue.Create(value) : null;

        public JsonNode? Text(string value) => JsonValue.Create(value);

        public JsonNode? NewObject() => new JsonObject();

        public JsonNode? NewArray() => new JsonArray();

        public void Set(JsonNode? members, string key, JsonNode? value) => members![key] = value;

        public void Append(JsonNode? items, JsonNode? value) => ((JsonArray)items!).Add(value);
    }

    private readonly struct KindTarget : IGoJsonTarget<string>
    {
        public static bool Keeps => false;

        public string Null() => "null";

        public string Bool(bool value) => "bool";

        public string Number(double value, ReadOnlySpan<byte> spelled) => "number";

        public string Text(string value) => "string";

        public string NewObject() => "object";

        public string NewArray() => "array";

        public void Set(string members, string key, string value)
        {
        }

        public void Append(string items, string value)
        {
        }
    }
}
