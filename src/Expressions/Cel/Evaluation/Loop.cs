using Hikigane.Expressions.Cel.Functions;
using Hikigane.Expressions.Cel.Syntax;
using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Expressions.Cel.Evaluation;

/// <summary>A macro that walks a list or the keys of a map.</summary>
internal sealed class Loop(ComprehensionKind kind, Node range, int slot, Node? predicate, Node? transform) : Node
{
    public override CelValue Evaluate(EvaluationFrame frame)
    {
        IEnumerable<CelValue> items;
        switch (range.Evaluate(frame))
        {
            case ErrorValue error:
                return error;
            case ListValue list:
                items = list.Items;
                break;
            case MapValue map when kind != ComprehensionKind.SortBy:
                items = map.Entries.Select(entry => entry.Key);
                break;
            case var other:
                return new ErrorValue(kind == ComprehensionKind.SortBy
                    ? $"no such overload: @sortByAssociatedKeys({other.Type.Name}, list)"
                    : $"got 'types.{GoText.TypeName(other)}', expected iterable type");
        }

        var before = frame.Slots[slot];
        var result = kind switch
        {
            ComprehensionKind.All => Quantify(frame, items, BoolValue.False),
            ComprehensionKind.Exists => Quantify(frame, items, BoolValue.True),
            ComprehensionKind.SortBy => Sort(frame, items),
            _ => Collect(frame, items),
        };
        frame.Slots[slot] = before;
        return result;
    }

    private CelValue Quantify(EvaluationFrame frame, IEnumerable<CelValue> items, BoolValue deciding)
    {
        CelValue? error = null;
        foreach (var item in items)
        {
            frame.Slots[slot] = item;
            var value = frame.Spend(2) ? predicate!.Evaluate(frame) : EvaluationFrame.OutOfBudget;
            if (ReferenceEquals(value, deciding) || frame.IsExhausted)
            {
                return value;
            }

            if (value is not BoolValue)
            {
                error ??= value.IsError ? value : ErrorValue.NoSuchOverload;
            }
        }

        return error ?? BoolValue.Of(!deciding.Value);
    }

    private CelValue Collect(EvaluationFrame frame, IEnumerable<CelValue> items)
    {
        var collected = new List<CelValue>();
        foreach (var item in items)
        {
            frame.Slots[slot] = item;
            var chosen = !frame.Spend(2) ? EvaluationFrame.OutOfBudget : predicate?.Evaluate(frame) ?? BoolValue.True;
            if (chosen is not BoolValue isChosen)
            {
                return chosen.IsError ? chosen : ErrorValue.NoSuchOverload;
            }

            if (isChosen.Value)
            {
                var value = transform?.Evaluate(frame) ?? item;
                if (value.IsError)
                {
                    return value;
                }

                collected.Add(value);
                if (!frame.SpendItems(1, 32))
                {
                    return EvaluationFrame.OutOfBudget;
                }
            }
        }

        return kind == ComprehensionKind.ExistsOne ? BoolValue.Of(collected.Count == 1) : Nested(new ListValue(collected));
    }

    private static CelValue Nested(ListValue list) => list.Depth > EvaluationFrame.MaxDepth ? EvaluationFrame.TooDeep : list;

    private CelValue Sort(EvaluationFrame frame, IEnumerable<CelValue> items)
    {
        var pairs = new List<(CelValue Key, CelValue Item)>();
        foreach (var item in items)
        {
            frame.Slots[slot] = item;
            var key = frame.SpendItems(4, 8) ? transform!.Evaluate(frame) : EvaluationFrame.OutOfBudget;
            if (key.IsError)
            {
                return key;
            }

            // Twenty comparisons a key sort a million.
            if (!frame.SpendWalk(key, 20))
            {
                return EvaluationFrame.OutOfBudget;
            }

            pairs.Add((key, item));
        }

        return ListFunctions.Sort(pairs);
    }
}
