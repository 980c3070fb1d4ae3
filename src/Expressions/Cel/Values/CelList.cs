namespace Hikigane.Expressions.Cel.Values;

/// <summary>A list.</summary>
public sealed class ListValue(IReadOnlyList<CelValue> items) : CelValue
{
    public static readonly ListValue Empty = new([]);

    private int _depth;
    private long _weight;

    public IReadOnlyList<CelValue> Items { get; } = items;

    internal override int Depth => _depth > 0 ? _depth : _depth = 1 + (Items.Max(item => (int?)item.Depth) ?? 0);

    internal override long Weight => _weight > 0 ? _weight : _weight = Sum(Items.Select(item => item.Weight));

    public override CelType Type => CelType.ListOfDyn;

    public override bool IsEqualTo(CelValue other)
    {
        if (other is not ListValue right || right.Items.Count != Items.Count)
        {
            return false;
        }

        for (var i = 0; i < Items.Count; i++)
        {
            if (!Items[i].IsEqualTo(right.Items[i]))
            {
                return false;
            }
        }

        return true;
    }

    internal bool Contains(CelValue value)
    {
        foreach (var item in Items)
        {
            if (item.IsEqualTo(value))
            {
                return true;
            }
        }

        return false;
    }
}
