using System.Buffers;
using System.Globalization;
using System.Text;

namespace Hikigane.Expressions.GoJson;

/// <summary>What a document is read into. Three things are: a JSON tree, a value of the expression language, and nothing (a check).</summary>
/// <typeparam name="T">A node. Objects and lists are filled after they were added to what holds them.</typeparam>
internal interface IGoJsonTarget<T>
{
    /// <summary>Whether texts and numbers are wanted, or only looked at.</summary>
    public static abstract bool Keeps { get; }

    public T Null();

    public T Bool(bool value);

    public T Number(double value, ReadOnlySpan<byte> spelled);

    public T Text(string value);

    public T NewObject();

    public T NewArray();

    public void Set(T members, string key, T value);

    public void Append(T items, T value);
}

/// <summary>
/// The one reader of JSON: UTF-8 text with the verdicts and error texts of Go's <c>encoding/json</c>, which reach users through the answers of a listener and
/// through trigger errors. It does not recurse, so depth costs no stack. Throws <see cref="FormatException"/> with the text. As Go's encoding/json/scanner.go.
/// </summary>
internal ref struct GoJsonDocument<T, TTarget>(ReadOnlySpan<byte> text, TTarget target, int maxDepth)
    where TTarget : struct, IGoJsonTarget<T>
{
    private static readonly SearchValues<byte> EndsPlainText = SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(control => (byte)control), (byte)'"', (byte)'\\']);

    private readonly ReadOnlySpan<byte> _text = text;
    private List<Container>? _open;
    private string? _rangeError;
    private int _at;

    public T ReadAll()
    {
        while (true)
        {
            SkipSpace();
            var value = Value(out var isOpened);
            while (!isOpened)
            {
                if (_open is not [.., var container])
                {
                    return End(value);
                }

                Add(container, value);
                SkipSpace();
                var next = Peek();
                _at++;
                if (next == ',')
                {
                    NextKey(container);
                    break;
                }

                if (next != (container.IsObject ? '}' : ']'))
                {
                    _at--;
                    throw Unexpected(container.IsObject ? "after object key:value pair" : "after array element");
                }

                value = container.Node;
                _open.RemoveAt(_open.Count - 1);
            }
        }
    }

    private T End(T value)
    {
        SkipSpace();
        return _at < _text.Length ? throw Unexpected("after top-level value")
            : _rangeError is not null ? throw new FormatException(_rangeError)
            : value;
    }

    private readonly void Add(Container container, T value)
    {
        if (container.IsObject)
        {
            target.Set(container.Node, container.Key, value);
        }
        else
        {
            target.Append(container.Node, value);
        }
    }

    private void NextKey(Container container)
    {
        if (container.IsObject)
        {
            SkipSpace();
            _open![^1] = container with { Key = Key() };
        }
    }

    private T Value(out bool isOpened)
    {
        isOpened = false;
        switch (Peek())
        {
            case (byte)'{':
                return Open(isObject: true, ref isOpened);
            case (byte)'[':
                return Open(isObject: false, ref isOpened);
            case (byte)'"':
                return target.Text(Text());
            case (byte)'t':
                Literal("true");
                return target.Bool(true);
            case (byte)'f':
                Literal("false");
                return target.Bool(false);
            case (byte)'n':
                Literal("null");
                return target.Null();
            case (byte)'-' or (>= (byte)'0' and <= (byte)'9'):
                return Number();
            default:
                throw Unexpected("looking for beginning of value");
        }
    }

    /// <summary>An empty container is a value at once; one with content is opened.</summary>
    private T Open(bool isObject, ref bool isOpened)
    {
        _open ??= [];
        if (_open.Count >= maxDepth)
        {
            throw Unexpected("exceeded max depth");
        }

        var node = isObject ? target.NewObject() : target.NewArray();
        _at++;
        SkipSpace();
        if (Peek() == (isObject ? '}' : ']'))
        {
            _at++;
            return node;
        }

        isOpened = true;
        _open.Add(new Container(node, isObject, isObject ? Key() : ""));
        return node;
    }

    private string Key()
    {
        if (Peek() != '"')
        {
            throw Unexpected("looking for beginning of object key string");
        }

        var key = Text();
        SkipSpace();
        if (Peek() != ':')
        {
            throw Unexpected("after object key");
        }

        _at++;
        return key;
    }

    private string Text()
    {
        var start = ++_at;
        var length = _text[start..].IndexOfAny(EndsPlainText);
        if (length >= 0 && _text[start + length] == '"' && (!TTarget.Keeps || System.Text.Unicode.Utf8.IsValid(_text.Slice(start, length))))
        {
            _at = start + length + 1;
            return TTarget.Keeps ? Encoding.UTF8.GetString(_text.Slice(start, length)) : "";
        }

        var built = new StringBuilder();
        while (Peek() is var next && next != '"')
        {
            if (next == '\\')
            {
                _at++;
                Escape(built);
            }
            else if (next < 0x20)
            {
                throw Unexpected("in string literal");
            }
            else
            {
                var end = _text[_at..].IndexOfAny(EndsPlainText);
                end = end < 0 ? _text.Length : _at + end;
                AppendUtf8(built, _text[_at..end]);
                _at = end;
            }
        }

        _at++;
        return built.ToString();
    }

    /// <summary>Each byte that is no UTF-8 becomes U+FFFD on its own, as in Go.</summary>
    private static void AppendUtf8(StringBuilder built, ReadOnlySpan<byte> bytes)
    {
        if (!TTarget.Keeps)
        {
            return;
        }

        if (System.Text.Unicode.Utf8.IsValid(bytes))
        {
            built.Append(Encoding.UTF8.GetString(bytes));
            return;
        }

        Span<char> units = stackalloc char[2];
        while (bytes.Length > 0)
        {
            var isValid = Rune.DecodeFromUtf8(bytes, out var rune, out var consumed) == OperationStatus.Done;
            built.Append(units[..rune.EncodeToUtf16(units)]);
            bytes = bytes[(isValid ? consumed : 1)..];
        }
    }

    private void Escape(StringBuilder built)
    {
        var next = Peek();
        if (next == 'u')
        {
            _at++;
            AppendUnit(built, Unit());
            return;
        }

        built.Append(next switch
        {
            (byte)'b' => '\b',
            (byte)'f' => '\f',
            (byte)'n' => '\n',
            (byte)'r' => '\r',
            (byte)'t' => '\t',
            (byte)'"' or (byte)'\\' or (byte)'/' => (char)next,
            _ => throw Unexpected("in string escape code"),
        });
        _at++;
    }

    private char Unit()
    {
        var code = 0;
        for (var i = 0; i < 4; i++, _at++)
        {
            var digit = (char)Peek();
            code = (code * 16) + (char.IsAsciiHexDigit(digit)
                ? char.IsAsciiDigit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10
                : throw Unexpected("in \\u hexadecimal character escape"));
        }

        return (char)code;
    }

    /// <summary>Half of a pair that stands alone becomes U+FFFD; what follows it is read on its own.</summary>
    private void AppendUnit(StringBuilder built, char unit)
    {
        if (!char.IsSurrogate(unit))
        {
            built.Append(unit);
            return;
        }

        var before = _at;
        if (char.IsHighSurrogate(unit) && _text[_at..].StartsWith("\\u"u8) && _text.Length >= _at + 6
            && Encoding.ASCII.GetString(_text.Slice(_at + 2, 4)) is var digits && digits.All(char.IsAsciiHexDigit))
        {
            _at += 2;
            var low = Unit();
            if (char.IsLowSurrogate(low))
            {
                built.Append(unit).Append(low);
                return;
            }
        }

        _at = before;
        built.Append('\ufffd');
    }

    private T Number()
    {
        var start = _at;
        if (Peek() == '-')
        {
            _at++;
        }

        if (_at < _text.Length && _text[_at] == '0')
        {
            _at++;
        }
        else
        {
            Digits("in numeric literal");
        }

        if (_at < _text.Length && _text[_at] == '.')
        {
            _at++;
            Digits("after decimal point in numeric literal");
        }

        if (_at < _text.Length && _text[_at] is (byte)'e' or (byte)'E')
        {
            _at++;
            if (Peek() is (byte)'+' or (byte)'-')
            {
                _at++;
            }

            Digits("in exponent of numeric literal");
        }

        var spelled = _text[start.._at];
        var number = double.Parse(spelled, NumberStyles.Float, CultureInfo.InvariantCulture);
        if (!double.IsFinite(number))
        {
            // Go finds what is no JSON first, and what does not fit only then.
            _rangeError ??= $"json: cannot unmarshal number {Encoding.UTF8.GetString(spelled)} into Go value of type float64";
        }

        return target.Number(number, spelled);
    }

    private void Digits(string context)
    {
        if (!char.IsAsciiDigit((char)Peek()))
        {
            throw Unexpected(context);
        }

        var end = _text[_at..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        _at = end < 0 ? _text.Length : _at + end;
    }

    private void Literal(string word)
    {
        _at++;
        for (var i = 1; i < word.Length; i++, _at++)
        {
            if (Peek() != word[i])
            {
                throw Unexpected($"in literal {word} (expecting '{word[i]}')");
            }
        }
    }

    private void SkipSpace()
    {
        while (_at < _text.Length && _text[_at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
        {
            _at++;
        }
    }

    private readonly byte Peek() => _at < _text.Length ? _text[_at] : throw new FormatException("unexpected end of JSON input");

    private readonly FormatException Unexpected(string context) => new($"invalid character {Quoted(_text[_at])} {context}");

    private static string Quoted(byte character) => character switch
    {
        (byte)'\'' => @"'\''",
        (byte)'"' => "'\"'",
        (byte)'\\' => @"'\\'",
        (byte)'\a' => @"'\a'",
        (byte)'\b' => @"'\b'",
        (byte)'\f' => @"'\f'",
        (byte)'\n' => @"'\n'",
        (byte)'\r' => @"'\r'",
        (byte)'\t' => @"'\t'",
        (byte)'\v' => @"'\v'",
        < 0x20 or 0x7f => $"'\\x{character:x2}'",
        (>= 0x80 and <= 0xa0) or 0xad => $"'\\u{character:x4}'",
        _ => $"'{(char)character}'",
    };

    /// <summary>An object or list under way, with the key that the next value belongs to.</summary>
    private readonly record struct Container(T Node, bool IsObject, string Key);
}
