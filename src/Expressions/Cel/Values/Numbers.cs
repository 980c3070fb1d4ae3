namespace Hikigane.Expressions.Cel.Values;

/// <summary>Comparison of numbers across the three number types: within range a whole number is compared as a double (as cel-go common/types/compare.go).</summary>
internal static class Numbers
{
    private const double TwoTo63 = 9223372036854775808.0;
    private const double TwoTo64 = 18446744073709551616.0;

    public static int? Compare(CelValue left, CelValue right) => (left, right) switch
    {
        (IntValue a, IntValue b) => a.Value.CompareTo(b.Value),
        (UintValue a, UintValue b) => a.Value.CompareTo(b.Value),
        (DoubleValue a, DoubleValue b) => Compare(a.Value, b.Value),
        (IntValue a, UintValue b) => Compare(a.Value, b.Value),
        (UintValue a, IntValue b) => -Compare(b.Value, a.Value),
        (IntValue a, DoubleValue b) => Compare(a.Value, b.Value),
        (DoubleValue a, IntValue b) => -Compare(b.Value, a.Value),
        (UintValue a, DoubleValue b) => Compare(a.Value, b.Value),
        (DoubleValue a, UintValue b) => -Compare(b.Value, a.Value),
        _ => null,
    };

    /// <summary>The whole number that a double is, if it is one of 64 bits.</summary>
    public static bool TryWhole(double value, out long whole)
    {
        whole = 0;
        if (value >= -TwoTo63 && value < TwoTo63 && Math.Truncate(value) == value)
        {
            whole = (long)value;
            return true;
        }

        return false;
    }

    private static int? Compare(double a, double b) => double.IsNaN(a) || double.IsNaN(b) ? null : a < b ? -1 : a > b ? 1 : 0;

    private static int Compare(long a, ulong b) => a < 0 ? -1 : ((ulong)a).CompareTo(b);

    private static int? Compare(long a, double b)
    {
        if (double.IsNaN(b))
        {
            return null;
        }

        if (b > TwoTo63)
        {
            return -1;
        }

        if (b < -TwoTo63)
        {
            return 1;
        }

        return ((double)a).CompareTo(b);
    }

    private static int? Compare(ulong a, double b)
    {
        if (double.IsNaN(b))
        {
            return null;
        }

        if (b > TwoTo64)
        {
            return -1;
        }

        if (b < 0)
        {
            return 1;
        }

        return ((double)a).CompareTo(b);
    }
}
