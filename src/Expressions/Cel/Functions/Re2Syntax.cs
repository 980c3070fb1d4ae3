using System.Globalization;
using System.Text;

namespace Hikigane.Expressions.Cel.Functions;

/// <summary>Reads an RE2 pattern and writes the .NET pattern of the same meaning. Every group is numbered explicitly.</summary>
internal sealed class Re2Syntax
{
    private const int MaxRepeat = 1000;
    private static readonly Dictionary<string, string> Posix = new()
    {
        ["alnum"] = "0-9A-Za-z",
        ["alpha"] = "A-Za-z",
        ["ascii"] = @"\x00-\x7F",
        ["blank"] = @"\t ",
        ["cntrl"] = @"\x00-\x1F\x7F",
        ["digit"] = "0-9",
        ["graph"] = "!-~",
        ["lower"] = "a-z",
        ["print"] = " -~",
        ["punct"] = @"!-/:-@\[-`{-~",
        ["space"] = @"\t\n\v\f\r ",
        ["upper"] = "A-Z",
        ["word"] = "0-9A-Za-z_",
        ["xdigit"] = "0-9A-Fa-f",
    };

    private readonly string _pattern;
    private readonly StringBuilder _output = new();
    private readonly List<string?> _groups = [];
    private readonly Stack<bool> _ungreedyBefore = new();
    private int _at;
    private int _depth;
    private bool _isUngreedy;
    private string? _error;
    private int _repeatStart = -1;
    private bool _canRepeat;

    private Re2Syntax(string pattern) => _pattern = pattern;

    public static (string? Pattern, IReadOnlyList<string?> Groups, string? Error) Translate(string pattern)
    {
        var syntax = new Re2Syntax(pattern);
        syntax.Read();
        return (syntax._output.ToString(), syntax._groups, syntax._error);
    }

    private void Fail(string kind, string what) => _error ??= $"{kind}: `{what}`";

    private char Peek(int ahead = 0) => _at + ahead < _pattern.Length ? _pattern[_at + ahead] : '\0';

    private void Read()
    {
        while (_at < _pattern.Length && _error is null)
        {
            ReadOne(_pattern[_at]);
        }

        if (_error is null && _depth > 0)
        {
            Fail("missing closing )", _pattern);
        }
    }

    private void ReadOne(char character)
    {
        switch (character)
        {
            case '(':
                Open();
                break;
            case ')':
                Close();
                break;
            case '|':
                Write("|", canRepeat: false);
                break;
            case '[':
                Class();
                break;
            case '*' or '+' or '?':
                Repeat(_pattern.Substring(_at, 1), character.ToString());
                break;
            case '{' when Bounds() is { } bounds:
                Repeat(bounds, bounds);
                break;
            case '\\':
                Escape();
                break;
            case '.':
                Write(".", canRepeat: true);
                break;
            case '^':
                Write("^", canRepeat: true);
                break;
            case '$':
                // RE2's $ is the very end unless (?m); .NET's also matches before a last newline.
                Write(@"(?!\n)$", canRepeat: true);
                break;
            default:
                Write(character is '{' or '}' or ']' or '#' or ' ' ? "\\" + character : character.ToString(), canRepeat: true);
                break;
        }
    }

    private void Write(string text, bool canRepeat, int length = 1)
    {
        _output.Append(text == @"(?!\n)$" ? (IsMultiline() ? "$" : @"\z") : text);
        _at += length;
        _canRepeat = canRepeat;
        _repeatStart = -1;
    }

    private bool IsMultiline() => _isMultiline;

    private bool _isMultiline;
    private readonly Stack<bool> _multilineBefore = new();

    private void Open()
    {
        if (Peek(1) != '?')
        {
            Enter();
            _groups.Add(null);
            Write($"(?<{_groups.Count}>", canRepeat: false);
            return;
        }

        if (Peek(2) is 'P' or '<' && (Peek(2) == '<' || Peek(3) == '<') && Peek(3) is not ('=' or '!'))
        {
            OpenNamed(Peek(2) == 'P' ? 4 : 3);
            return;
        }

        OpenFlags();
    }

    private void Enter()
    {
        _depth++;
        _ungreedyBefore.Push(_isUngreedy);
        _multilineBefore.Push(_isMultiline);
    }

    private void OpenNamed(int prefix)
    {
        var end = _pattern.IndexOf('>', _at);
        if (end < 0)
        {
            Fail("invalid named capture", _pattern[_at..]);
            return;
        }

        var name = _pattern[(_at + prefix)..end];
        if (name.Length == 0 || !name.All(one => char.IsAsciiLetterOrDigit(one) || one == '_'))
        {
            Fail("invalid named capture", _pattern[_at..(end + 1)]);
        }
        else if (_groups.Contains(name))
        {
            Fail("duplicate capture group name", name);
        }
        else
        {
            Enter();
            _groups.Add(name);
            Write($"(?<{_groups.Count}>", canRepeat: false, end + 1 - _at);
        }
    }

    private void OpenFlags()
    {
        var on = true;
        var flags = new StringBuilder("(?");
        var (ungreedy, multiline) = (_isUngreedy, _isMultiline);
        for (var i = _at + 2; i < _pattern.Length; i++)
        {
            switch (_pattern[i])
            {
                case 'i' or 's':
                    flags.Append(_pattern[i]);
                    continue;
                case 'm':
                    multiline = on;
                    flags.Append('m');
                    continue;
                case 'U':
                    ungreedy = on;
                    continue;
                case '-' when on && i + 1 < _pattern.Length && _pattern[i + 1] is not (')' or ':'):
                    on = false;
                    flags.Append('-');
                    continue;
                case ':' or ')':
                    var opens = _pattern[i] == ':';
                    if (opens)
                    {
                        Enter();
                    }

                    (_isUngreedy, _isMultiline) = (ungreedy, multiline);
                    flags.Append(_pattern[i]);
                    var text = flags.ToString().Replace("-:", ":", StringComparison.Ordinal).Replace("-)", ")", StringComparison.Ordinal);
                    Write(text == "(?)" ? "" : text, canRepeat: false, i + 1 - _at);
                    return;
            }

            Fail("invalid or unsupported Perl syntax", _pattern[_at..(i + 1)]);
            return;
        }

        Fail("missing closing )", _pattern);
    }

    private void Close()
    {
        if (_depth == 0)
        {
            Fail("unexpected )", _pattern);
            return;
        }

        _depth--;
        _isUngreedy = _ungreedyBefore.Pop();
        _isMultiline = _multilineBefore.Pop();
        Write(")", canRepeat: true);
    }

    private string? Bounds()
    {
        var end = _at + 1;
        while (end < _pattern.Length && (char.IsAsciiDigit(_pattern[end]) || _pattern[end] == ','))
        {
            end++;
        }

        if (end >= _pattern.Length || _pattern[end] != '}')
        {
            return null;
        }

        var parts = _pattern[(_at + 1)..end].Split(',');
        return parts.Length <= 2 && parts[0].Length > 0 ? _pattern[_at..(end + 1)] : null;
    }

    private void Repeat(string operation, string shown)
    {
        var start = _at;
        if (operation[0] == '{' && !AreBounds(operation))
        {
            return;
        }

        var isLazy = Peek(operation.Length) == '?';
        if (_repeatStart >= 0)
        {
            Fail("invalid nested repetition operator", _pattern[_repeatStart..(_at + operation.Length + (isLazy ? 1 : 0))]);
            return;
        }

        if (!_canRepeat)
        {
            Fail("missing argument to repetition operator", shown + (isLazy ? "?" : ""));
            return;
        }

        Write(operation + (isLazy != _isUngreedy ? "?" : ""), canRepeat: true, operation.Length + (isLazy ? 1 : 0));
        _repeatStart = start;
    }

    private bool AreBounds(string operation)
    {
        var parts = operation[1..^1].Split(',');
        var low = int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first) ? first : int.MaxValue;
        var high = parts.Length == 1 || parts[1].Length == 0 ? low : int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var second) ? second : int.MaxValue;
        if (low > MaxRepeat || high > MaxRepeat || high < low)
        {
            Fail("invalid repeat count", operation);
            return false;
        }

        return true;
    }

    private void Escape()
    {
        if (_at + 1 >= _pattern.Length)
        {
            _error ??= "trailing backslash at end of expression: ``";
            return;
        }

        var next = Peek(1);
        switch (next)
        {
            case 'A':
                Write(@"\A", canRepeat: true, 2);
                return;
            case 'z':
                Write(@"\z", canRepeat: true, 2);
                return;
            case 'b' or 'B':
                const string Before = "(?<=[0-9A-Za-z_])";
                Write(next == 'b' ? @"\b" : @"\B", canRepeat: true, 2);
                _ = Before;
                return;
            case 'Q':
                var end = _pattern.IndexOf("\\E", _at + 2, StringComparison.Ordinal);
                var quoted = _pattern[(_at + 2)..(end < 0 ? _pattern.Length : end)];
                Write(System.Text.RegularExpressions.Regex.Escape(quoted), canRepeat: quoted.Length > 0, (end < 0 ? _pattern.Length : end + 2) - _at);
                return;
            case 'E':
                Write("", canRepeat: _canRepeat, 2);
                return;
        }

        var start = _at;
        if (ClassEscape() is { } set)
        {
            Write(set[0] == '^' ? $"[{set}]" : $"[{set}]", canRepeat: true, 0);
        }
        else if (Literal(start) is { } literal)
        {
            Write(literal, canRepeat: true, 0);
        }
    }

    /// <summary>A class such as <c>\d</c> or <c>\pL</c>, consumed, as the inside of a .NET class; null when it is none.</summary>
    private string? ClassEscape()
    {
        var next = Peek(1);
        var perl = next switch
        {
            'd' => "0-9",
            'D' => "^0-9",
            's' => @"\t\n\f\r ",
            'S' => @"^\t\n\f\r ",
            'w' => "0-9A-Za-z_",
            'W' => "^0-9A-Za-z_",
            _ => null,
        };
        if (perl is not null)
        {
            _at += 2;
            return perl;
        }

        if (next is not ('p' or 'P'))
        {
            return null;
        }

        var end = Peek(2) == '{' ? _pattern.IndexOf('}', _at) : _at + 2;
        if (end < 0 || end >= _pattern.Length)
        {
            Fail("invalid character class range", _pattern[_at..]);
            return null;
        }

        var whole = _pattern[_at..(end + 1)];
        var name = whole.TrimEnd('}')[(whole[2] == '{' ? 3 : 2)..];
        var isNegated = (next == 'P') != name.StartsWith('^');
        var net = UnicodeClass(name.TrimStart('^'));
        if (net is null)
        {
            Fail("invalid character class range", whole);
            return null;
        }

        _at = end + 1;
        return isNegated ? "^" + net : net;
    }

    private static string? UnicodeClass(string name) => name switch
    {
        "Any" => @"\u0000-\uFFFF",
        "Greek" => @"\p{IsGreek}\u1F00-\u1FFF",
        "Cyrillic" => @"\p{IsCyrillic}",
        "Latin" => @"A-Za-z\u00AA\u00BA\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02B8\u1E00-\u1EFF",
        "Han" => @"\u2E80-\u2FD5\u3005\u3007\u3021-\u3029\u3038-\u303B\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAD9",
        _ => "|L|Lu|Ll|Lt|Lm|Lo|M|Mn|Mc|Me|N|Nd|Nl|No|P|Pc|Pd|Ps|Pe|Pi|Pf|Po|S|Sm|Sc|Sk|So|Z|Zs|Zl|Zp|C|Cc|Cf|Co|Cs|".Contains($"|{name}|", StringComparison.Ordinal)
            ? $"\\p{{{name}}}" : null,
    };

    /// <summary>An escaped character, consumed, escaped for .NET.</summary>
    private string? Literal(int start)
    {
        var next = Peek(1);
        if (next is 'a' or 'f' or 't' or 'n' or 'r' or 'v')
        {
            _at += 2;
            return "\\" + next;
        }

        if (next < 128 && !char.IsAsciiLetterOrDigit(next))
        {
            _at += 2;
            return next == '_' ? "_" : $"\\x{(int)next:X2}";
        }

        if (next == 'x' && HexEscape() is { } code)
        {
            return code < 0x10000 ? $"\\u{code:X4}" : System.Text.RegularExpressions.Regex.Escape(char.ConvertFromUtf32(code));
        }

        if (next is '0' || (next is >= '1' and <= '7' && Peek(2) is >= '0' and <= '7'))
        {
            var value = 0;
            _at++;
            for (var i = 0; i < 3 && Peek() is >= '0' and <= '7'; i++, _at++)
            {
                value = (value * 8) + Peek() - '0';
            }

            return $"\\u{value:X4}";
        }

        Fail("invalid escape sequence", _pattern.Substring(start, Math.Min(2, _pattern.Length - start)));
        return null;
    }

    private int? HexEscape()
    {
        var isBraced = Peek(2) == '{';
        var end = isBraced ? _pattern.IndexOf('}', _at) : _at + 4;
        if (end < 0 || end > _pattern.Length)
        {
            return null;
        }

        var digits = isBraced ? _pattern[(_at + 3)..end] : _pattern[(_at + 2)..end];
        if (!int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) || !Rune.IsValid(code))
        {
            return null;
        }

        _at = end + (isBraced ? 1 : 0);
        return code;
    }

    private void Class()
    {
        var start = _at++;
        var isNegated = Peek() == '^';
        if (isNegated)
        {
            _at++;
        }

        var parts = new List<string>();
        for (var isFirst = true; isFirst || Peek() != ']'; isFirst = false)
        {
            if (_at >= _pattern.Length)
            {
                Fail("missing closing ]", _pattern[start..]);
            }

            if (_error is not null || !ClassPart(parts))
            {
                return;
            }
        }

        _at++;
        var plain = string.Concat(parts.Where(part => part[0] != '^' || part.Length == 1));
        var negated = parts.Where(part => part[0] == '^' && part.Length > 1).ToList();
        var text = negated.Count == 0
            ? $"[{(isNegated ? "^" : "")}{plain}]"
            : Union(plain, negated, isNegated);
        Write(text, canRepeat: true, 0);
    }

    /// <summary>A class with negated parts in it, without lookarounds: the ASCII ones have .NET inverses that can be spelled as ranges.</summary>
    private static string Union(string plain, List<string> negated, bool isNegated)
    {
        var inverse = string.Concat(negated.Select(part => part switch
        {
            "^0-9" => @"\x00-/:-\uFFFF",
            "^0-9A-Za-z_" => @"\x00-/:-@\[-\^`{-\uFFFF",
            @"^\t\n\f\r " => @"\x00-\x08\x0B\x0E-\x1F!-\uFFFF",
            _ => part[1..].Replace("\\p{", "\\P{", StringComparison.Ordinal),
        }));
        return $"[{(isNegated ? "^" : "")}{plain}{inverse}]";
    }

    private bool ClassPart(List<string> parts)
    {
        if (Peek() == '[' && Peek(1) == ':' && _pattern.IndexOf(":]", _at + 2, StringComparison.Ordinal) is var close && close >= 0)
        {
            var name = _pattern[(_at + 2)..close];
            if (!Posix.TryGetValue(name.TrimStart('^'), out var posix))
            {
                Fail("invalid character class range", _pattern[_at..(close + 2)]);
                return false;
            }

            parts.Add(name.StartsWith('^') ? "^" + posix : posix);
            _at = close + 2;
            return true;
        }

        if (Peek() == '\\' && ClassEscape() is { } set)
        {
            parts.Add(set);
            return true;
        }

        var start = _at;
        var (low, lowText) = ClassCharacter();
        if (_error is not null)
        {
            return false;
        }

        if (Peek() != '-' || Peek(1) is ']' or '\0')
        {
            parts.Add(lowText);
            return true;
        }

        _at++;
        var (high, highText) = ClassCharacter();
        if (_error is null && high < low)
        {
            Fail("invalid character class range", _pattern[start.._at]);
        }

        parts.Add($"{lowText}-{highText}");
        return _error is null;
    }

    private (int Code, string Text) ClassCharacter()
    {
        if (Peek() != '\\')
        {
            var character = Peek();
            _at++;
            return (character, character is '[' or ']' or '^' or '-' or '\\' ? "\\" + character : character.ToString());
        }

        if (_at + 1 >= _pattern.Length)
        {
            Fail("trailing backslash at end of expression", "");
            return (0, "");
        }

        var start = _at;
        var literal = Literal(start) ?? "";
        var code = literal.Length switch
        {
            0 => 0,
            1 => literal[0],
            2 => "\a\f\t\n\r\v"["aftnrv".IndexOf(literal[1])],
            _ => int.Parse(literal.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
        };
        return (code, literal);
    }
}
