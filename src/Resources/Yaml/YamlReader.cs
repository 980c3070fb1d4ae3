using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Hikigane.Resources.Yaml;

/// <summary>What is wrong with a YAML text, and where (line and column count from 1).</summary>
public sealed record YamlError(string Message, long Line, long Column)
{
    public override string ToString() => $"line {Line}, column {Column}: {Message}";
}

/// <summary>A document of a stream, as JSON, with the line it starts at.</summary>
public sealed record YamlDocument(JsonNode? Root, long Line);

/// <summary>The documents of a text, and everything that is wrong with it. Empty documents are left out.</summary>
public sealed record YamlStream(IReadOnlyList<YamlDocument> Documents, IReadOnlyList<YamlError> Errors);

/// <summary>What a key that stands twice in a map is.</summary>
public enum DuplicateKeys
{
    /// <summary>An error: what people write is read this way.</summary>
    Error,

    /// <summary>The last one counts, as Kubernetes' lenient readers have it.</summary>
    LastWins,
}

/// <summary>
/// YAML text → JSON, at the door: nothing past it knows YAML. The scalars mean what kubectl takes them for (YAML 1.1), merge keys
/// are applied, duplicate keys are errors. JSON is YAML, so JSON files come through here too.
/// </summary>
public static class YamlReader
{
    /// <summary>Reads all documents. Errors that leave the structure clear (duplicate keys) are collected; a syntax error ends the reading.</summary>
    public static YamlStream Read(string text, DuplicateKeys duplicates = DuplicateKeys.Error)
    {
        var documents = new List<YamlDocument>();
        var errors = new List<YamlError>();
        try
        {
            var parser = new Parser(new StringReader(text.TrimStart('\uFEFF')));
            parser.Consume<StreamStart>();
            while (parser.Accept<DocumentStart>(out _))
            {
                var tree = new YamlTree(parser, errors, duplicates);
                parser.Consume<DocumentStart>();
                var line = parser.Current!.Start.Line;
                var root = tree.Node();
                parser.Consume<DocumentEnd>();
                if (root is not null)
                {
                    documents.Add(new YamlDocument(root, line));
                }
            }
        }
        catch (YamlException exception)
        {
            errors.Add(new YamlError(Cause(exception).Message, exception.Start.Line, exception.Start.Column));
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or FormatException)
        {
            // The scanner leaves some inputs this way, without a position.
            errors.Add(new YamlError("the text is not YAML: " + exception.Message, 1, 1));
        }

        return new YamlStream(documents, errors);
    }

    /// <summary>Reads the only document of a text; null with an error in <paramref name="error"/> when it does not have exactly one object.</summary>
    public static JsonObject? ReadObject(string text, out string? error)
    {
        var stream = Read(text);
        error = stream.Errors.Count > 0 ? string.Join("; ", stream.Errors)
            : stream.Documents is not [{ Root: JsonObject }] ? "expected one YAML document that is an object"
            : null;
        return error is null ? (JsonObject)stream.Documents[0].Root! : null;
    }

    private static Exception Cause(Exception exception) => exception.InnerException ?? exception;
}

/// <summary>One document's events → tree.</summary>
internal sealed class YamlTree(IParser parser, List<YamlError> errors, DuplicateKeys duplicates)
{
    private const int MaxDepth = 500;
    private const int MaxNodes = 1_000_000;

    private readonly Dictionary<string, (JsonNode? Node, int Size)> _anchors = [];
    private int _depth;
    private int _nodes;

    public JsonNode? Node()
    {
        if (++_depth > MaxDepth)
        {
            throw new YamlException(parser.Current!.Start, parser.Current.End, $"nested deeper than {MaxDepth}");
        }

        var before = _nodes;
        Count(1);
        var opening = parser.Current!;
        var node = opening switch
        {
            AnchorAlias => Alias(),
            MappingStart => Mapping(),
            SequenceStart => Sequence(),
            _ => Scalar(parser.Consume<Scalar>()),
        };
        if (opening is NodeEvent { Anchor.IsEmpty: false } named)
        {
            _anchors[named.Anchor.Value] = (node, _nodes - before);
        }

        _depth--;
        return node;
    }

    private JsonNode? Alias()
    {
        var alias = parser.Consume<AnchorAlias>();
        if (!_anchors.TryGetValue(alias.Value.Value, out var target))
        {
            throw new YamlException(alias.Start, alias.End, $"unknown anchor '{alias.Value.Value}' referenced");
        }

        // Counted before it is copied: a few lines of nested aliases stand for billions of nodes.
        Count(target.Size);
        return target.Node?.DeepClone();
    }

    private JsonObject Mapping()
    {
        parser.Consume<MappingStart>();
        var members = new JsonObject();
        var merged = new List<JsonObject>();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var start = parser.Current!.Start;
            var isMerge = parser.Current is Scalar { Value: "<<", Style: ScalarStyle.Plain };
            var key = Key(start);
            var value = Node();
            if (isMerge)
            {
                merged.AddRange(Merged(value, start));
            }
            else if (duplicates == DuplicateKeys.LastWins)
            {
                members[key] = value;
            }
            else if (!members.TryAdd(key, value))
            {
                errors.Add(new YamlError($"key \"{key}\" already set in map", start.Line, start.Column));
            }
        }

        foreach (var (key, value) in merged.SelectMany(one => one.ToList()))
        {
            members.TryAdd(key, value?.DeepClone());
        }

        return members;
    }

    private static IEnumerable<JsonObject> Merged(JsonNode? value, Mark start) => value switch
    {
        JsonObject one => [one],
        JsonArray many when many.All(item => item is JsonObject) => many.Cast<JsonObject>(),
        _ => throw new YamlException(start, start, "map merge requires map or sequence of maps as the value"),
    };

    private string Key(Mark start)
    {
        var node = Node();
        return node switch
        {
            JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
            JsonValue value => value.ToJsonString(),
            null => "null",
            _ => throw new YamlException(start, start, "a map or a list cannot be a key"),
        };
    }

    private JsonArray Sequence()
    {
        parser.Consume<SequenceStart>();
        var items = new JsonArray();
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(Node());
        }

        return items;
    }

    private JsonNode? Scalar(Scalar scalar)
    {
        var tag = scalar.Tag.IsEmpty ? "" : scalar.Tag.Value;
        if (tag is "tag:yaml.org,2002:str" or "!" or "tag:yaml.org,2002:binary" || (tag.Length == 0 && scalar.Style != ScalarStyle.Plain))
        {
            return JsonValue.Create(scalar.Value);
        }

        if (!YamlScalar.TryResolve(scalar.Value, out var value))
        {
            errors.Add(new YamlError($"{scalar.Value} cannot be written as JSON", scalar.Start.Line, scalar.Start.Column));
        }

        return value;
    }

    private void Count(int nodes)
    {
        _nodes += nodes;
        if (_nodes > MaxNodes)
        {
            throw new YamlException(parser.Current!.Start, parser.Current.End, $"document contains excessive aliasing: more than {MaxNodes} nodes");
        }
    }
}
