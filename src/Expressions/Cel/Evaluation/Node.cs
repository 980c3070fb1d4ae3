using Hikigane.Expressions.Cel.Checking;
using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Expressions.Cel.Evaluation;

/// <summary>A planned expression: names are slots, functions are chosen. Shared by every evaluation of the program.</summary>
internal abstract class Node
{
    public abstract CelValue Evaluate(EvaluationFrame frame);

    internal sealed class Constant(CelValue value) : Node
    {
        public CelValue Value { get; } = value;

        public override CelValue Evaluate(EvaluationFrame frame) => Value;
    }

    internal sealed class Variable(int slot, string name) : Node
    {
        public override CelValue Evaluate(EvaluationFrame frame) => frame.Slots[slot] ?? new ErrorValue($"no such attribute(s): {name}");
    }

    internal sealed class Field(Node operand, StringValue field) : Node
    {
        public override CelValue Evaluate(EvaluationFrame frame)
        {
            var value = operand.Evaluate(frame);
            return value is MapValue map && map.TryFind(field.Value, out var found) ? found : Access.Get(value, field);
        }
    }

    internal sealed class Has(Node operand, StringValue field) : Node
    {
        public override CelValue Evaluate(EvaluationFrame frame) => operand.Evaluate(frame) switch
        {
            ErrorValue error => error,
            MapValue map => BoolValue.Of(map.TryFind(field.Value, out _)),
            ListValue => new ErrorValue("unsupported index type 'string' in list"),
            _ => BoolValue.False,
        };
    }

    internal sealed class Index(Node operand, Node index) : Node
    {
        public override CelValue Evaluate(EvaluationFrame frame)
        {
            var value = operand.Evaluate(frame);
            return value.IsError ? value : index.Evaluate(frame) is var key && key.IsError ? key : Access.Get(value, key);
        }
    }

    /// <summary><c>&amp;&amp;</c> and <c>||</c>: any operand may decide, whatever the ones before it are.</summary>
    internal sealed class Logical(Node[] operands, BoolValue deciding) : Node
    {
        public override CelValue Evaluate(EvaluationFrame frame)
        {
            CelValue? problem = null;
            foreach (var operand in operands)
            {
                var value = operand.Evaluate(frame);
                if (ReferenceEquals(value, deciding))
                {
                    return value;
                }

                if (value is not BoolValue && problem is not { IsError: true })
                {
                    problem = value;
                }
            }

            return problem is null ? BoolValue.Of(!deciding.Value) : problem.IsError ? problem : ErrorValue.NoSuchOverload;
        }
    }

    internal sealed class Conditional(Node condition, Node then, Node otherwise) : Node
    {
        public override CelValue Evaluate(EvaluationFrame frame) => condition.Evaluate(frame) switch
        {
            BoolValue { Value: true } => then.Evaluate(frame),
            BoolValue => otherwise.Evaluate(frame),
            ErrorValue error => error,
            _ => ErrorValue.NoSuchOverload,
        };
    }

    internal sealed class Equality(Node left, Node right, bool wanted) : Node
    {
        public override CelValue Evaluate(EvaluationFrame frame)
        {
            var first = left.Evaluate(frame);
            var second = right.Evaluate(frame);
            if (first.IsError || second.IsError)
            {
                return first.IsError ? first : second;
            }

            return frame.SpendWalk(first.Weight < second.Weight ? first : second) ? BoolValue.Of(first.IsEqualTo(second) == wanted) : EvaluationFrame.OutOfBudget;
        }
    }

    internal sealed class Call(string name, CelFunction function, bool isMember, IReadOnlyList<Node> arguments) : Node
    {
        private readonly CelOverload[] _overloads =
            [.. function.Overloads.Where(one => one.IsMember == isMember && one.Parameters.Count == arguments.Count)];

        public override CelValue Evaluate(EvaluationFrame frame)
        {
            var values = new CelValue[arguments.Count];
            var cost = 1L;
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = arguments[i].Evaluate(frame);
                if (values[i].IsError)
                {
                    return values[i];
                }

                // Whatever is done with a text looks at all of it.
                cost += values[i] switch
                {
                    StringValue text => text.Value.Length >> 4,
                    BytesValue bytes => bytes.Value.Length >> 4,
                    _ => 0,
                };
            }

            if (!frame.Spend(cost))
            {
                return EvaluationFrame.OutOfBudget;
            }

            return Apply(frame, values);
        }

        private CelValue Apply(EvaluationFrame frame, CelValue[] values)
        {
            if (function.Any is { } any)
            {
                return any(frame, values) ?? new ErrorValue($"no such overload: {name}");
            }

            foreach (var overload in _overloads)
            {
                if (Matches(overload, values))
                {
                    return overload.Implementation!(frame, values);
                }
            }

            return new ErrorValue($"no such overload: {name}({string.Join(", ", values.Select(value => value.Type.Name))})");
        }

        private static bool Matches(CelOverload overload, CelValue[] values)
        {
            for (var i = 0; i < values.Length; i++)
            {
                if (!overload.Parameters[i].Accepts(values[i].Type))
                {
                    return false;
                }
            }

            return true;
        }
    }

    internal sealed class List(IReadOnlyList<Node> elements) : Node
    {
        public override CelValue Evaluate(EvaluationFrame frame)
        {
            var items = new CelValue[elements.Count];
            for (var i = 0; i < items.Length; i++)
            {
                items[i] = elements[i].Evaluate(frame);
                if (items[i].IsError)
                {
                    return items[i];
                }
            }

            var list = new ListValue(items);
            return !frame.SpendItems(items.Length) ? EvaluationFrame.OutOfBudget : list.Depth > EvaluationFrame.MaxDepth ? EvaluationFrame.TooDeep : list;
        }
    }

    internal sealed class Map(IReadOnlyList<(Node Key, Node Value)> entries) : Node
    {
        public override CelValue Evaluate(EvaluationFrame frame)
        {
            var members = MapValue.NewMembers(entries.Count);
            foreach (var (key, value) in entries)
            {
                var name = key.Evaluate(frame);
                var member = name.IsError ? name : value.Evaluate(frame);
                if (member.IsError)
                {
                    return member;
                }

                if (name is not (StringValue or BoolValue or IntValue or UintValue or DoubleValue) || (frame.IsStrict && name is DoubleValue))
                {
                    return new ErrorValue("unsupported key type");
                }

                if (frame.IsStrict && members.ContainsKey(name))
                {
                    return new ErrorValue($"Failed with repeated key: {GoText.Verb(name)}");
                }

                members[name] = member;
            }

            var map = new MapValue(members);
            return !frame.SpendItems(entries.Count, 48) ? EvaluationFrame.OutOfBudget : map.Depth > EvaluationFrame.MaxDepth ? EvaluationFrame.TooDeep : map;
        }
    }

    internal sealed class Message(WellKnownMessages message, IReadOnlyList<(string Field, Node Value)> fields) : Node
    {
        public override CelValue Evaluate(EvaluationFrame frame)
        {
            var members = new Dictionary<string, CelValue>();
            foreach (var (field, value) in fields)
            {
                members[field] = value.Evaluate(frame);
                if (members[field].IsError)
                {
                    return members[field];
                }
            }

            return message.Build(members);
        }
    }

    /// <summary>Records what its node gave, for <c>why</c>.</summary>
    internal sealed class Traced(Node inner, int id) : Node
    {
        public override CelValue Evaluate(EvaluationFrame frame)
        {
            var value = inner.Evaluate(frame);
            if (frame.Trace is { } trace)
            {
                trace[id] = value;
            }

            return value;
        }
    }
}

/// <summary>Reading an element or member (as cel-go interpreter/attributes.go, refQualify).</summary>
internal static class Access
{
    public static CelValue Get(CelValue operand, CelValue key) => operand switch
    {
        ErrorValue => operand,
        MapValue map => map.TryFind(key, out var found) ? found : new ErrorValue($"no such key: {Shown(key)}"),
        ListValue list => Element(list, key),
        _ => new ErrorValue($"no such key: {Shown(key)}"),
    };

    private static CelValue Element(ListValue list, CelValue key)
    {
        long at;
        switch (key)
        {
            case IntValue whole:
                at = whole.Value;
                break;
            case UintValue whole when whole.Value <= long.MaxValue:
                at = (long)whole.Value;
                break;
            case DoubleValue number when Numbers.TryWhole(number.Value, out at):
                break;
            case DoubleValue or UintValue:
                return new ErrorValue($"unsupported index value {Shown(key)} in list");
            default:
                return new ErrorValue($"unsupported index type '{key.Type.Name}' in list");
        }

        return at >= 0 && at < list.Items.Count ? list.Items[(int)at] : new ErrorValue($"index out of bounds: {at}");
    }

    private static string Shown(CelValue key) => GoText.Verb(key);
}
