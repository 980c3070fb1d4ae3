namespace Hikigane.Expressions.Variables;

/// <summary>A stretch of a text with <c>$(…)</c> in it: literal text, or the inside of one expression.</summary>
public readonly record struct VariableSegment(string Text, bool IsExpression)
{
    /// <summary>How the stretch stands in the text.</summary>
    public string Original => IsExpression ? $"$({Text})" : Text;
}

/// <summary>
/// Splits a binding's value at its expressions. The innermost <c>$(</c> wins, parentheses inside an expression are counted, and what
/// is not closed stays literal. As tektoncd/triggers pkg/template/jsonpath.go.
/// </summary>
public static class VariableText
{
    public static IReadOnlyList<VariableSegment> Split(string value)
    {
        var pieces = value.Split("$(");
        var segments = new List<VariableSegment>();
        AddLiteral(segments, pieces[0]);
        foreach (var piece in pieces.AsSpan(1))
        {
            var end = ClosingParenthesis(piece);
            if (end < 0)
            {
                AddLiteral(segments, "$(" + piece);
                continue;
            }

            segments.Add(new VariableSegment(piece[..end], IsExpression: true));
            AddLiteral(segments, piece[(end + 1)..]);
        }

        return segments;
    }

    private static void AddLiteral(List<VariableSegment> segments, string text)
    {
        if (text.Length > 0)
        {
            segments.Add(new VariableSegment(text, IsExpression: false));
        }
    }

    private static int ClosingParenthesis(string piece)
    {
        var open = 0;
        for (var i = 0; i < piece.Length; i++)
        {
            switch (piece[i])
            {
                case '(':
                    open++;
                    break;
                case ')' when open-- == 0:
                    return i;
            }
        }

        return -1;
    }
}
