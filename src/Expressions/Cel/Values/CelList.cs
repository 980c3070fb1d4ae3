namespace Hikigane.Expressions.Cel.Values;

/// <summary>A list.</summary>
public sealed class ListValue(IReadOnlyList<CelValue> items) : CelValue
{
    public static readonly ListValue Empty = new([]);

    public IReadOnlyList<CelValue> Items { get; } = items;

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
