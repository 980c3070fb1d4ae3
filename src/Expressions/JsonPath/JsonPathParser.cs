using System.Globalization;
using System.Text;

namespace Hikigane.Expressions.JsonPath;

/// <summary>
/// Text → steps, in the dialect of kubectl. The order in which characters are looked at is upstream's, since it decides which of
/// several error texts a user sees. As client-go's util/jsonpath/parser.go.
/// </summary>
internal sealed class JsonPathParser(string text)
{
    // Filters and unions nest; each level is a parser in a parser.
    private const int MaxNesting = 50;

    private int _at;
    private int _nesting;

    /// <summary>Parses one action; <paramref name="inner"/> is what stands between the braces.</summary>
    public static IReadOnlyList<JsonPathNode> ParseAction(string inner, int nesting = 0)
    {
        if (nesting > MaxNesting)
        {
            throw new FormatException("invalid syntax");
        }

        return new JsonPathParser(inner + "}") { _nesting = nesting }.Action();
    }

    private List<JsonPathNode> Action()
    {
        var steps = new List<JsonPathNode>();
        while (!Rest.StartsWith("}"))
        {
            if (Rest.StartsWith("[?("))
            {
                steps.Add(Filter());
            }
            else if (Rest.StartsWith(".."))
            {
                Recursive(steps);
            }
            else
            {
                Step(steps);
            }
        }

        return steps;
    }

    private void Step(List<JsonPathNode> steps)
    {
        var next = Peek();
        switch (next)
        {
            case '\0' or '\r' or '\n':
                throw new FormatException("unclosed action");
            case ' ' or '@' or '$':
                _at++;
                break;
            case '[':
                steps.AddRange(Bracket());
                break;
            case '"' or '\'':
                steps.Add(Quoted(next));
                break;
            case '.':
                _at++;
                steps.Add(Field());
                break;
            case '+' or '-':
                steps.Add(Number());
                break;
            default:
                steps.Add(char.IsDigit(next) ? Number() : Word());
                break;
        }
    }

    private JsonPathNode Word()
    {
        var start = _at;
        if (!Rune.TryGetRuneAt(text, _at, out var rune) || !(rune.Value == '_' || Rune.IsLetter(rune)))
        {
            rune = rune == default ? Rune.ReplacementChar : rune;
            throw new FormatException($"unrecognized character in action: U+{rune.Value:X4}{(Rune.IsControl(rune) ? "" : $" '{rune}'")}");
        }

        while (!IsTerminator(Peek()))
        {
            _at++;
        }

        return text[start.._at] switch
        {
            "true" => new JsonPathNode.Bool(true),
            "false" => new JsonPathNode.Bool(false),
            var name => new JsonPathNode.Identifier(name),
        };
    }

    private void Recursive(List<JsonPathNode> steps)
    {
        if (steps is [.., JsonPathNode.Recursive])
        {
            throw new FormatException("invalid multiple recursive descent");
        }

        _at += 2;
        steps.Add(new JsonPathNode.Recursive());
        if (Peek() is var next && (next == '_' || char.IsLetterOrDigit(next)))
        {
            steps.Add(Field());
        }
    }

    private JsonPathNode Number()
    {
        var start = _at;
        if (Peek() is '+' or '-')
        {
            _at++;
        }

        while (Peek() == '.' || char.IsDigit(Peek()))
        {
            _at++;
        }

        var spelled = text[start.._at];
        return long.TryParse(spelled, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? new JsonPathNode.Integer(whole)
            : double.TryParse(spelled, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? new JsonPathNode.Float(number)
            : throw new FormatException($"cannot parse number {spelled}");
    }

    private JsonPathNode Field()
    {
        var start = _at;
        while (!IsTerminator(Peek()))
        {
            _at = Math.Min(_at + (Peek() == '\\' ? 2 : 1), text.Length);
        }

        var name = text[start.._at];
        return name == "*" ? new JsonPathNode.Wildcard() : new JsonPathNode.Field(name.Replace("\\", "", StringComparison.Ordinal));
    }

    private IReadOnlyList<JsonPathNode> Bracket()
    {
        var end = text.AsSpan(_at).IndexOfAny(']', '\n');
        if (end < 0 || text[_at + end] == '\n')
        {
            throw new FormatException("unterminated array");
        }

        var inner = text.Substring(_at + 1, end - 1);
        _at += end + 1;
        if (inner.Contains(','))
        {
            return [new JsonPathNode.Union([.. inner.Split(',').Select(part => ParseAction($"[{part.Trim(' ')}]", _nesting + 1))])];
        }

        if (inner is ['\'', .., '\''] && inner.Length >= 2 && inner.AsSpan(1, inner.Length - 2).IndexOf('\'') < 0)
        {
            return ParseAction("." + inner[1..^1], _nesting + 1);
        }

        return [Slice(inner == "*" ? ":" : inner)];
    }

    private static JsonPathNode.Slice Slice(string inner)
    {
        var parts = inner.Split(':');
        if (parts.Length > 3 || parts.Any(part => part.AsSpan(part.StartsWith('-') ? 1 : 0).ContainsAnyExceptInRange('0', '9')))
        {
            throw new FormatException($"invalid array index {inner}");
        }

        var bounds = new long?[3];
        for (var i = 0; i < parts.Length; i++)
        {
            bounds[i] = parts[i].Length == 0 ? null
                : long.TryParse(parts[i], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var bound) ? bound
                : throw new FormatException($"array index {parts[i]} is not a number");
        }

        return parts.Length == 1
            ? new JsonPathNode.Slice(bounds[0], (bounds[0] ?? 0) + 1, null, IsIndex: true)
            : new JsonPathNode.Slice(bounds[0], bounds[1], bounds[2], IsIndex: false);
    }

    private JsonPathNode.Filter Filter()
    {
        _at += 3;
        var start = _at;
        FindFilterEnd();
        var inner = text[start.._at];
        _at++;
        if (Peek() != ']')
        {
            throw new FormatException("unclosed array expect ]");
        }

        _at++;
        const string operators = "!<>=";
        var from = inner.AsSpan().IndexOfAny(operators);
        var length = from < 0 ? -1 : inner.AsSpan(from).IndexOfAnyExcept(operators);
        if (from > 0 && length < 0 && inner.Length - from > 1)
        {
            // Nothing but operator characters to the end: the last one is the right side.
            length = inner.Length - from - 1;
        }

        return from <= 0 || length <= 0
            ? new JsonPathNode.Filter(ParseAction(inner, _nesting + 1), [], "exists")
            : new JsonPathNode.Filter(
                ParseAction(inner[..from], _nesting + 1),
                ParseAction(inner[(from + length)..], _nesting + 1),
                inner.Substring(from, length));
    }

    /// <summary>Moves to the closing parenthesis: the first one before any quote, or after the quote that opened is closed.</summary>
    private void FindFilterEnd()
    {
        var quote = '\0';
        var isClosed = false;
        for (; ; _at++)
        {
            switch (Peek())
            {
                case '\0' or '\n':
                    throw new FormatException("unterminated filter");
                case var mark and ('"' or '\'') when quote == '\0':
                    quote = mark;
                    break;
                case var mark when mark == quote && text[_at - 1] != '\\':
                    isClosed = true;
                    break;
                case ')' when quote == '\0' || isClosed:
                    return;
            }
        }
    }

    private JsonPathNode.Text Quoted(char quote)
    {
        var start = _at++;
        for (; Peek() != quote || text[_at - 1] == '\\'; _at++)
        {
            if (Peek() is '\0' or '\n')
            {
                throw new FormatException("unterminated quoted string");
            }
        }

        _at++;
        return new JsonPathNode.Text(Unquote(text[start.._at], quote));
    }

    private static string Unquote(string quoted, char quote)
    {
        var inner = quoted[1..^1];
        if (!inner.Contains('\\'))
        {
            return inner;
        }

        var built = new StringBuilder();
        for (var i = 0; i < inner.Length; i++)
        {
            if (inner[i] != '\\')
            {
                built.Append(inner[i]);
                continue;
            }

            i++;
            _ = (i < inner.Length ? inner[i] : '\0') switch
            {
                'n' => built.Append('\n'),
                't' => built.Append('\t'),
                'r' => built.Append('\r'),
                'a' => built.Append('\a'),
                'b' => built.Append('\b'),
                'f' => built.Append('\f'),
                'v' => built.Append('\v'),
                '\\' => built.Append('\\'),
                var mark when mark == quote => built.Append(mark),
                'u' => built.Append(Hex(quoted, inner, ref i, 4)),
                'x' => built.Append(Hex(quoted, inner, ref i, 2)),
                _ => throw new FormatException($"unquote string {quoted} error invalid syntax"),
            };
        }

        return built.ToString();
    }

    private static char Hex(string quoted, string inner, ref int at, int digits)
    {
        if (at + digits >= inner.Length || !ushort.TryParse(inner.AsSpan(at + 1, digits), NumberStyles.AllowHexSpecifier, null, out var code))
        {
            throw new FormatException($"unquote string {quoted} error invalid syntax");
        }

        at += digits;
        return (char)code;
    }

    private ReadOnlySpan<char> Rest => text.AsSpan(_at);

    private char Peek() => _at < text.Length ? text[_at] : '\0';

    private static bool IsTerminator(char character) =>
        character is ' ' or '\t' or '\r' or '\n' or '\0' or '.' or ',' or '[' or ']' or '$' or '@' or '{' or '}';
}
