using System.Text;
using Hikigane.Expressions.Cel.Checking;
using Hikigane.Expressions.Cel.Evaluation;
using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Expressions.Cel.Functions;

/// <summary>Text: the standard functions and cel-go's <c>strings</c> extension. Indices count code points.</summary>
internal static class StringFunctions
{
    public static IReadOnlyList<CelFunction> All { get; } =
    [
        new CelFunction("contains").With("string.(string) bool", (_, it) => BoolValue.Of(Text(it[0]).Contains(Text(it[1]), StringComparison.Ordinal))),
        new CelFunction("startsWith").With("string.(string) bool", (_, it) => BoolValue.Of(Text(it[0]).StartsWith(Text(it[1]), StringComparison.Ordinal))),
        new CelFunction("endsWith").With("string.(string) bool", (_, it) => BoolValue.Of(Text(it[0]).EndsWith(Text(it[1]), StringComparison.Ordinal))),
        new CelFunction("charAt").With("string.(int) string", (_, it) => CharAt(Text(it[0]), Int(it[1]))),
        new CelFunction("indexOf")
            .With("string.(string) int", (_, it) => IndexOf(Text(it[0]), Text(it[1]), 0))
            .With("string.(string, int) int", (frame, it) => Beyond(frame, it) ?? IndexOf(Text(it[0]), Text(it[1]), Int(it[2]))),
        new CelFunction("lastIndexOf")
            .With("string.(string) int", (_, it) => LastIndexOf(Text(it[0]), Text(it[1]), null))
            .With("string.(string, int) int", (frame, it) => Beyond(frame, it) ?? LastIndexOf(Text(it[0]), Text(it[1]), Int(it[2]))),
        new CelFunction("lowerAscii").With("string.() string", (_, it) => Map(it[0], char.IsAsciiLetterUpper, letter => (char)(letter + 32))),
        new CelFunction("upperAscii").With("string.() string", (_, it) => Map(it[0], char.IsAsciiLetterLower, letter => (char)(letter - 32))),
        new CelFunction("replace")
            .With("string.(string, string) string", (frame, it) => Replace(frame, Text(it[0]), Text(it[1]), Text(it[2]), -1))
            .With("string.(string, string, int) string", (frame, it) => Replace(frame, Text(it[0]), Text(it[1]), Text(it[2]), Int(it[3]))),
        new CelFunction("split")
            .With("string.(string) list(string)", (frame, it) => Split(frame, Text(it[0]), Text(it[1]), -1))
            .With("string.(string, int) list(string)", (frame, it) => Split(frame, Text(it[0]), Text(it[1]), Int(it[2]))),
        new CelFunction("substring")
            .With("string.(int) string", (_, it) => Substring(Text(it[0]), Int(it[1]), null))
            .With("string.(int, int) string", (_, it) => Substring(Text(it[0]), Int(it[1]), Int(it[2]))),
        new CelFunction("trim").With("string.() string", (_, it) => new StringValue(Text(it[0]).Trim(White))),
        new CelFunction("join")
            .With("list(string).() string", (frame, it) => Join(frame, (ListValue)it[0], ""))
            .With("list(string).(string) string", (frame, it) => Join(frame, (ListValue)it[0], Text(it[1]))),
        new CelFunction("strings.quote").With("(string) string", (_, it) => new StringValue(Quote(Text(it[0])))),
        new CelFunction("reverse")
            .With("string.() string", (_, it) => new StringValue(string.Concat(CelText.Characters(Text(it[0])).Reverse())))
            .With("list(T).() list(T)", (_, it) => new ListValue([.. ((ListValue)it[0]).Items.Reverse()])),
        new CelFunction("format").With("string.(list(dyn)) string", (frame, it) => Format.Apply(frame, Text(it[0]), ((ListValue)it[1]).Items)),
    ];

    /// <summary>White space as Go's <c>unicode.IsSpace</c> has it, which <c>char.IsWhiteSpace</c> has too.</summary>
    private static readonly char[] White =
        ['\t', '\n', '\v', '\f', '\r', ' ', '\u0085', '\u00a0', '\u1680', .. Enumerable.Range(0x2000, 11).Select(code => (char)code), '\u2028', '\u2029', '\u202f', '\u205f', '\u3000'];

    private static string Text(CelValue value) => ((StringValue)value).Value;

    private static long Int(CelValue value) => ((IntValue)value).Value;

    private static ErrorValue OutOfRange(long index) => new($"index out of range: {index}");

    private static ErrorValue? Beyond(EvaluationFrame frame, CelValue[] it) =>
        frame.IsStrict && Int(it[2]) > CelText.Length(Text(it[0])) ? OutOfRange(Int(it[2])) : null;

    private static StringValue Map(CelValue text, Func<char, bool> isMapped, Func<char, char> map) =>
        new(string.Create(Text(text).Length, Text(text), (output, source) =>
        {
            for (var i = 0; i < source.Length; i++)
            {
                output[i] = isMapped(source[i]) ? map(source[i]) : source[i];
            }
        }));

    private static CelValue CharAt(string text, long index)
    {
        var length = CelText.Length(text);
        if (index < 0 || index > length)
        {
            return OutOfRange(index);
        }

        return index == length ? StringValue.Empty : Substring(text, index, index + 1);
    }

    private static CelValue IndexOf(string text, string part, long from)
    {
        var length = CelText.Length(text);
        if (from < 0)
        {
            return OutOfRange(from);
        }

        if (part.Length == 0)
        {
            return IntValue.Of(Math.Min(from, length));
        }

        var at = from > length ? -1 : text.IndexOf(part, CelText.Offset(text, (int)from), StringComparison.Ordinal);
        return IntValue.Of(at < 0 ? -1 : CelText.Length(text[..at]));
    }

    private static CelValue LastIndexOf(string text, string part, long? from)
    {
        var length = CelText.Length(text);
        if (from < 0)
        {
            return OutOfRange(from.Value);
        }

        var last = Math.Min(from ?? length, length - CelText.Length(part));
        if (part.Length == 0)
        {
            return IntValue.Of(Math.Min(from ?? length, length));
        }

        if (last < 0)
        {
            return IntValue.Of(-1);
        }

        var end = CelText.Offset(text, (int)last) + part.Length;
        var at = text[..Math.Min(end, text.Length)].LastIndexOf(part, StringComparison.Ordinal);
        return IntValue.Of(at < 0 ? -1 : CelText.Length(text[..at]));
    }

    private static CelValue Substring(string text, long start, long? end)
    {
        var length = CelText.Length(text);
        if (start < 0 || start > length)
        {
            return OutOfRange(start);
        }

        if (end is { } given && (given < 0 || given > length))
        {
            return OutOfRange(given);
        }

        if (end < start)
        {
            return new ErrorValue($"invalid substring range. start: {start}, end: {end}");
        }

        return new StringValue(text[CelText.Offset(text, (int)start)..CelText.Offset(text, (int)(end ?? length))]);
    }

    private static CelValue Replace(EvaluationFrame frame, string text, string old, string replacement, long limit)
    {
        if (!frame.Spend(1 + ((text.Length + ((long)text.Length * replacement.Length)) / 8)))
        {
            return EvaluationFrame.OutOfBudget;
        }

        if (old.Length > 0 && limit < 0)
        {
            return new StringValue(text.Replace(old, replacement, StringComparison.Ordinal));
        }

        var output = new StringBuilder();
        var at = 0;
        for (var count = 0L; limit < 0 || count < limit; count++)
        {
            var found = old.Length > 0 ? text.IndexOf(old, at, StringComparison.Ordinal) : count == 0 ? 0 : at < text.Length ? at + CelText.Offset(text[at..], 1) : -1;
            if (found < 0)
            {
                break;
            }

            output.Append(text, at, found - at).Append(replacement);
            at = found + old.Length;
        }

        return new StringValue(output.Append(text, at, text.Length - at).ToString());
    }

    private static CelValue Split(EvaluationFrame frame, string text, string separator, long limit)
    {
        if (!frame.Spend(1 + (text.Length / 2)))
        {
            return EvaluationFrame.OutOfBudget;
        }

        IReadOnlyList<string> parts;
        if (limit == 0)
        {
            parts = [];
        }
        else if (separator.Length > 0)
        {
            parts = text.Split(separator, limit < 0 ? int.MaxValue : (int)Math.Min(limit, int.MaxValue));
        }
        else
        {
            var characters = CelText.Characters(text).ToList();
            parts = limit > 0 && characters.Count > limit ? [.. characters.Take((int)limit - 1), string.Concat(characters.Skip((int)limit - 1))] : characters;
        }

        return new ListValue([.. parts.Select(part => new StringValue(part))]);
    }

    private static CelValue Join(EvaluationFrame frame, ListValue list, string separator)
    {
        if (list.Items.FirstOrDefault(item => item is not StringValue) is { } wrong)
        {
            return separator.Length == 0 && wrong is not null
                ? new ErrorValue($"no such overload: join({list.Type.Name})")
                : new ErrorValue($"join: invalid input: {GoText.Verb(wrong!)}");
        }

        return frame.Spend(list.Items.Sum(item => 1 + ((Text(item).Length + separator.Length) / 8)))
            ? new StringValue(string.Join(separator, list.Items.Select(Text)))
            : EvaluationFrame.OutOfBudget;
    }

    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var character in CelText.Characters(text))
        {
            quoted.Append(character switch
            {
                "\a" => "\\a",
                "\b" => "\\b",
                "\f" => "\\f",
                "\n" => "\\n",
                "\r" => "\\r",
                "\t" => "\\t",
                "\v" => "\\v",
                "\\" => "\\\\",
                "\"" => "\\\"",
                { Length: 1 } when char.IsSurrogate(character[0]) => "\ufffd",
                _ => character,
            });
        }

        return quoted.Append('"').ToString();
    }
}
