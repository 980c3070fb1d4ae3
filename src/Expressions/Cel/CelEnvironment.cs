using Hikigane.Expressions.Cel.Checking;
using Hikigane.Expressions.Cel.Functions;
using Hikigane.Expressions.Cel.Syntax;
using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Expressions.Cel;

/// <summary>
/// What expressions may name: variables with types, functions, a container that short names are looked up in. Immutable, and shared by every
/// program compiled against it.
/// </summary>
public sealed class CelEnvironment
{
    private static readonly Dictionary<string, CelType> TypeNames = new()
    {
        ["bool"] = CelType.Bool,
        ["int"] = CelType.Int,
        ["uint"] = CelType.Uint,
        ["double"] = CelType.Double,
        ["string"] = CelType.String,
        ["bytes"] = CelType.Bytes,
        ["list"] = CelType.ListOfDyn,
        ["map"] = CelType.MapOfDyn,
        ["null_type"] = CelType.Null,
        ["type"] = CelType.Type,
        ["google.protobuf.Duration"] = CelType.Duration,
        ["google.protobuf.Timestamp"] = CelType.Timestamp,
    };

    private readonly Dictionary<string, CelFunction> _functions = [];
    private readonly Dictionary<string, CelType> _variables;

    /// <summary>An environment with the standard library, the extension libraries of Triggers and <paramref name="functions"/>.</summary>
    public CelEnvironment(IReadOnlyDictionary<string, CelType> variables, IEnumerable<CelFunction> functions, string container = "")
    {
        _variables = new Dictionary<string, CelType>(variables);
        Container = container;
        Slots = _variables.Keys.Select((name, index) => (name, index)).ToDictionary(pair => pair.name, pair => pair.index);
        foreach (var function in Library.Everything.Concat(functions))
        {
            _functions[function.Name] = function;
        }
    }

    public string Container { get; }

    /// <summary>Whether the checker runs; off only for the specification's own cases.</summary>
    internal bool IsChecked { get; init; } = true;

    /// <summary>
    /// Whether what the specification forbids and the real Triggers lets pass is an error: a repeated key or a double as the key of a map, a search that
    /// starts past the end of a text.
    /// </summary>
    public bool IsStrict { get; init; }

    internal SyntaxOptions Syntax { get; init; } = new();

    /// <summary>Where an activation keeps each variable.</summary>
    internal IReadOnlyDictionary<string, int> Slots { get; }

    internal CelFunction? Function(string name) => Candidates(name).Select(candidate => _functions.GetValueOrDefault(candidate)).FirstOrDefault(found => found is not null);

    internal CelType? TypeOf(string name)
    {
        foreach (var candidate in Candidates(name))
        {
            if (_variables.TryGetValue(candidate, out var type))
            {
                return type;
            }

            if (TypeNames.TryGetValue(candidate, out var named))
            {
                return CelType.TypeOf(named);
            }

            if (candidate == "google.protobuf.NullValue.NULL_VALUE")
            {
                return CelType.Int;
            }
        }

        return null;
    }

    /// <summary>The slot of a variable, or the value of a name that is a constant.</summary>
    internal (int Slot, CelValue? Constant)? Resolve(string name)
    {
        foreach (var candidate in Candidates(name))
        {
            if (Slots.TryGetValue(candidate, out var slot))
            {
                return (slot, null);
            }

            if (TypeNames.TryGetValue(candidate, out var named))
            {
                return (-1, new TypeValue(named));
            }

            if (candidate == "google.protobuf.NullValue.NULL_VALUE")
            {
                return (-1, IntValue.Of(0));
            }
        }

        return null;
    }

    private IEnumerable<string> Candidates(string name)
    {
        if (name.StartsWith('.'))
        {
            return [name[1..]];
        }

        return Container.Length == 0 ? [name] : InContainer(name);
    }

    private IEnumerable<string> InContainer(string name)
    {
        for (var container = Container; container.Length > 0; container = container[..Math.Max(container.LastIndexOf('.'), 0)])
        {
            yield return $"{container}.{name}";
        }

        yield return name;
    }
}
