using System.Globalization;

namespace Hikigane.Resources.Json;

/// <summary>Kubernetes quantities (<c>500m</c>, <c>1Gi</c>) in their canonical spelling. As apimachinery api/resource.</summary>
public static class Quantity
{
    private static readonly (string Suffix, decimal Factor)[] Binary =
    [
        ("Ei", 1152921504606846976m), ("Pi", 1125899906842624m), ("Ti", 1099511627776m), ("Gi", 1073741824m), ("Mi", 1048576m), ("Ki", 1024m),
    ];

    private static readonly (string Suffix, decimal Factor)[] Decimal =
    [
        ("E", 1e18m), ("P", 1e15m), ("T", 1e12m), ("G", 1e9m), ("M", 1e6m), ("k", 1e3m), ("", 1m), ("m", 1e-3m), ("u", 1e-6m), ("n", 1e-9m),
    ];

    /// <summary>The amount; null when the text is not a quantity.</summary>
    public static decimal? Parse(string text)
    {
        var end = text.Length;
        while (end > 0 && char.IsAsciiLetter(text[end - 1]))
        {
            end--;
        }

        var suffix = text[end..];
        if (decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var plain))
        {
            return plain;
        }

        foreach (var (name, factor) in Binary.Concat(Decimal))
        {
            if (name == suffix && decimal.TryParse(text.AsSpan(0, end), NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            {
                return number * factor;
            }
        }

        return null;
    }

    public static bool IsQuantity(string text) => Parse(text) is not null;

    /// <summary>The canonical spelling: the largest suffix without a fraction; the text itself when it is not a quantity.</summary>
    public static string Canonical(string text)
    {
        if (Parse(text) is not { } amount)
        {
            return text;
        }

        if (amount == 0)
        {
            return "0";
        }

        var isBinary = text.EndsWith('i') && Math.Abs(amount) >= 1024;
        foreach (var (suffix, factor) in isBinary ? Binary : Decimal)
        {
            if (decimal.Remainder(amount, factor) == 0)
            {
                return (amount / factor).ToString("0", CultureInfo.InvariantCulture) + suffix;
            }
        }

        return amount.ToString("0.#########", CultureInfo.InvariantCulture);
    }
}
