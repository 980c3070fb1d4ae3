using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Expressions.Cel.Checking;

/// <summary>Which types go where, with type variables filled on the way (as cel-go checker/types.go).</summary>
internal sealed class Unification
{
    // Types that share parts can be exponentially larger written out than held.
    private const int MaxSteps = 5_000_000;

    private Dictionary<string, CelType> _known = [];
    private int _steps;
    private int _fresh;

    public CelType Fresh() => CelType.Param($"_var{_fresh++}");

    public static CelType Instantiate(CelType type, Dictionary<string, CelType> fresh) => type.Kind == CelKind.TypeParam
        ? fresh.GetValueOrDefault(type.Name, type)
        : type.Parameters.Count == 0 ? type : type.With([.. type.Parameters.Select(one => Instantiate(one, fresh))]);

    /// <summary>The type with what is known filled in; the rest stays, or becomes dyn.</summary>
    public CelType Substitute(CelType type, bool freeToDyn)
    {
        Step();
        if (type.Kind == CelKind.TypeParam)
        {
            return _known.TryGetValue(type.Name, out var found) ? Substitute(found, freeToDyn) : freeToDyn ? CelType.Dyn : type;
        }

        return type.Parameters.Count == 0 ? type : type.With([.. type.Parameters.Select(one => Substitute(one, freeToDyn))]);
    }

    /// <summary>Whether every argument may stand for its parameter; remembers what that says of type variables only if so.</summary>
    public bool Assign(IReadOnlyList<CelType> arguments, IReadOnlyList<CelType> parameters)
    {
        var before = new Dictionary<string, CelType>(_known);
        if (arguments.Count == parameters.Count && arguments.Zip(parameters).All(pair => IsAssignable(pair.First, pair.Second)))
        {
            return true;
        }

        _known = before;
        return false;
    }

    public bool Assign(CelType left, CelType right) => Assign([left], [right]);

    public CelType Join(CelType? previous, CelType current)
    {
        if (previous is null)
        {
            return current;
        }

        return Assign(previous, current) ? MostGeneral(previous, current) : CelType.Dyn;
    }

    private static CelType MostGeneral(CelType left, CelType right) => IsEqualOrLessSpecific(left, right) ? left : right;

    private static bool IsEqualOrLessSpecific(CelType left, CelType right)
    {
        if (left.Kind is CelKind.Dyn or CelKind.TypeParam)
        {
            return true;
        }

        if (right.Kind is CelKind.Dyn or CelKind.TypeParam)
        {
            return false;
        }

        if (left.Kind == CelKind.Null)
        {
            return right.Kind == CelKind.Null;
        }

        if (left.Kind == CelKind.Wrapper && right.Kind is CelKind.Null or CelKind.Wrapper)
        {
            return right.Kind == CelKind.Null || left.Parameters[0].Kind == right.Parameters[0].Kind;
        }

        if (left.Kind == CelKind.Wrapper)
        {
            return left.Parameters[0].Kind == right.Kind;
        }

        return left.Kind == right.Kind && left.Name == right.Name && left.Parameters.Count == right.Parameters.Count
            && left.Parameters.Zip(right.Parameters).All(pair => IsEqualOrLessSpecific(pair.First, pair.Second));
    }

    private void Step()
    {
        if (++_steps > MaxSteps)
        {
            throw new TooComplexException();
        }
    }

    private bool IsAssignable(CelType left, CelType right)
    {
        Step();
        if (right.Kind == CelKind.TypeParam)
        {
            var (isValid, isKnown) = Fill(left, right);
            if (isValid || isKnown)
            {
                return isValid;
            }
        }

        if (left.Kind == CelKind.TypeParam)
        {
            return Fill(right, left).IsValid;
        }

        if (left.IsDynOrError || right.IsDynOrError)
        {
            return true;
        }

        return (left.Kind, right.Kind) switch
        {
            (CelKind.Null, CelKind.Null) => true,
            (CelKind.Null, var other) => IsNullable(other),
            (var other, CelKind.Null) => IsNullable(other),
            (CelKind.Wrapper, CelKind.Wrapper) => left.Parameters[0].Kind == right.Parameters[0].Kind,
            (CelKind.Wrapper, _) => left.Parameters[0].Kind == right.Kind,
            (_, CelKind.Wrapper) => right.Parameters[0].Kind == left.Kind,
            (CelKind.Type, CelKind.Type) => true,
            (CelKind.Any, _) or (_, CelKind.Any) => true,
            _ => left.Kind == right.Kind && left.Name == right.Name && left.Parameters.Count == right.Parameters.Count
                && left.Parameters.Zip(right.Parameters).All(pair => IsAssignable(pair.First, pair.Second)),
        };
    }

    private static bool IsNullable(CelKind kind) =>
        kind is CelKind.Wrapper or CelKind.Any or CelKind.Struct or CelKind.Opaque or CelKind.Duration or CelKind.Timestamp;

    private (bool IsValid, bool IsKnown) Fill(CelType type, CelType variable)
    {
        if (type.Kind == CelKind.TypeParam && type.Name == variable.Name)
        {
            return (true, true);
        }

        if (_known.TryGetValue(variable.Name, out var known))
        {
            if (!IsAssignable(type, known))
            {
                return (false, true);
            }

            var general = MostGeneral(type, known);
            if (!Mentions(general, variable))
            {
                _known[variable.Name] = general;
            }

            return (true, true);
        }

        if (Mentions(type, variable))
        {
            return (false, false);
        }

        _known[variable.Name] = type;
        return (true, false);
    }

    private bool Mentions(CelType type, CelType variable)
    {
        Step();
        return type.Kind == CelKind.TypeParam
            ? type.Name == variable.Name || (_known.TryGetValue(type.Name, out var known) && Mentions(known, variable))
            : type.Parameters.Any(one => Mentions(one, variable));
    }

    /// <summary>The types of an expression cannot be worked out in a sensible time.</summary>
    internal sealed class TooComplexException : Exception;
}
