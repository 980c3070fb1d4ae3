using Hikigane.Expressions.Cel.Checking;
using Hikigane.Expressions.Cel.Evaluation;
using Hikigane.Expressions.Cel.Syntax;
using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Expressions.Cel;

/// <summary>Where a source stopped being a program.</summary>
public enum CelStage
{
    Parse,
    Check,
    Program,
}

/// <summary>Why a source is no program; <paramref name="Message"/> holds every error, with carets, as cel-go prints them.</summary>
public sealed record CelProblem(CelStage Stage, string Message);

/// <summary>
/// A sub-expression of a traced evaluation: <paramref name="Value"/> is null when it was not evaluated. <paramref name="Start"/> is where it stands in the source,
/// in UTF-16 units.
/// </summary>
public sealed record TracedExpression(string Source, CelValue? Value, int Depth, int Start);

/// <summary>
/// A compiled expression, equal in answers and messages to cel-go 0.30. Compile once, evaluate from any thread.
/// </summary>
public sealed class CelProgram
{
    private readonly CelEnvironment _environment;
    private readonly Node _root;
    private readonly Expr _tree;
    private readonly int _slotCount;
    private TracedPlan? _traced;

    private CelProgram(CelEnvironment environment, string source, Expr tree, Node root, int slotCount)
    {
        _environment = environment;
        Source = source;
        _tree = tree;
        _root = root;
        _slotCount = slotCount;
    }

    public string Source { get; }

    /// <summary>The type that the checker found; dyn when it depends on the data.</summary>
    public CelType ResultType { get; private init; } = CelType.Dyn;

    /// <summary>Compiles a source: a program, or the problem.</summary>
    public static (CelProgram? Program, CelProblem? Problem) Compile(string source, CelEnvironment environment)
    {
        var errors = new SourceErrors(source);
        var tree = Parser.Parse(errors, environment.Syntax);
        if (errors.Any)
        {
            return (null, new CelProblem(CelStage.Parse, errors.Display()));
        }

        var type = environment.IsChecked ? Checker.Check(tree, environment, errors) : CelType.Dyn;
        if (errors.Any)
        {
            return (null, new CelProblem(CelStage.Check, errors.Display()));
        }

        var planner = new Planner(environment, isTraced: false);
        var root = planner.Plan(tree);
        return planner.Problem is { } problem
            ? (null, new CelProblem(CelStage.Program, problem))
            : (new CelProgram(environment, source, tree, root, planner.SlotCount) { ResultType = type }, null);
    }

    /// <summary>Evaluates against variables by name. <paramref name="context"/> is handed to functions that the environment added.</summary>
    public CelValue Evaluate(IReadOnlyDictionary<string, CelValue> variables, object? context = null, long budget = EvaluationFrame.DefaultBudget)
    {
        var frame = new EvaluationFrame(Bind(variables, _slotCount), context, budget, null) { IsStrict = _environment.IsStrict };
        return Run(_root, frame);
    }

    /// <summary>Evaluates and tells what each sub-expression gave, in source order, outermost first.</summary>
    public (CelValue Value, IReadOnlyList<TracedExpression> Expressions) EvaluateTraced(IReadOnlyDictionary<string, CelValue> variables, object? context = null)
    {
        var (root, planner) = _traced ??= PlanTraced();
        var trace = new CelValue?[planner.Traced.Count];
        var value = Run(root, new EvaluationFrame(Bind(variables, planner.SlotCount), context, EvaluationFrame.DefaultBudget, trace) { IsStrict = _environment.IsStrict });
        return (value, [.. planner.Traced.Select((one, index) => new TracedExpression(Source[one.Expr.Start..one.Expr.End], trace[index], one.Depth, one.Expr.Start))]);
    }

    /// <summary>Made when somebody wants to know why, and kept; two threads may make the same one.</summary>
    private TracedPlan PlanTraced()
    {
        var planner = new Planner(_environment, isTraced: true);
        return new TracedPlan(planner.Plan(_tree), planner);
    }

    private sealed record TracedPlan(Node Root, Planner Planner);

    private static CelValue Run(Node root, EvaluationFrame frame)
    {
        var value = root.Evaluate(frame);
        return frame.IsExhausted ? EvaluationFrame.OutOfBudget : value;
    }

    private CelValue?[] Bind(IReadOnlyDictionary<string, CelValue> variables, int slotCount)
    {
        var slots = new CelValue?[slotCount];
        foreach (var (name, slot) in _environment.Slots)
        {
            slots[slot] = variables.GetValueOrDefault(name);
        }

        return slots;
    }
}
