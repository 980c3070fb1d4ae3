using System.Collections.Frozen;

namespace Hikigane.ApiServer.OpenApi;

/// <summary>One field of a built-in type: its protobuf number, its JSON name and how both are written.</summary>
/// <param name="Number">Field number in the public proto files.</param>
/// <param name="Name">JSON name; <c>-</c> where the fields of the type are hoisted into the parent.</param>
/// <param name="Type">A scalar, a special type such as <c>Time</c>, or the name of another built-in type.</param>
internal sealed record BuiltinField(int Number, string Name, string Type, bool IsPointer, bool OmitsEmpty, bool IsInline, bool IsList, bool IsMap, bool IsRequired);

/// <summary>A built-in type and its fields in order.</summary>
internal sealed class BuiltinType(string name, IReadOnlyList<BuiltinField> fields)
{
    private readonly FrozenDictionary<int, BuiltinField> byNumber = fields.ToFrozenDictionary(field => field.Number);

    public string Name { get; } = name;

    public IReadOnlyList<BuiltinField> Fields { get; } = fields;

    public BuiltinField? ByNumber(int number) => byNumber.GetValueOrDefault(number);
}

/// <summary>
/// The shapes of Kubernetes' own kinds, one table for three uses: decoding protobuf bodies, finding unknown fields, and the OpenAPI
/// documents. The table lists facts of the public Go types of kubernetes/api and kubernetes/apimachinery: field numbers, JSON names, whether
/// a pointer, whether left out when empty.
/// </summary>
internal static class BuiltinTypes
{
    private static readonly (FrozenDictionary<string, BuiltinType> Types, FrozenDictionary<string, string> Kinds) Table = Read();

    /// <summary>All types by name, such as <c>core.Pod</c>.</summary>
    public static IReadOnlyDictionary<string, BuiltinType> All => Table.Types;

    /// <summary>The type of a kind, or null when the kind is not built in. <c>DeleteOptions</c> is known in every version.</summary>
    public static BuiltinType? OfKind(string apiVersion, string kind) =>
        Table.Kinds.TryGetValue($"{apiVersion} {kind}", out var name) || Table.Kinds.TryGetValue($"* {kind}", out name)
            ? Table.Types[name] : null;

    /// <summary>Apart from <see cref="OfKind"/>: null for a scalar or a special type.</summary>
    public static BuiltinType? Named(string name) => Table.Types.GetValueOrDefault(name);

    private static (FrozenDictionary<string, BuiltinType>, FrozenDictionary<string, string>) Read()
    {
        using var stream = typeof(BuiltinTypes).Assembly.GetManifestResourceStream("builtin-types.txt")
            ?? throw new InvalidOperationException("builtin-types.txt is not embedded");
        using var reader = new StreamReader(stream);
        var kinds = new Dictionary<string, string>();
        var types = new Dictionary<string, List<BuiltinField>>();
        List<BuiltinField> current = [];
        while (reader.ReadLine() is { } line)
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            switch (words)
            {
                case ["kind", var apiVersion, var kind, var type]:
                    kinds[$"{apiVersion} {kind}"] = type;
                    break;
                case ["message", var name]:
                    types[name] = current = [];
                    break;
                case [var number, var name, var flags, var type]:
                    current.Add(new BuiltinField(
                        int.Parse(number), name, type, flags.Contains('p'), flags.Contains('o'), flags.Contains('i'),
                        flags.Contains('l'), flags.Contains('m'), flags.Contains('r')));
                    break;
            }
        }

        return (types.ToFrozenDictionary(pair => pair.Key, pair => new BuiltinType(pair.Key, pair.Value)), kinds.ToFrozenDictionary());
    }
}
