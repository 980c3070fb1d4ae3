namespace Hikigane.Expressions.Cel.Syntax;

internal enum TokenKind
{
    End,
    Symbol,
    Identifier,
    EscapedIdentifier,
    Int,
    Uint,
    Float,
    String,
    Bytes,
}

/// <summary>A token; <see cref="Text"/> is the source text, which also names keywords and symbols.</summary>
internal readonly record struct Token(TokenKind Kind, string Text, int Start)
{
    public int End => Start + (Kind == TokenKind.End ? 0 : Text.Length);

    public bool Is(string symbol) => Kind == TokenKind.Symbol && Text == symbol;
}

/// <summary>
/// Source to tokens, longest match first, as the ANTLR lexer of cel-go would: what it cannot read is reported from the start of the
/// attempt to the character that failed, and skipped.
/// </summary>
internal sealed class Lexer(SourceErrors errors)
{
    private static readonly string[] Symbols =
        ["==", "!=", "<=", ">=", "&&", "||", "<", ">", "[", "]", "{", "}", "(", ")", ".", ",", "-", "!", "?", ":", "+", "*", "/", "%"];

    private readonly string _source = errors.Source;
    private readonly List<Token> _tokens = [];
    private int _at;

    public List<Token> Read()
    {
        while (true)
        {
            SkipBlanks();
            if (_at >= _source.Length)
            {
                _tokens.Add(new Token(TokenKind.End, "<EOF>", _source.Length));
                return _tokens;
            }

            ReadToken();
        }
    }

    private char Peek(int ahead = 0) => _at + ahead < _source.Length ? _source[_at + ahead] : '\0';

    private void SkipBlanks()
    {
        while (_at < _source.Length)
        {
            if (_source[_at] is ' ' or '\t' or '\r' or '\n' or '\f')
            {
                _at++;
            }
            else if (Peek() == '/' && Peek(1) == '/')
            {
                while (_at < _source.Length && _source[_at] != '\n')
                {
                    _at++;
                }
            }
            else
            {
                return;
            }
        }
    }

    private void ReadToken()
    {
        var first = Peek();
        if (char.IsAsciiDigit(first) || (first == '.' && char.IsAsciiDigit(Peek(1))))
        {
            ReadNumber();
        }
        else if (first is '"' or '\'')
        {
            ReadText(prefix: 0, isBytes: false, isRaw: false);
        }
        else if (char.IsAsciiLetter(first) || first == '_')
        {
            ReadWord();
        }
        else if (first == '`')
        {
            ReadEscaped();
        }
        else if (Symbols.FirstOrDefault(symbol => _source.AsSpan(_at).StartsWith(symbol, StringComparison.Ordinal)) is { } found)
        {
            Add(TokenKind.Symbol, found.Length);
        }
        else
        {
            Fail(_at + (first is '=' or '&' or '|' ? 1 : 0));
        }
    }

    private void Add(TokenKind kind, int length)
    {
        _tokens.Add(new Token(kind, _source.Substring(_at, length), _at));
        _at += length;
    }

    private void Fail(int failedAt)
    {
        var end = Math.Min(failedAt + 1, _source.Length);
        if (end < _source.Length && char.IsSurrogatePair(_source[end - 1], _source[end]))
        {
            end++;
        }

        var text = _source[_at..end].Replace("\n", "\\n", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal)
            .Replace("\r", "\\r", StringComparison.Ordinal);
        errors.Report(_at, $"Syntax error: token recognition error at: '{text}'");
        _at = end;
    }

    private void ReadNumber()
    {
        var at = _at;
        if (Peek() == '0' && Peek(1) is 'x' && char.IsAsciiHexDigit(Peek(2)))
        {
            at += 2;
            while (at < _source.Length && char.IsAsciiHexDigit(_source[at]))
            {
                at++;
            }

            AddWhole(at);
            return;
        }

        at = Digits(at);
        var isFloat = false;
        if (At(at) == '.' && char.IsAsciiDigit(At(at + 1)))
        {
            isFloat = true;
            at = Digits(at + 1);
        }

        if (At(at) is 'e' or 'E')
        {
            var exponent = at + (At(at + 1) is '+' or '-' ? 2 : 1);
            if (char.IsAsciiDigit(At(exponent)))
            {
                isFloat = true;
                at = Digits(exponent);
            }
        }

        if (isFloat)
        {
            Add(TokenKind.Float, at - _at);
        }
        else
        {
            AddWhole(at);
        }
    }

    private void AddWhole(int end)
    {
        var isUnsigned = At(end) is 'u' or 'U';
        Add(isUnsigned ? TokenKind.Uint : TokenKind.Int, end - _at + (isUnsigned ? 1 : 0));
    }

    private char At(int at) => at < _source.Length ? _source[at] : '\0';

    private int Digits(int at)
    {
        while (char.IsAsciiDigit(At(at)))
        {
            at++;
        }

        return at;
    }

    private void ReadWord()
    {
        var prefix = 0;
        var isBytes = false;
        var isRaw = false;
        for (; prefix < 2; prefix++)
        {
            if (!isBytes && !isRaw && Peek(prefix) is 'b' or 'B')
            {
                isBytes = true;
            }
            else if (!isRaw && Peek(prefix) is 'r' or 'R')
            {
                isRaw = true;
            }
            else
            {
                break;
            }
        }

        if (prefix > 0 && Peek(prefix) is '"' or '\'' && ReadText(prefix, isBytes, isRaw))
        {
            return;
        }

        var end = _at;
        while (char.IsAsciiLetterOrDigit(At(end)) || At(end) == '_')
        {
            end++;
        }

        var isKeyword = _source.AsSpan(_at, end - _at) is "in" or "true" or "false" or "null";
        Add(isKeyword ? TokenKind.Symbol : TokenKind.Identifier, end - _at);
    }

    private void ReadEscaped()
    {
        var end = _at + 1;
        while (char.IsAsciiLetterOrDigit(At(end)) || At(end) is '_' or '.' or '-' or '/' or ' ')
        {
            end++;
        }

        if (At(end) == '`' && end > _at + 1)
        {
            Add(TokenKind.EscapedIdentifier, end - _at + 1);
        }
        else
        {
            Fail(end);
        }
    }

    /// <summary>Reads a quoted text; false (nothing read, nothing reported) when a prefixed one does not end.</summary>
    private bool ReadText(int prefix, bool isBytes, bool isRaw)
    {
        var kind = isBytes ? TokenKind.Bytes : TokenKind.String;
        var open = _at + prefix;
        var quote = _source[open];
        var isTriple = At(open + 1) == quote && At(open + 2) == quote;
        var (end, failedAt) = Quoted(isTriple ? open + 3 : open + 1, quote, isTriple, isRaw);
        if (end < 0 && isTriple)
        {
            (end, failedAt) = (open + 2, -1);
        }

        if (end >= 0)
        {
            Add(kind, end - _at);
            return true;
        }

        if (prefix == 0)
        {
            Fail(failedAt);
        }

        return false;
    }

    private (int End, int FailedAt) Quoted(int at, char quote, bool isTriple, bool isRaw)
    {
        while (at < _source.Length)
        {
            var character = _source[at];
            if (character == quote && (!isTriple || (At(at + 1) == quote && At(at + 2) == quote)))
            {
                return (at + (isTriple ? 3 : 1), -1);
            }

            if (!isTriple && character is '\n' or '\r')
            {
                return (-1, at);
            }

            if (character == '\\' && !isRaw)
            {
                var (next, failedAt) = Escape(at + 1);
                if (failedAt >= 0)
                {
                    return (-1, failedAt);
                }

                at = next;
            }
            else
            {
                at++;
            }
        }

        return (-1, _source.Length);
    }

    private (int Next, int FailedAt) Escape(int at)
    {
        var (digits, isOctal) = At(at) switch
        {
            'x' or 'X' => (2, false),
            'u' => (4, false),
            'U' => (8, false),
            >= '0' and <= '3' => (2, true),
            'a' or 'b' or 'f' or 'n' or 'r' or 't' or 'v' or '"' or '\'' or '\\' or '?' or '`' => (0, false),
            _ => (-1, false),
        };
        if (digits < 0)
        {
            return (0, at);
        }

        for (var i = 1; i <= digits; i++)
        {
            if (isOctal ? At(at + i) is < '0' or > '7' : !char.IsAsciiHexDigit(At(at + i)))
            {
                return (0, Math.Min(at + i, _source.Length));
            }
        }

        return (at + digits + 1, -1);
    }
}
