using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Expressions.Cel.Syntax;

/// <summary>
/// Tokens to a tree with macros expanded, by recursive descent and precedence. Errors have the sentences of cel-go's ANTLR parser, and it goes on
/// after an error the way ANTLR does (one token dropped or supposed, else on to something that can follow), so that it reports the same ones.
/// </summary>
internal sealed class Parser
{
    private const int MaxDepth = 250;
    private const string Primary = "'.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
    private const string PrimarySet = "{'[', '{', '(', " + Primary;

    private static readonly HashSet<string> Reserved =
    [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package", "namespace", "return",
        "var", "void", "while",
    ];

    private static readonly string[][] Levels = [["==", "!=", "<", "<=", ">", ">=", "in"], ["+", "-"], ["*", "/", "%"]];

    private readonly SourceErrors _errors;
    private readonly SyntaxOptions _options;
    private readonly List<Token> _tokens;
    private int _at;
    private int _depth;
    private bool _isRecovering;

    private Parser(SourceErrors errors, SyntaxOptions options)
    {
        _errors = errors;
        _options = options;
        _tokens = new Lexer(errors).Read();
    }

    private Token Current => _tokens[_at];

    private Token Next => _tokens[Math.Min(_at + 1, _tokens.Count - 1)];

    /// <summary>The tree of a source; meaningless when errors were reported.</summary>
    public static Expr Parse(SourceErrors errors, SyntaxOptions options)
    {
        if (CelText.Length(errors.Source) > options.MaxSourceLength)
        {
            errors.ReportAt(-1, 0, $"expression code point size exceeds limit: size: {CelText.Length(errors.Source)}, limit {options.MaxSourceLength}");
            return new Expr.Broken(0);
        }

        try
        {
            var parser = new Parser(errors, options);
            var root = parser.Expression();
            parser.MatchEnd();
            return root;
        }
        catch (TooDeepException exception)
        {
            errors.ReportAt(-1, 0, exception.Message);
            return new Expr.Broken(0);
        }
    }

    private Expr Expression()
    {
        Enter();
        var start = Current.Start;
        var condition = Logical("||", "_||_");
        if (Current.Is("?"))
        {
            var position = Take().Start;
            var then = Logical("||", "_||_");
            Match(":", IsPrimaryStart);
            var otherwise = Expression();
            condition = Mark(new Expr.Call(position, "_?_:_", null, [condition, then, otherwise]), start);
        }

        _depth--;
        return condition;
    }

    private void Enter()
    {
        if (++_depth > MaxDepth)
        {
            throw new TooDeepException($"expression recursion limit exceeded: {MaxDepth}");
        }
    }

    /// <summary>What is written side by side nests too: <c>a + b + c</c>, <c>a.b.c</c>.</summary>
    private void CheckChain(int length)
    {
        if (length + _depth > MaxDepth)
        {
            throw new TooDeepException("max recursion depth exceeded");
        }
    }

    private Expr Logical(string symbol, string function)
    {
        var start = Current.Start;
        var first = symbol == "||" ? Logical("&&", "_&&_") : Binary(0);
        if (!Current.Is(symbol))
        {
            return first;
        }

        // One call with all operands: a chain of thousands is not thousands deep.
        var position = Current.Start;
        var operands = new List<Expr> { first };
        while (Current.Is(symbol))
        {
            Take();
            operands.Add(symbol == "||" ? Logical("&&", "_&&_") : Binary(0));
        }

        return Mark(new Expr.Call(position, function, null, operands), start);
    }

    private Expr Binary(int level)
    {
        if (level == Levels.Length)
        {
            return Unary();
        }

        var start = Current.Start;
        var left = Binary(level + 1);
        for (var chain = 1; Current.Kind == TokenKind.Symbol && Levels[level].Contains(Current.Text); chain++)
        {
            CheckChain(chain);
            var symbol = Take();
            var right = Binary(level + 1);
            left = Mark(new Expr.Call(symbol.Start, symbol.Text == "in" ? "@in" : $"_{symbol.Text}_", null, [left, right]), start);
        }

        return left;
    }

    private Expr Unary()
    {
        if (!StartsPrimary(PrimarySet, IsPrimaryStart))
        {
            return new Expr.Broken(Current.Start);
        }

        var start = Current.Start;
        if (!Current.Is("!") && !(Current.Is("-") && Next.Kind is not (TokenKind.Int or TokenKind.Uint or TokenKind.Float)))
        {
            return Member();
        }

        var symbol = Current.Text;
        var count = 0;
        for (; Current.Is(symbol); count++)
        {
            Take();
        }

        if (Current.Kind == TokenKind.End && symbol == "-")
        {
            Report(Current, "no viable alternative at input '-'");
            _isRecovering = false;
        }
        else if (Current.Kind == TokenKind.End)
        {
            Report(Current, $"extraneous input '<EOF>' expecting {PrimarySet}");
        }

        if (!StartsPrimary(PrimarySet, IsPrimaryStart))
        {
            return new Expr.Broken(Current.Start);
        }

        var operand = Member();
        return count % 2 == 0 ? operand : Mark(new Expr.Call(start, symbol + "_", null, [operand]), start);
    }

    private Expr Member()
    {
        var start = Current.Start;
        var operand = PrimaryExpression();
        for (var chain = 1; operand is not Expr.Broken; chain++)
        {
            CheckChain(chain);
            if (Current.Is("."))
            {
                operand = Mark(Selection(operand), start);
            }
            else if (Current.Is("["))
            {
                var position = Take().Start;
                CheckOptional();
                var index = Expression();
                Match("]", CanFollow);
                operand = Mark(new Expr.Call(position, "_[_]", null, [operand, index]), start);
            }
            else
            {
                break;
            }
        }

        return operand;
    }

    private Expr Selection(Expr operand)
    {
        var dot = Take();
        if (Current.Is("?"))
        {
            _errors.Report(dot.Start, "unsupported syntax '.?'");
            Take();
        }

        if (Current.Kind is not (TokenKind.Identifier or TokenKind.EscapedIdentifier))
        {
            var offending = Current.Kind == TokenKind.End ? "" : _errors.Source[dot.End..Current.End];
            Report(Current, $"no viable alternative at input '.{offending}'");
            Recover();
            return new Expr.Broken(Current.Start);
        }

        var name = Take();
        if (Current.Is("(") && name.Kind == TokenKind.Identifier)
        {
            var open = Take().Start;
            var arguments = Arguments();
            return Macros.Expand(open, name.Text, operand, arguments, _errors) ?? new Expr.Call(open, name.Text, operand, arguments);
        }

        return new Expr.Select(dot.Start, operand, FieldName(name), isTest: false);
    }

    private string FieldName(Token name)
    {
        if (name.Kind == TokenKind.EscapedIdentifier && !_options.AllowEscapedFields)
        {
            _errors.Report(name.Start, "unsupported syntax: '`'");
        }

        return name.Text.Trim('`');
    }

    private Expr PrimaryExpression()
    {
        var token = Current;
        if (token.Is("("))
        {
            Take();
            var inner = Expression();
            Match(")", CanFollow);
            return inner is Expr.Broken ? inner : inner;
        }

        if (token.Is("["))
        {
            return ListLiteral();
        }

        if (token.Is("{"))
        {
            return MapLiteral();
        }

        return token.Kind == TokenKind.Identifier || token.Is(".") ? Name() : Constant();
    }

    private Expr Constant()
    {
        var start = Current.Start;
        var isNegative = Current.Is("-");
        if (isNegative)
        {
            Take();
        }

        var token = Take();
        var (value, kind) = token.Kind switch
        {
            TokenKind.Int => (Literals.Int(token.Text, isNegative), "invalid int literal"),
            TokenKind.Uint => (isNegative ? null : Literals.Uint(token.Text), "invalid uint literal"),
            TokenKind.Float => (Literals.Double((isNegative ? "-" : "") + token.Text), "invalid double literal"),
            TokenKind.String => (Literals.Text(token.Text, isBytes: false), "invalid unicode code point"),
            TokenKind.Bytes => (Literals.Text(token.Text, isBytes: true), "invalid unicode code point"),
            _ => (token.Text == "null" ? NullValue.Instance : (CelValue)BoolValue.Of(token.Text == "true"), ""),
        };
        if (value is null)
        {
            _errors.Report(start, kind);
        }

        return Mark(new Expr.Constant(start, value ?? NullValue.Instance), start);
    }

    private Expr Name()
    {
        var start = Current.Start;
        var prefix = "";
        if (Current.Is("."))
        {
            Take();
            prefix = ".";
            if (Current.Kind != TokenKind.Identifier)
            {
                var offending = Current.Kind == TokenKind.End ? "" : Current.Text;
                Report(Current, $"no viable alternative at input '.{offending}'");
                Recover();
                return new Expr.Broken(start);
            }
        }

        if (MessageName() is { } message)
        {
            return MessageLiteral(prefix + message);
        }

        var name = Take();
        if (Reserved.Contains(name.Text))
        {
            _errors.Report(name.Start, "reserved identifier: " + name.Text);
        }

        if (!Current.Is("("))
        {
            return Mark(new Expr.Ident(name.Start, prefix + name.Text), start);
        }

        var open = Take().Start;
        var arguments = Arguments();
        var call = Macros.Expand(open, prefix + name.Text, null, arguments, _errors) ?? new Expr.Call(open, prefix + name.Text, null, arguments);
        return Mark(call, start);
    }

    /// <summary>The dotted name in front of a <c>{</c>, consumed; null when this is something else.</summary>
    private string? MessageName()
    {
        var end = _at;
        while (_tokens[end].Kind == TokenKind.Identifier && end + 2 < _tokens.Count && _tokens[end + 1].Is(".") && _tokens[end + 2].Kind == TokenKind.Identifier)
        {
            end += 2;
        }

        if (!_tokens[Math.Min(end + 1, _tokens.Count - 1)].Is("{"))
        {
            return null;
        }

        var name = string.Concat(_tokens[_at..(end + 1)].Select(token => token.Text));
        _at = end + 1;
        return name;
    }

    private Expr MessageLiteral(string name)
    {
        var start = Current.Start;
        Take();
        var fields = new List<(int, string, Expr)>();
        while (Current.Kind is TokenKind.Identifier or TokenKind.EscapedIdentifier)
        {
            var field = FieldName(Take());
            var colon = Current.Start;
            Match(":", IsPrimaryStart);
            fields.Add((colon, field, Expression()));
            if (!Separator("}"))
            {
                break;
            }
        }

        Match("}", CanFollow);
        return Mark(new Expr.Message(start, name, fields), start);
    }

    private Expr ListLiteral()
    {
        var start = Take().Start;
        var elements = new List<Expr>();
        while (!Current.Is("]"))
        {
            if (Current.Is(",") && elements.Count == 0 && Next.Is("]"))
            {
                Take();
                break;
            }

            CheckOptional();
            elements.Add(Expression());
            if (!Separator("]"))
            {
                break;
            }
        }

        Match("]", CanFollow);
        return Mark(new Expr.List(start, elements), start);
    }

    private Expr MapLiteral()
    {
        var start = Take().Start;
        var entries = new List<(Expr, Expr)>();
        while (!Current.Is("}"))
        {
            if (entries.Count == 0 && Current.Is(",") && Next.Is("}"))
            {
                Take();
                break;
            }

            if (entries.Count == 0 && !Current.Is("?") && !StartsPrimary("{'[', '{', '}', '(', '.', ',', '-', '!', '?', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}", IsPrimaryStart))
            {
                break;
            }

            CheckOptional();
            var key = Expression();
            Match(":", IsPrimaryStart);
            entries.Add((key, Expression()));
            if (!Separator("}"))
            {
                break;
            }
        }

        Match("}", CanFollow);
        return Mark(new Expr.Map(start, entries), start);
    }

    private List<Expr> Arguments()
    {
        var arguments = new List<Expr>();
        if (!Current.Is(")"))
        {
            if (!StartsPrimary("{'[', '{', '(', ')', " + Primary, token => IsPrimaryStart(token) || token.Is(")")) || Current.Is(")"))
            {
                Match(")", CanFollow);
                return arguments;
            }

            arguments.Add(Expression());
            while (Separator(")", allowTrailing: false))
            {
                arguments.Add(Expression());
            }
        }

        Match(")", CanFollow);
        return arguments;
    }

    /// <summary>Takes a comma; false when the closing symbol comes next or nothing sensible does.</summary>
    private bool Separator(string close, bool allowTrailing = true)
    {
        if (!Current.Is(",") && !Current.Is(close) && !_isRecovering)
        {
            var expecting = close == ")" ? "{')', ','}" : $"{{'{close}', ','}}";
            if (Next.Is(",") || Next.Is(close))
            {
                Report(Current, $"extraneous input {Quote(Current)} expecting {expecting}");
                _at++;
            }
            else
            {
                Report(Current, $"mismatched input {Quote(Current)} expecting {expecting}");
                Recover();
                return false;
            }
        }

        if (!Current.Is(","))
        {
            return false;
        }

        Take();
        return !allowTrailing || !Current.Is(close);
    }

    private void CheckOptional()
    {
        if (Current.Is("?"))
        {
            _errors.Report(Current.Start, "unsupported syntax '?'");
            Take();
        }
    }

    private bool StartsPrimary(string expecting, Func<Token, bool> isExpected)
    {
        if (isExpected(Current))
        {
            return true;
        }

        if (!_isRecovering && isExpected(Next) && Current.Kind != TokenKind.End)
        {
            Report(Current, $"extraneous input {Quote(Current)} expecting {expecting}");
            _at++;
            return true;
        }

        Report(Current, $"mismatched input {Quote(Current)} expecting {expecting}");
        Recover();
        return false;
    }

    private void Match(string symbol, Func<Token, bool> canFollow)
    {
        if (Current.Is(symbol))
        {
            Take();
        }
        else if (_isRecovering)
        {
            return;
        }
        else if (Next.Is(symbol))
        {
            Report(Current, $"extraneous input {Quote(Current)} expecting '{symbol}'");
            _at += 2;
            _isRecovering = false;
        }
        else if (canFollow(Current))
        {
            Report(Current, $"missing '{symbol}' at {Quote(Current)}");
        }
        else
        {
            Report(Current, $"mismatched input {Quote(Current)} expecting '{symbol}'");
            Recover();
        }
    }

    private void MatchEnd()
    {
        if (Current.Kind != TokenKind.End)
        {
            var kind = Next.Kind == TokenKind.End ? "extraneous" : "mismatched";
            Report(Current, $"{kind} input {Quote(Current)} expecting <EOF>");
        }
    }

    private void Report(Token token, string message)
    {
        if (!_isRecovering)
        {
            _errors.Report(token.Start, "Syntax error: " + message);
        }

        _isRecovering = true;
    }

    private void Recover()
    {
        while (!CanFollow(Current))
        {
            _at++;
        }
    }

    private Token Take()
    {
        var token = Current;
        _isRecovering = false;
        if (token.Kind != TokenKind.End)
        {
            _at++;
        }

        return token;
    }

    private static string Quote(Token token) => $"'{token.Text}'";

    private static bool IsPrimaryStart(Token token) => token.Kind switch
    {
        TokenKind.End or TokenKind.EscapedIdentifier => false,
        TokenKind.Symbol => token.Text is "[" or "{" or "(" or "." or "-" or "!" or "true" or "false" or "null",
        _ => true,
    };

    private static bool CanFollow(Token token) => token.Kind == TokenKind.End
        || (token.Kind == TokenKind.Symbol && token.Text is not ("[" or "{" or "(" or "." or "!" or "true" or "false" or "null"));

    private Expr Mark(Expr expr, int start)
    {
        expr.Start = start;
        expr.End = _at > 0 ? _tokens[_at - 1].End : start;
        return expr;
    }

    private sealed class TooDeepException(string message) : Exception(message);
}

/// <summary>What the grammar accepts beyond the plain one, and how long a source may be.</summary>
internal sealed record SyntaxOptions(bool AllowEscapedFields = true, int MaxSourceLength = 100_000);
