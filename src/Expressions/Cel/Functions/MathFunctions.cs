using Hikigane.Expressions.Cel.Checking;
using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Expressions.Cel.Functions;

/// <summary>cel-go's <c>math</c> extension.</summary>
internal static class MathFunctions
{
    private static readonly string[] NumberTypes = ["int", "uint", "double"];

    public static IReadOnlyList<CelFunction> All { get; } =
    [
        Extreme("math.@max", order => order > 0),
        Extreme("math.@min", order => order < 0),
        Rounding("math.ceil", Math.Ceiling),
        Rounding("math.floor", Math.Floor),
        Rounding("math.round", value => Math.Round(value, MidpointRounding.AwayFromZero)),
        Rounding("math.trunc", Math.Truncate),
        Test("math.isInf", double.IsInfinity),
        Test("math.isNaN", double.IsNaN),
        Test("math.isFinite", double.IsFinite),
        new CelFunction("math.abs")
            .With("(double) double", (_, it) => new DoubleValue(Math.Abs(Double(it[0]))))
            .With("(int) int", (_, it) => Int(it[0]) == long.MinValue ? new ErrorValue("integer overflow") : IntValue.Of(Math.Abs(Int(it[0]))))
            .With("(uint) uint", (_, it) => it[0]),
        new CelFunction("math.sign")
            .With("(double) double", (_, it) => new DoubleValue(double.IsNaN(Double(it[0])) ? double.NaN : Math.Sign(Double(it[0]))))
            .With("(int) int", (_, it) => IntValue.Of(Math.Sign(Int(it[0]))))
            .With("(uint) uint", (_, it) => new UintValue(Math.Min(Uint(it[0]), 1))),
        new CelFunction("math.sqrt")
            .With("(double) double", (_, it) => new DoubleValue(Math.Sqrt(Double(it[0]))))
            .With("(int) double", (_, it) => new DoubleValue(Math.Sqrt(Int(it[0]))))
            .With("(uint) double", (_, it) => new DoubleValue(Math.Sqrt(Uint(it[0])))),
        Bits("math.bitAnd", (a, b) => a & b),
        Bits("math.bitOr", (a, b) => a | b),
        Bits("math.bitXor", (a, b) => a ^ b),
        new CelFunction("math.bitNot")
            .With("(int) int", (_, it) => IntValue.Of(~Int(it[0])))
            .With("(uint) uint", (_, it) => new UintValue(~Uint(it[0]))),
        Shift("math.bitShiftLeft", (bits, by) => bits << by),
        Shift("math.bitShiftRight", (bits, by) => bits >> by),
    ];

    private static long Int(CelValue value) => ((IntValue)value).Value;

    private static ulong Uint(CelValue value) => ((UintValue)value).Value;

    private static double Double(CelValue value) => ((DoubleValue)value).Value;

    private static CelFunction Extreme(string name, Func<int, bool> isBetter)
    {
        var function = new CelFunction(name);
        foreach (var type in NumberTypes)
        {
            function.With($"({type}) {type}", (_, it) => it[0]);
        }

        foreach (var (left, right) in NumberTypes.SelectMany(_ => NumberTypes, (left, right) => (left, right)))
        {
            function.With($"({left}, {right}) {(left == right ? left : "dyn")}", (_, it) => Better(it[0], it[1], isBetter));
        }

        foreach (var type in NumberTypes.Append("dyn"))
        {
            function.With($"(list({type})) {type}", (_, it) => Best(name, (ListValue)it[0], isBetter));
        }

        return function.With("(dyn) dyn", (_, it) => new ErrorValue($"no such overload: {name}({it[0].Type.Name})"));
    }

    private static CelValue Best(string name, ListValue list, Func<int, bool> isBetter)
    {
        if (list.Items.Count == 0)
        {
            return new ErrorValue($"{name}(list) argument must not be empty");
        }

        var best = list.Items[0];
        foreach (var item in list.Items)
        {
            if (item is not (IntValue or UintValue or DoubleValue))
            {
                return new ErrorValue($"no such overload: {name}({best.Type.Name}, {item.Type.Name})");
            }

            best = Better(best, item, isBetter);
        }

        return best;
    }

    private static CelValue Better(CelValue left, CelValue right, Func<int, bool> isBetter) =>
        right.CompareWith(left) is { } order && isBetter(order) ? right : left;

    private static CelFunction Rounding(string name, Func<double, double> round) =>
        new CelFunction(name).With("(double) double", (_, it) => new DoubleValue(round(Double(it[0]))));

    private static CelFunction Test(string name, Func<double, bool> test) =>
        new CelFunction(name).With("(double) bool", (_, it) => BoolValue.Of(test(Double(it[0]))));

    private static CelFunction Bits(string name, Func<ulong, ulong, ulong> combine) => new CelFunction(name)
        .With("(int, int) int", (_, it) => IntValue.Of(unchecked((long)combine((ulong)Int(it[0]), (ulong)Int(it[1])))))
        .With("(uint, uint) uint", (_, it) => new UintValue(combine(Uint(it[0]), Uint(it[1]))));

    /// <summary>Shifts are of the bit pattern: no sign is kept, and 64 or more gives zero.</summary>
    private static CelFunction Shift(string name, Func<ulong, int, ulong> shift) => new CelFunction(name)
        .With("(int, int) int", (_, it) => Shifted(name, unchecked((ulong)Int(it[0])), Int(it[1]), shift, bits => IntValue.Of(unchecked((long)bits))))
        .With("(uint, int) uint", (_, it) => Shifted(name, Uint(it[0]), Int(it[1]), shift, bits => new UintValue(bits)));

    private static CelValue Shifted(string name, ulong bits, long by, Func<ulong, int, ulong> shift, Func<ulong, CelValue> result) =>
        by < 0 ? new ErrorValue($"{name}() negative offset: {by}") : result(by >= 64 ? 0 : shift(bits, (int)by));
}
