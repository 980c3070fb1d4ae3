namespace Hikigane.Expressions.Cel.Functions;

/// <summary>
/// Finding a text in a text, in linear time whatever the two are. The runtime's own search is faster on all but hostile input, where it takes the product of
/// the lengths.
/// </summary>
internal static class OrdinalSearch
{
    private const long FastProduct = 1 << 24;

    public static int IndexOf(ReadOnlySpan<char> text, ReadOnlySpan<char> part) =>
        (long)text.Length * part.Length <= FastProduct ? text.IndexOf(part) : Find(text, part, isBackward: false);

    public static int LastIndexOf(ReadOnlySpan<char> text, ReadOnlySpan<char> part)
    {
        if ((long)text.Length * part.Length <= FastProduct)
        {
            return text.LastIndexOf(part);
        }

        var mirrored = Find(text, part, isBackward: true);
        return mirrored < 0 ? -1 : text.Length - mirrored - part.Length;
    }

    /// <summary>Knuth, Morris, Pratt; backward, both texts are read from their ends.</summary>
    private static int Find(ReadOnlySpan<char> text, ReadOnlySpan<char> part, bool isBackward)
    {
        if (part.Length > text.Length)
        {
            return -1;
        }

        var border = new int[part.Length];
        for (int i = 1, length = 0; i < part.Length; i++)
        {
            while (length > 0 && At(part, i, isBackward) != At(part, length, isBackward))
            {
                length = border[length - 1];
            }

            border[i] = At(part, i, isBackward) == At(part, length, isBackward) ? ++length : length;
        }

        for (int i = 0, length = 0; i < text.Length; i++)
        {
            while (length > 0 && At(text, i, isBackward) != At(part, length, isBackward))
            {
                length = border[length - 1];
            }

            if (At(text, i, isBackward) == At(part, length, isBackward) && ++length == part.Length)
            {
                return i - part.Length + 1;
            }
        }

        return -1;
    }

    private static char At(ReadOnlySpan<char> text, int index, bool isBackward) => text[isBackward ? text.Length - 1 - index : index];
}
