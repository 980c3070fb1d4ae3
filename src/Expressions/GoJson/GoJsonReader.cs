using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Hikigane.Expressions.GoJson;

/// <summary>How numbers are read.</summary>
public enum GoNumbers
{
    /// <summary>Every number is a double, as Go decodes into <c>interface{}</c>.</summary>
    Float64,

    /// <summary>Whole numbers stay whole, as Kubernetes decodes an object without a schema.</summary>
    Kubernetes,
}

/// <summary>
/// JSON text → <see cref="JsonNode"/>, with the verdicts and error texts of Go's <c>encoding/json</c>: they reach users through
/// the answers of a listener and through trigger errors. The last of two equal keys wins. As Go's encoding/json/scanner.go.
/// </summary>
public static class GoJsonReader
{
    /// <summary>Reads a document. Exactly one of the results is null, except that the document <c>null</c> gives two nulls.</summary>
    public static (JsonNode? Node, string? Error) Read(ReadOnlySpan<byte> utf8, GoNumbers numbers = GoNumbers.Float64)
    {
        var document = new GoJsonDocument(utf8, numbers);
        try
        {
            return (document.ReadAll(), null);
        }
        catch (FormatException exception)
        {
            return (null, exception.Message);
        }
    }

    /// <summary>Reads a document given as text.</summary>
    public static (JsonNode? Node, string? Error) Read(string text, GoNumbers numbers = GoNumbers.Float64) =>
        Read(Encoding.UTF8.GetBytes(text), numbers);

    /// <summary>Reads a document that has to be an object or null, as Go decodes into a map.</summary>
    public static (JsonObject? Node, string? Error) ReadObject(ReadOnlySpan<byte> utf8, GoNumbers numbers = GoNumbers.Float64)
    {
        var (node, error) = Read(utf8, numbers);
        return node is null or JsonObject
            ? ((JsonObject?)node, error)
            : (null, $"json: cannot unmarshal {KindOf(node)} into Go value of type map[string]interface {{}}");
    }

    /// <summary>What Go calls the kind of a JSON value in its errors.</summary>
    public static string KindOf(JsonNode? node) => node switch
    {
        null => "null",
        JsonObject => "object",
        JsonArray => "array",
        _ => node.GetValueKind() switch
        {
            System.Text.Json.JsonValueKind.String => "string",
            System.Text.Json.JsonValueKind.Number => "number",
            _ => "bool",
        },
    };
}

/// <summary>The reader's position in one document.</summary>
internal ref struct GoJsonDocument(ReadOnlySpan<byte> text, GoNumbers numbers)
{
    // Go allows 10,000; a shallower limit keeps every later walk over the tree away from the end of the stack.
    private const int MaxDepth = 1500;

    private readonly ReadOnlySpan<byte> _text = text;
    private int _at;
    private int _depth;

    public JsonNode? ReadAll()
    {
        var value = Value();
        SkipSpace();
        return _at == _text.Length ? value : throw Unexpected("after top-level value");
    }

    private JsonNode? Value()
    {
        SkipSpace();
        switch (Peek())
        {
            case (byte)'{':
                return Nested(isObject: true);
            case (byte)'[':
                return Nested(isObject: false);
            case (byte)'"':
                return JsonValue.Create(Text());
            case (byte)'t':
                Literal("true");
                return JsonValue.Create(true);
            case (byte)'f':
                Literal("false");
                return JsonValue.Create(false);
            case (byte)'n':
                Literal("null");
                return null;
            case (byte)'-' or >= (byte)'0' and <= (byte)'9':
                return Number();
            default:
                throw Unexpected("looking for beginning of value");
        }
    }

    private JsonNode Nested(bool isObject)
    {
        if (++_depth > MaxDepth)
        {
            throw Unexpected("exceeded max depth");
        }

        _at++;
        JsonNode node = isObject ? Object() : Array();
        _depth--;
        return node;
    }

    private JsonObject Object()
    {
        var members = new JsonObject();
        SkipSpace();
        if (Peek() == '}')
        {
            _at++;
            return members;
        }

        while (true)
        {
            SkipSpace();
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
            members[key] = Value();
            SkipSpace();
            switch (Peek())
            {
                case (byte)',':
                    _at++;
                    break;
                case (byte)'}':
                    _at++;
                    return members;
                default:
                    throw Unexpected("after object key:value pair");
            }
        }
    }

    private JsonArray Array()
    {
        var items = new JsonArray();
        SkipSpace();
        if (Peek() == ']')
        {
            _at++;
            return items;
        }

        while (true)
        {
            items.Add(Value());
            SkipSpace();
            switch (Peek())
            {
                case (byte)',':
                    _at++;
                    break;
                case (byte)']':
                    _at++;
                    return items;
                default:
                    throw Unexpected("after array element");
            }
        }
    }

    private string Text()
    {
        var start = ++_at;
        var plain = _text[start..].IndexOfAny("\"\\"u8);
        if (plain >= 0 && _text[start + plain] == '"' && _text.Slice(start, plain).IndexOfAnyInRange((byte)0, (byte)0x1f) < 0)
        {
            _at = start + plain + 1;
            return Encoding.UTF8.GetString(_text.Slice(start, plain));
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
                var end = _at;
                while (end < _text.Length && _text[end] is not ((byte)'"' or (byte)'\\') && _text[end] >= 0x20)
                {
                    end++;
                }

                built.Append(Encoding.UTF8.GetString(_text[_at..end]));
                _at = end;
            }
        }

        _at++;
        return WithoutLoneSurrogates(built.ToString());
    }

    private void Escape(StringBuilder built)
    {
        var next = Peek();
        if (next == 'u')
        {
            _at++;
            var code = 0;
            for (var i = 0; i < 4; i++, _at++)
            {
                code = (code * 16) + (char.IsAsciiHexDigit((char)Peek())
                    ? Convert.ToInt32(((char)Peek()).ToString(), 16)
                    : throw Unexpected("in \\u hexadecimal character escape"));
            }

            built.Append((char)code);
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

    private JsonValue Number()
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

        var isWhole = true;
        if (_at < _text.Length && _text[_at] == '.')
        {
            isWhole = false;
            _at++;
            Digits("after decimal point in numeric literal");
        }

        if (_at < _text.Length && _text[_at] is (byte)'e' or (byte)'E')
        {
            isWhole = false;
            _at++;
            if (Peek() is (byte)'+' or (byte)'-')
            {
                _at++;
            }

            Digits("in exponent of numeric literal");
        }

        var spelled = _text[start.._at];
        if (isWhole && numbers == GoNumbers.Kubernetes && long.TryParse(spelled, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
        {
            return JsonValue.Create(whole);
        }

        var number = double.Parse(spelled, NumberStyles.Float, CultureInfo.InvariantCulture);
        return double.IsFinite(number)
            ? JsonValue.Create(number)
            : throw new FormatException($"json: cannot unmarshal number {Encoding.UTF8.GetString(spelled)} into Go value of type float64");
    }

    private void Digits(string context)
    {
        if (!char.IsAsciiDigit((char)Peek()))
        {
            throw Unexpected(context);
        }

        while (_at < _text.Length && char.IsAsciiDigit((char)_text[_at]))
        {
            _at++;
        }
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

    private static string WithoutLoneSurrogates(string text)
    {
        foreach (var character in text)
        {
            if (char.IsSurrogate(character))
            {
                // A round trip through UTF-8 puts U+FFFD where half of a pair stands alone, as Go does.
                return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
            }
        }

        return text;
    }
}
