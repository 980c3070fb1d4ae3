using Hikigane.Expressions.Cel.Syntax;
using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Expressions.Cel.Checking;

/// <summary>
/// Gives each node a type and each name its meaning, with cel-go's messages (checker/checker.go). Macros are checked as the loops that cel-go
/// expands them to would be.
/// </summary>
internal sealed class Checker
{
    private const int MaxTypeSize = 10_000;

    private readonly CelEnvironment _environment;
    private readonly SourceErrors _errors;
    private readonly Unification _types = new();
    private readonly Dictionary<Expr, CelType> _typeOf = new(ReferenceEqualityComparer.Instance);
    private readonly List<(string Name, CelType Type)> _locals = [];

    private Checker(CelEnvironment environment, SourceErrors errors)
    {
        _environment = environment;
        _errors = errors;
    }

    /// <summary>Checks a tree; the result's type. Problems are reported to <paramref name="errors"/>.</summary>
    public static CelType Check(Expr root, CelEnvironment environment, SourceErrors errors)
    {
        try
        {
            var checker = new Checker(environment, errors);
            var type = checker.Visit(root);
            if (!errors.Any)
            {
                FormatValidator.Validate(root, checker.KnownType, errors);
            }

            return checker._types.Substitute(type, freeToDyn: true);
        }
        catch (Unification.TooComplexException)
        {
            errors.Report(root.Position, "the types of the expression are too complex");
            return CelType.Error;
        }
    }

    private CelType KnownType(Expr expr) => _types.Substitute(_typeOf[expr], freeToDyn: true);

    private CelType Visit(Expr expr)
    {
        var type = expr switch
        {
            Expr.Constant constant => constant.Value.Type,
            Expr.Ident ident => Ident(ident),
            Expr.Select select => Select(select),
            Expr.Call call => Call(call),
            Expr.List list => CelType.List(list.Elements.Aggregate((CelType?)null, (joined, one) => _types.Join(joined, Visit(one))) ?? _types.Fresh()),
            Expr.Map map => Map(map),
            Expr.Message message => Message(message),
            Expr.Comprehension comprehension => Comprehension(comprehension),
            _ => CelType.Error,
        };
        if (type.Size > MaxTypeSize)
        {
            _errors.Report(expr.Position, $"the type of the expression has more than {MaxTypeSize} parts");
            type = CelType.Error;
        }

        _typeOf[expr] = type;
        return type;
    }

    private CelType Ident(Expr.Ident ident)
    {
        if (Lookup(ident.Name) is { } type)
        {
            return type;
        }

        Undeclared(ident.Position, ident.Name);
        return CelType.Error;
    }

    private CelType? Lookup(string name)
    {
        for (var i = _locals.Count - 1; i >= 0; i--)
        {
            if (_locals[i].Name == name)
            {
                return _locals[i].Type;
            }
        }

        return _environment.TypeOf(name);
    }

    private CelType? LookupQualified(Expr expr) => QualifiedNames.Of(expr) is { } name && name.IndexOf('.', 1) is var dot && dot > 0
        && !_locals.Any(local => local.Name == name[..dot])
            ? _environment.TypeOf(name)
            : null;

    private void Undeclared(int position, string name) =>
        _errors.Report(position, $"undeclared reference to '{name}' (in container '{_environment.Container}')");

    private CelType Select(Expr.Select select)
    {
        if (!select.IsTest && LookupQualified(select) is { } qualified)
        {
            return qualified;
        }

        var operand = _types.Substitute(Visit(select.Operand), freeToDyn: false);
        var result = operand.Kind switch
        {
            CelKind.Map => operand.Parameters[1],
            CelKind.TypeParam => Dynamic(operand),
            CelKind.Dyn or CelKind.Any => CelType.Dyn,
            CelKind.Error => CelType.Error,
            _ => null,
        };
        if (result is null)
        {
            _errors.Report(select.Position, $"type '{operand}' does not support field selection");
            result = CelType.Error;
        }

        return select.IsTest && result.Kind != CelKind.Error ? CelType.Bool : result;
    }

    private CelType Dynamic(CelType variable)
    {
        _types.Assign(CelType.Dyn, variable);
        return CelType.Dyn;
    }

    private CelType Call(Expr.Call call)
    {
        if (call.Target is null)
        {
            var plain = _environment.Function(call.Function);
            if (plain is null)
            {
                Undeclared(call.Position, call.Function);
            }

            return Resolve(call, plain, call.Arguments, isMember: false);
        }

        if (QualifiedNames.Of(call.Target) is { } prefix && !_locals.Any(local => local.Name == prefix.Split('.')[0])
            && _environment.Function($"{prefix}.{call.Function}") is { } qualified)
        {
            return Resolve(call, qualified, call.Arguments, isMember: false);
        }

        var member = _environment.Function(call.Function);
        if (member is null)
        {
            Undeclared(call.Position, call.Function);
        }

        return Resolve(call, member, [call.Target, .. call.Arguments], isMember: true);
    }

    private CelType Resolve(Expr.Call call, CelFunction? function, IReadOnlyList<Expr> arguments, bool isMember)
    {
        var types = arguments.Select(Visit).ToList();
        if (function is null)
        {
            return CelType.Error;
        }

        if (function.Name is "_&&_" or "_||_")
        {
            return Logical(arguments, types);
        }

        CelType? result = null;
        foreach (var overload in function.Overloads.Where(overload => overload.IsMember == isMember))
        {
            var fresh = overload.TypeParameters.ToDictionary(name => name, _ => _types.Fresh());
            if (_types.Assign(types, [.. overload.Parameters.Select(parameter => Unification.Instantiate(parameter, fresh))]))
            {
                var found = _types.Substitute(Unification.Instantiate(overload.Result, fresh), freeToDyn: false);
                result = result is null || (result.Kind != CelKind.Dyn && found.IsExactly(result)) ? found : CelType.Dyn;
            }
        }

        if (result is null)
        {
            NoOverload(call.Position, function.Name, [.. types.Select(type => _types.Substitute(type, freeToDyn: true))], isMember);
        }

        return result ?? CelType.Error;
    }

    private void NoOverload(int position, string name, CelType[] types, bool isMember)
    {
        var shown = isMember ? $"{types[0]}.({string.Join(", ", types.Skip(1))})" : $"({string.Join(", ", types)})";
        _errors.Report(position, $"found no matching overload for '{name}' applied to '{shown}'");
    }

    private CelType Logical(IReadOnlyList<Expr> arguments, List<CelType> types)
    {
        var isRight = true;
        for (var i = 0; i < arguments.Count; i++)
        {
            isRight &= IsBool(arguments[i], types[i]);
        }

        return isRight ? CelType.Bool : CelType.Error;
    }

    private bool IsBool(Expr expr, CelType type)
    {
        if (_types.Assign(type, CelType.Bool))
        {
            return true;
        }

        _errors.Report(expr.Position, $"expected type 'bool' but found '{_types.Substitute(type, freeToDyn: true)}'");
        return false;
    }

    private CelType Map(Expr.Map map)
    {
        CelType? key = null;
        CelType? value = null;
        foreach (var entry in map.Entries)
        {
            key = _types.Join(key, Visit(entry.Key));
            value = _types.Join(value, Visit(entry.Value));
        }

        return CelType.Map(key ?? _types.Fresh(), value ?? _types.Fresh());
    }

    private CelType Message(Expr.Message message)
    {
        var known = WellKnownMessages.Find(_environment.Container, message.Name);
        if (known is null)
        {
            Undeclared(message.Position, message.Name);
        }

        foreach (var (position, field, value) in message.Fields)
        {
            var type = Visit(value);
            if (known is null)
            {
                continue;
            }

            if (!known.Fields.TryGetValue(field, out var wanted))
            {
                _errors.Report(position, $"undefined field '{field}'");
            }
            else if (!_types.Assign(wanted, type))
            {
                _errors.Report(position, $"expected type of field '{field}' is '{wanted}' but provided type is '{_types.Substitute(type, freeToDyn: true)}'");
            }
        }

        return known?.Type ?? CelType.Error;
    }

    private CelType Comprehension(Expr.Comprehension loop)
    {
        var range = _types.Substitute(Visit(loop.Range), freeToDyn: false);
        if (loop.Kind == ComprehensionKind.SortBy)
        {
            return SortBy(loop, range);
        }

        var item = Element(loop.Range, range);
        _locals.Add((loop.Variable, item));
        var predicate = loop.Predicate is null ? null : Visit(loop.Predicate);
        var transform = loop.Transform is null ? null : Visit(loop.Transform);
        _locals.RemoveAt(_locals.Count - 1);
        if (loop.Kind is ComprehensionKind.All or ComprehensionKind.Exists)
        {
            IsBool(loop.Predicate!, predicate!);
            return CelType.Bool;
        }

        var collected = loop.Kind == ComprehensionKind.ExistsOne ? CelType.Int : CelType.List(transform ?? item);
        if (predicate is not null && !_types.Assign(predicate, CelType.Bool))
        {
            CelType[] types = [predicate, collected, collected];
            NoOverload(loop.Position, "_?_:_", [.. types.Select(type => _types.Substitute(type, freeToDyn: true))], isMember: false);
        }

        return loop.Kind == ComprehensionKind.ExistsOne ? CelType.Bool : collected;
    }

    private CelType SortBy(Expr.Comprehension loop, CelType range)
    {
        var item = range.Kind == CelKind.List ? range.Parameters[0] : Element(loop.Range, range);
        _locals.Add((loop.Variable, item));
        var key = _types.Substitute(Visit(loop.Transform!), freeToDyn: true);
        _locals.RemoveAt(_locals.Count - 1);
        if (range.Kind is CelKind.Map
            || key.Kind is not (CelKind.Int or CelKind.Uint or CelKind.Double or CelKind.Bool or CelKind.Duration or CelKind.Timestamp or CelKind.String
                or CelKind.Bytes or CelKind.Dyn or CelKind.Error))
        {
            CelType[] types = [_types.Substitute(range, freeToDyn: true), CelType.List(key)];
            NoOverload(loop.Position, "@sortByAssociatedKeys", types, isMember: true);
            return CelType.Error;
        }

        return range.Kind == CelKind.List ? range : CelType.List(CelType.Dyn);
    }

    private CelType Element(Expr expr, CelType range)
    {
        switch (range.Kind)
        {
            case CelKind.List or CelKind.Map:
                return range.Parameters[0];
            case CelKind.Dyn or CelKind.Error or CelKind.Any:
                return CelType.Dyn;
            case CelKind.TypeParam:
                return Dynamic(range);
            default:
                _errors.Report(expr.Position, $"expression of type '{range}' cannot be range of a comprehension (must be list, map, or dynamic)");
                return CelType.Error;
        }
    }
}

/// <summary>A chain of selections read as one dotted name.</summary>
internal static class QualifiedNames
{
    public static string? Of(Expr expr) => expr switch
    {
        Expr.Ident ident => ident.Name,
        Expr.Select { IsTest: false } select when Of(select.Operand) is { } prefix => $"{prefix}.{select.Field}",
        _ => null,
    };
}
