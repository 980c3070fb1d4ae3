using Hikigane.Expressions.Cel.Checking;
using Hikigane.Expressions.Cel.Evaluation;
using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Expressions.Cel.Functions;

/// <summary>cel-go's <c>lists</c> and <c>sets</c> extensions.</summary>
internal static class ListFunctions
{
    private const int MaxRange = 1_000_000;
    private static readonly string[] Sortable = ["int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes"];

    public static IReadOnlyList<CelFunction> All { get; } =
    [
        new CelFunction("slice").With("list(T).(int, int) list(T)", (frame, it) => Slice(frame, List(it[0]), Int(it[1]), Int(it[2]))),
        new CelFunction("flatten")
            .With("list(list(T)).() list(T)", (frame, it) => Flatten(frame, List(it[0]), 1))
            .With("list(dyn).() list(dyn)", (frame, it) => Flatten(frame, List(it[0]), 1))
            .With("list(dyn).(int) list(dyn)", (frame, it) => Flatten(frame, List(it[0]), Int(it[1]))),
        new CelFunction("lists.range").With("(int) list(int)", (frame, it) => Range(frame, Int(it[0]))),
        new CelFunction("distinct").With("list(T).() list(T)", (frame, it) => Distinct(frame, List(it[0]))),
        Sort(),
        new CelFunction("sets.contains").With("(list(T), list(T)) bool", (frame, it) => Paid(frame, it, (a, b) => b.Items.All(a.Contains))),
        new CelFunction("sets.equivalent").With("(list(T), list(T)) bool",
            (frame, it) => Paid(frame, it, (a, b) => b.Items.All(a.Contains) && a.Items.All(b.Contains))),
        new CelFunction("sets.intersects").With("(list(T), list(T)) bool", (frame, it) => Paid(frame, it, (a, b) => b.Items.Any(a.Contains))),
    ];

    /// <summary>The items in the order of their keys; an error when the keys are not all of one type that has an order.</summary>
    public static CelValue Sort(List<(CelValue Key, CelValue Item)> pairs)
    {
        if (pairs.Count == 0)
        {
            return ListValue.Empty;
        }

        var kind = pairs[0].Key.Type.Kind;
        if (!Sortable.Contains(TypeNotationName(pairs[0].Key)))
        {
            return new ErrorValue("list elements must be comparable");
        }

        if (pairs.Exists(pair => pair.Key.Type.Kind != kind))
        {
            return new ErrorValue("list elements must have the same type");
        }

        return new ListValue([.. pairs.OrderBy(pair => pair.Key, KeyOrder.Instance).Select(pair => pair.Item)]);
    }

    private static string TypeNotationName(CelValue value) => value.Type.ToString();

    private static ListValue List(CelValue value) => (ListValue)value;

    private static long Int(CelValue value) => ((IntValue)value).Value;

    private static CelFunction Sort()
    {
        var function = new CelFunction("sort");
        foreach (var type in Sortable)
        {
            function.With($"list({type}).() list({type})", (frame, it) => frame.SpendItems(List(it[0]).Items.Count, 32) && frame.SpendWalk(it[0], 20)
                ? Sort([.. List(it[0]).Items.Select(item => (item, item))])
                : EvaluationFrame.OutOfBudget);
        }

        return function;
    }

    private static CelValue Slice(EvaluationFrame frame, ListValue list, long start, long end)
    {
        if (start < 0 || end < 0)
        {
            return new ErrorValue($"cannot slice({start}, {end}), negative indexes not supported");
        }

        if (start > end)
        {
            return new ErrorValue($"cannot slice({start}, {end}), start index must be less than or equal to end index");
        }

        return end > list.Items.Count
            ? new ErrorValue($"cannot slice({start}, {end}), list is length {list.Items.Count}")
            : frame.SpendItems(end - start) ? new ListValue([.. list.Items.Skip((int)start).Take((int)(end - start))]) : EvaluationFrame.OutOfBudget;
    }

    private static CelValue Flatten(EvaluationFrame frame, ListValue list, long depth)
    {
        if (depth < 0)
        {
            return new ErrorValue("level must be non-negative");
        }

        var items = new List<CelValue>();
        return Flatten(frame, list, depth, items) ? new ListValue(items) : EvaluationFrame.OutOfBudget;
    }

    private static bool Flatten(EvaluationFrame frame, ListValue list, long depth, List<CelValue> items)
    {
        foreach (var item in list.Items)
        {
            if (!frame.SpendItems(1))
            {
                return false;
            }

            if (item is not ListValue inner || depth == 0)
            {
                items.Add(item);
            }
            else if (!Flatten(frame, inner, depth - 1, items))
            {
                return false;
            }
        }

        return true;
    }

    private static CelValue Range(EvaluationFrame frame, long size)
    {
        if (size < 0)
        {
            return new ErrorValue($"lists.range: size must be non-negative, got {size}");
        }

        if (size > MaxRange)
        {
            return new ErrorValue($"lists.range: size {size} exceeds maximum allowed size {MaxRange}");
        }

        return frame.SpendItems(size, 32) ? new ListValue([.. Enumerable.Range(0, (int)size).Select(value => IntValue.Of(value))]) : EvaluationFrame.OutOfBudget;
    }

    private static CelValue Distinct(EvaluationFrame frame, ListValue list)
    {
        var items = new List<CelValue>();
        foreach (var item in list.Items)
        {
            if (!frame.SpendItems(1) || !frame.SpendWalk(item, 1 + (items.Count / 2)))
            {
                return EvaluationFrame.OutOfBudget;
            }

            if (!items.Exists(item.IsEqualTo))
            {
                items.Add(item);
            }
        }

        return new ListValue(items);
    }

    private static CelValue Paid(EvaluationFrame frame, CelValue[] it, Func<ListValue, ListValue, bool> test) =>
        frame.SpendWalk(it[0], 1 + (List(it[1]).Items.Count / 2)) && frame.SpendWalk(it[1], 1 + (List(it[0]).Items.Count / 2)) ? BoolValue.Of(test(List(it[0]), List(it[1]))) : EvaluationFrame.OutOfBudget;

    private sealed class KeyOrder : IComparer<CelValue>
    {
        public static readonly KeyOrder Instance = new();

        public int Compare(CelValue? x, CelValue? y) => x is null || y is null ? 0 : x.CompareWith(y) ?? 0;
    }
}
