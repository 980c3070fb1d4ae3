using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Expressions.Cel.Checking;

/// <summary>
/// The protobuf messages that every environment knows, as constructors: wrappers, Duration, Timestamp, and the JSON values. Event data has no
/// other messages.
/// </summary>
internal sealed record WellKnownMessages(CelType Type, IReadOnlyDictionary<string, CelType> Fields, Func<IReadOnlyDictionary<string, CelValue>, CelValue> Build)
{
    private const string Prefix = "google.protobuf.";

    /// <summary>A message without fields: it can be compared, and nothing else.</summary>
    private static readonly TypeValue EmptyMessage = new(CelType.Struct("google.protobuf.Empty"));

    private static readonly Dictionary<string, WellKnownMessages> All = new()
    {
        ["BoolValue"] = Wrapper(CelType.Bool, BoolValue.False),
        ["BytesValue"] = Wrapper(CelType.Bytes, new BytesValue(default)),
        ["DoubleValue"] = Wrapper(CelType.Double, new DoubleValue(0)),
        ["FloatValue"] = Wrapper(CelType.Double, new DoubleValue(0)),
        ["Int32Value"] = Wrapper(CelType.Int, IntValue.Of(0)),
        ["Int64Value"] = Wrapper(CelType.Int, IntValue.Of(0)),
        ["UInt32Value"] = Wrapper(CelType.Uint, new UintValue(0)),
        ["UInt64Value"] = Wrapper(CelType.Uint, new UintValue(0)),
        ["StringValue"] = Wrapper(CelType.String, StringValue.Empty),
        ["Duration"] = new(CelType.Duration, Time(), fields => new DurationValue((Whole(fields, "seconds") * 1_000_000_000) + Whole(fields, "nanos"))),
        ["Timestamp"] = new(CelType.Timestamp, Time(), fields => new TimestampValue(Whole(fields, "seconds"), (int)Whole(fields, "nanos"))),
        ["Value"] = new(CelType.Dyn, new Dictionary<string, CelType>
        {
            ["null_value"] = CelType.Int,
            ["number_value"] = CelType.Double,
            ["string_value"] = CelType.String,
            ["bool_value"] = CelType.Bool,
            ["struct_value"] = CelType.Map(CelType.String, CelType.Dyn),
            ["list_value"] = CelType.List(CelType.Dyn),
        }, fields => fields.FirstOrDefault(field => field.Key != "null_value").Value ?? NullValue.Instance),
        ["ListValue"] = new(CelType.List(CelType.Dyn), new Dictionary<string, CelType> { ["values"] = CelType.List(CelType.Dyn) },
            fields => fields.GetValueOrDefault("values", ListValue.Empty)),
        ["Struct"] = new(CelType.Map(CelType.String, CelType.Dyn), new Dictionary<string, CelType> { ["fields"] = CelType.Map(CelType.String, CelType.Dyn) },
            fields => fields.GetValueOrDefault("fields", MapValue.Empty)),
        ["Any"] = new(CelType.Any, new Dictionary<string, CelType> { ["type_url"] = CelType.String, ["value"] = CelType.Bytes },
            _ => new ErrorValue("unsupported conversion to ref.Val: (*dynamicpb.Message)")),
        ["Empty"] = new(CelType.Struct("google.protobuf.Empty"), new Dictionary<string, CelType>(), _ => EmptyMessage),
    };

    public static WellKnownMessages? Find(string container, string name)
    {
        name = name.TrimStart('.');
        var isInside = container == "google.protobuf" || container.StartsWith(Prefix, StringComparison.Ordinal);
        return name.StartsWith(Prefix, StringComparison.Ordinal) ? All.GetValueOrDefault(name[Prefix.Length..]) : isInside ? All.GetValueOrDefault(name) : null;
    }

    private static WellKnownMessages Wrapper(CelType type, CelValue zero) =>
        new(CelType.Wrapper(type), new Dictionary<string, CelType> { ["value"] = type }, fields => fields.GetValueOrDefault("value", zero));

    private static Dictionary<string, CelType> Time() => new() { ["seconds"] = CelType.Int, ["nanos"] = CelType.Int };

    private static long Whole(IReadOnlyDictionary<string, CelValue> fields, string name) => fields.TryGetValue(name, out var value) && value is IntValue number ? number.Value : 0;
}
