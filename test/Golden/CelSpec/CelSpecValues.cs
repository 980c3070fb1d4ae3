using System.Globalization;
using System.Text.Json.Nodes;
using Hikigane.Expressions.Cel;
using Hikigane.Expressions.Cel.Checking;
using Hikigane.Expressions.Cel.Values;
using Hikigane.Resources.Json;

namespace Hikigane.Golden.CelSpec;

/// <summary>Values, types and declarations of the specification's cases (protobuf JSON) as those of the evaluator.</summary>
internal static class CelSpecValues
{
    public static CelValue Value(JsonObject value)
    {
        var (kind, content) = value.First();
        return kind switch
        {
            "null_value" => NullValue.Instance,
            "bool_value" => BoolValue.Of((bool)content!),
            "int64_value" => IntValue.Of(long.Parse(content!.ToString(), CultureInfo.InvariantCulture)),
            "uint64_value" => new UintValue(ulong.Parse(content!.ToString(), CultureInfo.InvariantCulture)),
            "double_value" => new DoubleValue(double.Parse(content!.ToString(), CultureInfo.InvariantCulture)),
            "string_value" => new StringValue((string)content!),
            "bytes_value" => new BytesValue(Convert.FromBase64String((string)content!)),
            "list_value" => new ListValue([.. content.Objects("values").Select(Value)]),
            "map_value" => Map(content.Objects("entries")),
            "type_value" => new TypeValue(CelType.Opaque((string)content!)),
            "object_value" when content.Text("@type")!.EndsWith("Duration", StringComparison.Ordinal) => Evaluated($"duration('{content.Text("value")}')"),
            "object_value" when content.Text("@type")!.EndsWith("Timestamp", StringComparison.Ordinal) => Evaluated($"timestamp('{content.Text("value")}')"),
            _ => throw new NotSupportedException(kind),
        };
    }

    public static CelType Type(JsonNode? type)
    {
        var (kind, content) = type!.AsObject().First();
        return kind switch
        {
            "dyn" => CelType.Dyn,
            "null" => CelType.Null,
            "primitive" => content.Text() switch
            {
                "BOOL" => CelType.Bool,
                "INT64" => CelType.Int,
                "UINT64" => CelType.Uint,
                "DOUBLE" => CelType.Double,
                "STRING" => CelType.String,
                "BYTES" => CelType.Bytes,
                var other => throw new NotSupportedException(other),
            },
            "type_param" => CelType.Param(content.Text()!),
            "list_type" => CelType.List(Type(content!["elem_type"])),
            "map_type" => CelType.Map(Type(content!["key_type"]), Type(content["value_type"])),
            "abstract_type" => CelType.Opaque(content.Text("name")!, [.. content.Objects("parameter_types").Select(Type)]),
            _ => throw new NotSupportedException(kind),
        };
    }

    public static CelFunction Function(JsonObject declaration) => CelFunction.Declared(
        declaration.Text("name")!,
        declaration.Objects("function", "overloads").Select(overload =>
            new CelOverload(IsMember: false, [.. overload.Objects("params").Select(Type)], Type(overload["result_type"]))));

    /// <summary>Equal in type as well, all the way down; NaN is NaN.</summary>
    public static bool AreSame(CelValue left, CelValue right) => (left, right) switch
    {
        (DoubleValue a, DoubleValue b) => a.Value.Equals(b.Value),
        (ListValue a, ListValue b) => a.Items.Count == b.Items.Count && a.Items.Zip(b.Items).All(pair => AreSame(pair.First, pair.Second)),
        (MapValue a, MapValue b) => a.Count == b.Count && a.Entries.All(entry => b.TryFind(entry.Key, out var found) && AreSame(entry.Value, found)),
        _ => left.Type.Kind == right.Type.Kind && left.IsEqualTo(right),
    };

    private static MapValue Map(IEnumerable<JsonObject> entries)
    {
        var members = MapValue.NewMembers(0);
        foreach (var entry in entries)
        {
            members[Value(entry.Object("key")!)] = Value(entry.Object("value")!);
        }

        return new MapValue(members);
    }

    private static CelValue Evaluated(string source) =>
        CelProgram.Compile(source, new CelEnvironment(new Dictionary<string, CelType>(), [])).Program!.Evaluate(new Dictionary<string, CelValue>());
}
