namespace Hikigane.Expressions.Cel.Values;

/// <summary>What kind of type a <see cref="CelType"/> is.</summary>
public enum CelKind
{
    Dyn,
    Error,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Duration,
    Timestamp,
    List,
    Map,
    Type,
    TypeParam,
    Wrapper,
    Any,
    Struct,
    Opaque,
}

/// <summary>A type of the expression language, for the checker and as a value.</summary>
public sealed class CelType
{
    public static readonly CelType Dyn = new(CelKind.Dyn, "dyn");
    public static readonly CelType Error = new(CelKind.Error, "error");
    public static readonly CelType Null = new(CelKind.Null, "null_type");
    public static readonly CelType Bool = new(CelKind.Bool, "bool");
    public static readonly CelType Int = new(CelKind.Int, "int");
    public static readonly CelType Uint = new(CelKind.Uint, "uint");
    public static readonly CelType Double = new(CelKind.Double, "double");
    public static readonly CelType String = new(CelKind.String, "string");
    public static readonly CelType Bytes = new(CelKind.Bytes, "bytes");
    public static readonly CelType Duration = new(CelKind.Duration, "google.protobuf.Duration");
    public static readonly CelType Timestamp = new(CelKind.Timestamp, "google.protobuf.Timestamp");
    public static readonly CelType Any = new(CelKind.Any, "google.protobuf.Any");
    public static readonly CelType Type = new(CelKind.Type, "type");
    public static readonly CelType ListOfDyn = new(CelKind.List, "list", Dyn);
    public static readonly CelType MapOfDyn = new(CelKind.Map, "map", Dyn, Dyn);

    private CelType(CelKind kind, string name, params IReadOnlyList<CelType> parameters)
    {
        Kind = kind;
        Name = name;
        Parameters = parameters;
        Size = Math.Min(1 + parameters.Sum(parameter => (long)parameter.Size), int.MaxValue) is var size ? (int)size : 0;
    }

    /// <summary>How many names it is written with. Nested map literals double it, so the checker has a limit.</summary>
    internal int Size { get; }

    public CelKind Kind { get; }

    /// <summary>The name as <c>type(x)</c> prints it.</summary>
    public string Name { get; }

    public IReadOnlyList<CelType> Parameters { get; }

    internal bool IsDynOrError => Kind is CelKind.Dyn or CelKind.Error;

    public static CelType List(CelType element) => new(CelKind.List, "list", element);

    public static CelType Map(CelType key, CelType value) => new(CelKind.Map, "map", key, value);

    public static CelType TypeOf(CelType type) => new(CelKind.Type, "type", type);

    public static CelType Param(string name) => new(CelKind.TypeParam, name);

    public static CelType Wrapper(CelType wrapped) => new(CelKind.Wrapper, wrapped.Name, wrapped);

    public static CelType Struct(string name) => new(CelKind.Struct, name);

    public static CelType Opaque(string name, params IReadOnlyList<CelType> parameters) => new(CelKind.Opaque, name, parameters);

    internal CelType With(IReadOnlyList<CelType> parameters) => new(Kind, Name, parameters);

    internal bool IsExactly(CelType other)
    {
        if (Kind != other.Kind || Name != other.Name || Parameters.Count != other.Parameters.Count)
        {
            return false;
        }

        for (var i = 0; i < Parameters.Count; i++)
        {
            if (!Parameters[i].IsExactly(other.Parameters[i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether a value of the type <paramref name="runtime"/> is one of this type: only the outermost type is looked at.</summary>
    internal bool Accepts(CelType runtime) => Kind switch
    {
        CelKind.Dyn or CelKind.TypeParam or CelKind.Any => true,
        CelKind.Wrapper => runtime.Kind == CelKind.Null || Parameters[0].Kind == runtime.Kind,
        _ => Kind == runtime.Kind && Name == runtime.Name,
    };

    /// <summary>As cel-go's checker prints it: <c>map(string, list(dyn))</c>.</summary>
    public override string ToString() => Kind switch
    {
        CelKind.Error => "!error!",
        CelKind.Null => "null",
        CelKind.Any => "any",
        CelKind.Duration => "duration",
        CelKind.Timestamp => "timestamp",
        CelKind.Wrapper => $"wrapper({Parameters[0]})",
        _ when Parameters.Count > 0 => $"{Name}({string.Join(", ", Parameters)})",
        _ => Name,
    };
}
