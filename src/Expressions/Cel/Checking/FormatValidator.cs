using Hikigane.Expressions.Cel.Functions;
using Hikigane.Expressions.Cel.Syntax;
using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Expressions.Cel.Checking;

/// <summary>
/// Looks at <c>'…'.format([…])</c> with a literal text and a literal list while checking, as cel-go's validator for format calls does.
/// </summary>
internal static class FormatValidator
{
    public static void Validate(Expr expr, Func<Expr, CelType> typeOf, SourceErrors errors)
    {
        if (expr is Expr.Call { Function: "format", Target: Expr.Constant { Value: StringValue text }, Arguments: [Expr.List list] } call)
        {
            Check(call, text.Value, list, typeOf, errors);
        }

        foreach (var child in Children(expr))
        {
            Validate(child, typeOf, errors);
        }
    }

    private static IEnumerable<Expr> Children(Expr expr) => expr switch
    {
        Expr.Select select => [select.Operand],
        Expr.Call call => call.Target is null ? call.Arguments : [call.Target, .. call.Arguments],
        Expr.List list => list.Elements,
        Expr.Map map => map.Entries.SelectMany(entry => new[] { entry.Key, entry.Value }),
        Expr.Message message => message.Fields.Select(field => field.Value),
        Expr.Comprehension loop => new[] { loop.Range, loop.Predicate, loop.Transform }.OfType<Expr>(),
        _ => [],
    };

    private static void Check(Expr.Call call, string text, Expr.List list, Func<Expr, CelType> typeOf, SourceErrors errors)
    {
        var next = 0;
        foreach (var clause in Format.Clauses(text))
        {
            if (clause.Error is { } error)
            {
                errors.Report(call.Position, error);
                return;
            }

            if (clause.Verb == '\0')
            {
                continue;
            }

            if (next >= list.Elements.Count)
            {
                errors.Report(call.Position, $"index {next} out of range");
                return;
            }

            var argument = list.Elements[next++];
            if (Problem(clause.Verb, typeOf(argument)) is { } problem)
            {
                errors.Report(argument.Position, $"error during formatting: {problem}");
                return;
            }
        }

        if (next < list.Elements.Count)
        {
            errors.Report(call.Position, $"too many arguments supplied to string.format (expected {next}, got {list.Elements.Count})");
        }
    }

    private static string? Problem(char verb, CelType type)
    {
        if (type.Kind is CelKind.Dyn or CelKind.Error or CelKind.TypeParam || (type.Kind is CelKind.Int or CelKind.Uint && verb != 's'))
        {
            return null;
        }

        return verb switch
        {
            'd' when type.Kind != CelKind.Double => $"decimal clause can only be used on ints, uints, and doubles, was given {type.Name}",
            'f' when type.Kind != CelKind.Double => $"fixed-point clause can only be used on ints, uints, and doubles, was given {type.Name}",
            'e' when type.Kind != CelKind.Double => $"scientific clause can only be used on ints, uints, and doubles, was given {type.Name}",
            'b' when type.Kind != CelKind.Bool => $"only ints, uints, and bools can be formatted as binary, was given {type.Name}",
            'o' => $"octal clause can only be used on ints and uints, was given {type.Name}",
            'x' or 'X' when type.Kind is not (CelKind.String or CelKind.Bytes) =>
                $"only ints, uints, bytes, and strings can be formatted as hex, was given {type.Name}",
            _ => null,
        };
    }
}
