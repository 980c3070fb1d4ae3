using System.Diagnostics.CodeAnalysis;

namespace Hikigane.Expressions.Cel.Values;

/// <summary>A map. Keys are strings, booleans and numbers; a number finds its key whatever its type.</summary>
public sealed class MapValue : CelValue
{
    public static readonly MapValue Empty = new(new Dictionary<string, CelValue>());

    private readonly Dictionary<string, CelValue>? _byText;
    private readonly Dictionary<CelValue, CelValue>? _byValue;
    private int _depth;
    private long _weight;

    /// <summary>A map with text keys: every JSON object. The dictionary belongs to the map from now on.</summary>
    public MapValue(Dictionary<string, CelValue> members) => _byText = members;

    internal MapValue(Dictionary<CelValue, CelValue> members) => _byValue = members;

    public override CelType Type => CelType.MapOfDyn;

    public int Count => _byText?.Count ?? _byValue!.Count;

    /// <summary>Keys with values, in the order in which they were written.</summary>
    public IEnumerable<KeyValuePair<CelValue, CelValue>> Entries => _byValue is not null
        ? _byValue
        : _byText!.Select(pair => new KeyValuePair<CelValue, CelValue>(new StringValue(pair.Key), pair.Value));

    internal override int Depth => _depth > 0 ? _depth : _depth = 1 + (Entries.Max(entry => (int?)entry.Value.Depth) ?? 0);

    internal override long Weight => _weight > 0 ? _weight : _weight = Sum(Entries.Select(entry => entry.Key.Weight + entry.Value.Weight));

    /// <summary>Adds a member while the map is read; nobody else has it yet.</summary>
    internal void Set(string key, CelValue value) => _byText![key] = value;

    internal static Dictionary<CelValue, CelValue> NewMembers(int capacity) => new(capacity, KeyComparer.Instance);

    public bool TryFind(CelValue key, [NotNullWhen(true)] out CelValue? value)
    {
        if (_byText is not null)
        {
            value = null;
            return key is StringValue text && _byText.TryGetValue(text.Value, out value);
        }

        return _byValue!.TryGetValue(key, out value);
    }

    public bool TryFind(string key, [NotNullWhen(true)] out CelValue? value) =>
        _byText is not null ? _byText.TryGetValue(key, out value) : _byValue!.TryGetValue(new StringValue(key), out value);

    public override bool IsEqualTo(CelValue other)
    {
        if (other is not MapValue right || right.Count != Count)
        {
            return false;
        }

        foreach (var (key, value) in Entries)
        {
            if (!right.TryFind(key, out var found) || !value.IsEqualTo(found))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Equal numbers are one key: 1, 1u and 1.0.</summary>
    private sealed class KeyComparer : IEqualityComparer<CelValue>
    {
        public static readonly KeyComparer Instance = new();

        public bool Equals(CelValue? x, CelValue? y) => x is not null && y is not null && x.IsEqualTo(y);

        public int GetHashCode(CelValue obj) => obj switch
        {
            StringValue text => text.Value.GetHashCode(StringComparison.Ordinal),
            BoolValue flag => flag.Value ? 1 : 2,
            IntValue number => ((double)number.Value).GetHashCode(),
            UintValue number => ((double)number.Value).GetHashCode(),
            DoubleValue number => (number.Value == 0 ? 0.0 : number.Value).GetHashCode(),
            _ => 0,
        };
    }
}
