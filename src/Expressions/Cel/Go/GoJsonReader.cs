using System.Buffers;
using System.Globalization;
using System.Text;
using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Expressions.Cel.Go;

/// <summary>
/// JSON text to values, as Go's <c>encoding/json</c> into <c>interface{}</c>: every number a double, a repeated member's last value wins, a lone surrogate
/// becomes U+FFFD; the errors have its sentences.
/// </summary>
public sealed class GoJsonReader
{
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdefABCDEF");
    private const int MaxDepth = 10_000;
    private const int MaxRecursion = 2_000;
    private readonly string _text;
    private int _at;
    private string? _error;
    private string? _rangeError;

    private GoJsonReader(string text) => _text = text;

    /// <summary>The value, or the error.</summary>
    public static (CelValue? Value, string? Error) Read(string text)
    {
        var reader = new GoJsonReader(text);
        reader.Skip();
        var value = reader.Value(0, "looking for beginning of value");
        reader.Skip();
        if (reader._error is null && reader._at < text.Length)
        {
            reader.Fail("after top-level value");
        }

        return (reader._error ?? reader._rangeError) is { } error ? (null, error) : (value, null);
    }

    /// <summary>An object (or null, which is an empty one), or the error of a <c>map[string]interface {}</c>.</summary>
    public static (MapValue? Map, string? Error) ReadObject(string text)
    {
        var (value, error) = Read(text);
        return value switch
        {
            null => (null, error),
            MapValue map => (map, null),
            NullValue => (MapValue.Empty, null),
            _ => (null, $"json: cannot unmarshal {KindName(value)} into Go value of type map[string]interface {{}}"),
        };
    }

    /// <summary>What Go calls the kind of a JSON value in its errors.</summary>
    public static string KindName(CelValue value) => value switch
    {
        StringValue => "string",
        BoolValue => "bool",
        ListValue => "array",
        MapValue => "object",
        NullValue => "null",
        _ => "number",
    };

    private NullValue Fail(string context)
    {
        _error ??= _at >= _text.Length ? "unexpected end of JSON input" : $"invalid character {Shown()} {context}";
        return NullValue.Instance;
    }

    private string Shown()
    {
        var first = (char)CelText.ToBytes(CelText.Characters(_text[_at..]).First())[0];
        return first switch
        {
            '\'' => "'\\''",
            '"' => "'\"'",
            _ => $"'{GoText.Quote(first.ToString())[1..^1]}'",
        };
    }

    private void Skip()
    {
        while (_at < _text.Length && _text[_at] is ' ' or '\t' or '\r' or '\n')
        {
            _at++;
        }
    }

    private CelValue Value(int depth, string context)
    {
        if (depth > MaxDepth || depth > MaxRecursion)
        {
            _error ??= "exceeded max depth";
            return NullValue.Instance;
        }

        return (_at < _text.Length ? _text[_at] : '\0') switch
        {
            '{' => Object(depth),
            '[' => Array(depth),
            '"' => new StringValue(String()),
            't' => Literal("true", BoolValue.True),
            'f' => Literal("false", BoolValue.False),
            'n' => Literal("null", NullValue.Instance),
            '-' or (>= '0' and <= '9') => Number(),
            _ => Fail(context),
        };
    }

    private CelValue Literal(string word, CelValue value)
    {
        for (var i = 0; i < word.Length; i++, _at++)
        {
            if (_at >= _text.Length || _text[_at] != word[i])
            {
                return Fail($"in literal {word} (expecting '{word[i]}')");
            }
        }

        return value;
    }

    private CelValue Object(int depth)
    {
        _at++;
        Skip();
        var members = new Dictionary<string, CelValue>(StringComparer.Ordinal);
        if (_at < _text.Length && _text[_at] == '}')
        {
            _at++;
            return new MapValue(members);
        }

        while (true)
        {
            if (_at >= _text.Length || _text[_at] != '"')
            {
                return Fail("looking for beginning of object key string");
            }

            var key = String();
            Skip();
            if (_error is not null || !Take(':'))
            {
                return Fail("after object key");
            }

            Skip();
            members[key] = Value(depth + 1, "looking for beginning of value");
            Skip();
            if (_error is not null)
            {
                return NullValue.Instance;
            }

            if (Take('}'))
            {
                return new MapValue(members);
            }

            if (!Take(','))
            {
                return Fail("after object key:value pair");
            }

            Skip();
        }
    }

    private CelValue Array(int depth)
    {
        _at++;
        Skip();
        var items = new List<CelValue>();
        if (Take(']'))
        {
            return new ListValue(items);
        }

        while (true)
        {
            items.Add(Value(depth + 1, "looking for beginning of value"));
            Skip();
            if (_error is not null)
            {
                return NullValue.Instance;
            }

            if (Take(']'))
            {
                return new ListValue(items);
            }

            if (!Take(','))
            {
                return Fail("after array element");
            }

            Skip();
        }
    }

    private bool Take(char character)
    {
        if (_at < _text.Length && _text[_at] == character)
        {
            _at++;
            return true;
        }

        return false;
    }

    private string String()
    {
        var start = ++_at;
        while (_at < _text.Length && _text[_at] is not ('"' or '\\') && _text[_at] >= ' ' && !char.IsSurrogate(_text[_at]))
        {
            _at++;
        }

        if (_at < _text.Length && _text[_at] == '"')
        {
            return _text[start.._at++];
        }

        var output = new StringBuilder(_text, start, _at - start, Math.Max(16, _at - start + 16));
        while (_at < _text.Length && _text[_at] != '"')
        {
            var character = _text[_at];
            if (character < ' ')
            {
                Fail("in string literal");
                return "";
            }

            if (character == '\\')
            {
                _at++;
                if (!Escape(output))
                {
                    return "";
                }
            }
            else if (char.IsSurrogate(character))
            {
                var isPair = _at + 1 < _text.Length && char.IsSurrogatePair(character, _text[_at + 1]);
                output.Append(isPair ? _text.AsSpan(_at, 2) : "\ufffd");
                _at += isPair ? 2 : 1;
            }
            else
            {
                output.Append(character);
                _at++;
            }
        }

        if (_at >= _text.Length)
        {
            Fail("");
        }

        _at++;
        return output.ToString();
    }

    private bool Escape(StringBuilder output)
    {
        var escape = _at < _text.Length ? _text[_at] : '\0';
        var plain = "\"\\/bfnrt".IndexOf(escape);
        if (plain >= 0)
        {
            output.Append("\"\\/\b\f\n\r\t"[plain]);
            _at++;
            return true;
        }

        if (escape != 'u')
        {
            Fail("in string escape code");
            return false;
        }

        _at++;
        for (var i = 0; i < 4; i++, _at++)
        {
            if (_at >= _text.Length || !char.IsAsciiHexDigit(_text[_at]))
            {
                Fail("in \\u hexadecimal character escape");
                return false;
            }
        }

        AppendUnit(output, Unit(_at - 4));
        return true;
    }

    private char Unit(int at) => (char)ushort.Parse(_text.AsSpan(at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private void AppendUnit(StringBuilder output, char unit)
    {
        if (!char.IsSurrogate(unit))
        {
            output.Append(unit);
        }
        else if (_at + 6 <= _text.Length && _text[_at] == '\\' && _text[_at + 1] == 'u' && _text.AsSpan(_at + 2, 4).IndexOfAnyExcept(HexDigits) < 0
            && char.IsSurrogatePair(unit, Unit(_at + 2)))
        {
            output.Append(unit).Append(Unit(_at + 2));
            _at += 6;
        }
        else
        {
            output.Append('\ufffd');
        }
    }

    private CelValue Number()
    {
        var start = _at;
        Take('-');
        if (!Take('0') && !Digits())
        {
            return Fail("in numeric literal");
        }

        if (Take('.') && !Digits())
        {
            return Fail("after decimal point in numeric literal");
        }

        if (Take('e') || Take('E'))
        {
            _ = Take('+') || Take('-');
            if (!Digits())
            {
                return Fail("in exponent of numeric literal");
            }
        }

        var text = _text.AsSpan(start, _at - start);
        var value = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        if (!double.IsFinite(value))
        {
            _rangeError ??= $"json: cannot unmarshal number {text} into Go value of type float64";
        }

        return new DoubleValue(value);
    }

    private bool Digits()
    {
        var start = _at;
        while (_at < _text.Length && char.IsAsciiDigit(_text[_at]))
        {
            _at++;
        }

        return _at > start;
    }
}
