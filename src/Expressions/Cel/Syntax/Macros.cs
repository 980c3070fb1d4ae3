using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Expressions.Cel.Syntax;

/// <summary>
/// Calls that are rewritten while parsing: <c>has</c>, <c>all</c>, <c>exists</c>, <c>exists_one</c>, <c>map</c>, <c>filter</c>, <c>sortBy</c>,
/// <c>math.greatest</c>, <c>math.least</c>. A call with another number of arguments is an ordinary call (as cel-go parser/macro.go).
/// </summary>
internal static class Macros
{
    /// <summary>The rewritten call, or null when it is no macro.</summary>
    public static Expr? Expand(int position, string name, Expr? target, List<Expr> arguments, SourceErrors errors) => (name, target, arguments.Count) switch
    {
        ("has", null, 1) => Has(arguments[0], errors),
        ("all", not null, 2) => Walk(ComprehensionKind.All, position, target, arguments, errors),
        ("exists", not null, 2) => Walk(ComprehensionKind.Exists, position, target, arguments, errors),
        ("exists_one", not null, 2) => Walk(ComprehensionKind.ExistsOne, position, target, arguments, errors),
        ("filter", not null, 2) => Walk(ComprehensionKind.Filter, position, target, arguments, errors),
        ("map", not null, 2 or 3) => Walk(ComprehensionKind.Map, position, target, arguments, errors),
        ("sortBy", not null, 2) => Walk(ComprehensionKind.SortBy, position, target, arguments, errors),
        ("greatest" or "least", Expr.Ident { Name: "math" }, _) => Extreme(position, name, target, arguments, errors),
        _ => null,
    };

    private static Expr Has(Expr argument, SourceErrors errors)
    {
        if (argument is Expr.Select { IsTest: false } select)
        {
            return new Expr.Select(select.Position, select.Operand, select.Field, isTest: true);
        }

        errors.Report(argument.Position, "invalid argument to has() macro");
        return new Expr.Broken(argument.Position);
    }

    private static Expr Walk(ComprehensionKind kind, int position, Expr target, List<Expr> arguments, SourceErrors errors)
    {
        if (arguments[0] is not Expr.Ident variable)
        {
            errors.Report(arguments[0].Position, "argument is not an identifier");
            return new Expr.Broken(position);
        }

        if (variable.Name is "__result__" or "@result")
        {
            errors.Report(variable.Position, "iteration variable overwrites accumulator variable");
        }

        var last = arguments[^1];
        return new Expr.Comprehension(position, kind, target, variable.Name)
        {
            Predicate = kind == ComprehensionKind.SortBy || (kind == ComprehensionKind.Map && arguments.Count == 2) ? null : arguments[1],
            Transform = kind is ComprehensionKind.Map or ComprehensionKind.SortBy ? last : null,
        };
    }

    private static Expr Extreme(int position, string name, Expr target, List<Expr> arguments, SourceErrors errors)
    {
        if (arguments.Count == 0)
        {
            errors.Report(target.Position, $"math.{name}() requires at least one argument");
            return new Expr.Broken(position);
        }

        foreach (var argument in arguments)
        {
            var isWrong = argument is Expr.Constant { Value: not (IntValue or UintValue or DoubleValue) } or Expr.Map or Expr.Message
                || (argument is Expr.List && arguments.Count > 1);
            if (isWrong)
            {
                errors.Report(argument.Position, $"math.{name}() simple literal arguments must be numeric");
                return new Expr.Broken(position);
            }
        }

        if (arguments is [Expr.List list] && (list.Elements.Count == 0 || list.Elements.Any(one => one is Expr.Constant { Value: not (IntValue or UintValue or DoubleValue) })))
        {
            errors.Report(target.Position, $"math.{name}() invalid single argument value");
            return new Expr.Broken(position);
        }

        var function = name == "greatest" ? "math.@max" : "math.@min";
        return new Expr.Call(position, function, null, arguments.Count <= 2 ? arguments : [new Expr.List(position, arguments) { Start = target.Start, End = target.Start }]);
    }
}
