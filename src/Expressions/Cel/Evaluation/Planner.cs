using Hikigane.Expressions.Cel.Checking;
using Hikigane.Expressions.Cel.Functions;
using Hikigane.Expressions.Cel.Syntax;
using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Expressions.Cel.Evaluation;

/// <summary>
/// Checked tree to nodes. Conversions of constants and constant patterns are worked out here, and their failure is a failure to create the program,
/// as with cel-go's optimizing evaluation.
/// </summary>
internal sealed class Planner(CelEnvironment environment, bool isTraced)
{
    private static readonly HashSet<string> Conversions = ["bool", "bytes", "double", "duration", "dyn", "int", "string", "timestamp", "type", "uint"];

    private readonly List<string> _locals = [];

    /// <summary>Every traced node, in source order with its depth.</summary>
    public List<(Expr Expr, int Depth)> Traced { get; } = [];

    /// <summary>How many slots an evaluation needs: the variables and the deepest nest of loops.</summary>
    public int SlotCount { get; private set; } = environment.Slots.Count;

    /// <summary>The first problem that keeps the program from being created.</summary>
    public string? Problem { get; private set; }

    public Node Plan(Expr expr, int depth = 0)
    {
        var isShown = isTraced && expr is not (Expr.Constant or Expr.Broken) && expr.End > expr.Start && _locals.Count == 0;
        if (isShown)
        {
            expr.Id = Traced.Count;
            Traced.Add((expr, depth));
        }

        var node = Inner(expr, isShown ? depth + 1 : depth);
        return isShown ? new Node.Traced(node, expr.Id) : node;
    }

    private Node Inner(Expr expr, int depth) => expr switch
    {
        Expr.Constant constant => new Node.Constant(constant.Value),
        Expr.Ident ident => Name(ident.Name),
        Expr.Select select => Select(select, depth),
        Expr.Call call => Call(call, depth),
        Expr.List list => List(list, depth),
        Expr.Map map => new Node.Map([.. map.Entries.Select(entry => (Plan(entry.Key, depth), Plan(entry.Value, depth)))]),
        Expr.Message message => Message(message, depth),
        Expr.Comprehension loop => Comprehension(loop, depth),
        _ => new Node.Constant(new ErrorValue("unreadable expression")),
    };

    private Node Name(string name)
    {
        var local = _locals.LastIndexOf(name);
        if (local >= 0)
        {
            return new Node.Variable(environment.Slots.Count + local, name);
        }

        return environment.Resolve(name) is not { } found
            ? new Node.Constant(new ErrorValue($"no such attribute(s): {name}"))
            : found.Constant is { } constant ? new Node.Constant(constant) : new Node.Variable(found.Slot, name);
    }

    private Node Select(Expr.Select select, int depth)
    {
        if (!select.IsTest && QualifiedNames.Of(select) is { } name && !_locals.Contains(name.Split('.')[0]) && environment.Resolve(name) is not null)
        {
            return Name(name);
        }

        var operand = Plan(select.Operand, depth);
        var field = new StringValue(select.Field);
        return select.IsTest ? new Node.Has(operand, field) : new Node.Field(operand, field);
    }

    private Node Call(Expr.Call call, int depth)
    {
        switch (call.Function)
        {
            case "_&&_":
                return new Node.Logical([.. call.Arguments.Select(argument => Plan(argument, depth))], BoolValue.False);
            case "_||_":
                return new Node.Logical([.. call.Arguments.Select(argument => Plan(argument, depth))], BoolValue.True);
            case "_?_:_":
                return new Node.Conditional(Plan(call.Arguments[0], depth), Plan(call.Arguments[1], depth), Plan(call.Arguments[2], depth));
            case "_==_" or "_!=_":
                return new Node.Equality(Plan(call.Arguments[0], depth), Plan(call.Arguments[1], depth), call.Function == "_==_");
            case "_[_]":
                return new Node.Index(Plan(call.Arguments[0], depth), Plan(call.Arguments[1], depth));
        }

        var (function, isMember) = Function(call);
        IReadOnlyList<Expr> expressions = isMember ? [call.Target!, .. call.Arguments] : call.Arguments;
        var arguments = expressions.Select(argument => Plan(argument, depth)).ToList();
        if (function is null)
        {
            return new Node.Constant(new ErrorValue("no such overload"));
        }

        return Folded(function, new Node.Call(function.Name, function, isMember, arguments), arguments);
    }

    private (CelFunction? Function, bool IsMember) Function(Expr.Call call)
    {
        if (call.Target is null)
        {
            return (environment.Function(call.Function), false);
        }

        return QualifiedNames.Of(call.Target) is { } prefix && !_locals.Contains(prefix.Split('.')[0])
            && environment.Function($"{prefix}.{call.Function}") is { } qualified
                ? (qualified, false)
                : (environment.Function(call.Function), true);
    }

    private Node Folded(CelFunction function, Node node, IReadOnlyList<Node> arguments)
    {
        if (arguments is [Node.Constant] && Conversions.Contains(function.Name))
        {
            var value = node.Evaluate(new EvaluationFrame([], null, EvaluationFrame.DefaultBudget, null));
            Problem ??= (value as ErrorValue)?.Message;
            return new Node.Constant(value);
        }

        if (function.Name == "matches" && arguments is [var text, Node.Constant { Value: StringValue pattern }])
        {
            var (regex, error) = Re2.Compile(pattern.Value);
            Problem ??= error;
            return regex is null ? node : new Matching(text, regex);
        }

        return node;
    }

    private Node List(Expr.List list, int depth)
    {
        var elements = list.Elements.Select(element => Plan(element, depth)).ToList();
        return elements.TrueForAll(element => element is Node.Constant)
            ? new Node.Constant(new ListValue([.. elements.Cast<Node.Constant>().Select(element => element.Value)]))
            : new Node.List(elements);
    }

    private Node Message(Expr.Message message, int depth) => WellKnownMessages.Find(environment.Container, message.Name) is { } known
        ? new Node.Message(known, [.. message.Fields.Select(field => (field.Field, Plan(field.Value, depth)))])
        : new Node.Constant(new ErrorValue($"unknown type: {message.Name}"));

    private Loop Comprehension(Expr.Comprehension loop, int depth)
    {
        var range = Plan(loop.Range, depth);
        _locals.Add(loop.Variable);
        var slot = environment.Slots.Count + _locals.Count - 1;
        SlotCount = Math.Max(SlotCount, slot + 1);
        var predicate = loop.Predicate is null ? null : Plan(loop.Predicate, depth);
        var transform = loop.Transform is null ? null : Plan(loop.Transform, depth);
        _locals.RemoveAt(_locals.Count - 1);
        return new Loop(loop.Kind, range, slot, predicate, transform);
    }

    /// <summary><c>matches</c> with a constant pattern.</summary>
    private sealed class Matching(Node text, Re2 pattern) : Node
    {
        public override CelValue Evaluate(EvaluationFrame frame) => text.Evaluate(frame) switch
        {
            StringValue value => frame.Spend(pattern.Cost(value.Value)) ? BoolValue.Of(pattern.IsMatch(value.Value)) : EvaluationFrame.OutOfBudget,
            ErrorValue error => error,
            _ => ErrorValue.NoSuchOverload,
        };
    }
}
