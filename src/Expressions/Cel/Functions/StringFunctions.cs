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
        new CelFunction("contains").With("string.(string) bool", (_, it) => BoolValue.Of(OrdinalSearch.IndexOf(Text(it[0]), Text(it[1])) >= 0)),
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
            .With("string.() string", (frame, it) => frame.SpendText(Text(it[0]).Length * 8L)
                ? new StringValue(string.Concat(CelText.Characters(Text(it[0])).Reverse())) : EvaluationFrame.OutOfBudget)
            .With("list(T).() list(T)", (frame, it) => frame.SpendItems(((ListValue)it[0]).Items.Count)
                ? new ListValue([.. ((ListValue)it[0]).Items.Reverse()]) : EvaluationFrame.OutOfBudget),
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

        if (from > length)
        {
            return IntValue.Of(-1);
        }

        var start = CelText.Offset(text, (int)from);
        var at = OrdinalSearch.IndexOf(text.AsSpan(start), part);
        return IntValue.Of(at < 0 ? -1 : CelText.Length(text.AsSpan(0, start + at)));
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
        var at = OrdinalSearch.LastIndexOf(text.AsSpan(0, Math.Min(end, text.Length)), part);
        return IntValue.Of(at < 0 ? -1 : CelText.Length(text.AsSpan(0, at)));
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
        var output = new StringBuilder();
        var at = 0;
        for (var count = 0L; limit < 0 || count < limit; count++)
        {
            var found = Next(text, old, at, isFirst: count == 0);
            if (found < 0)
            {
                break;
            }

            if (!frame.SpendText(found - at + replacement.Length))
            {
                return EvaluationFrame.OutOfBudget;
            }

            output.Append(text, at, found - at).Append(replacement);
            at = found + old.Length;
        }

        return frame.SpendText(text.Length - at) ? new StringValue(output.Append(text, at, text.Length - at).ToString()) : EvaluationFrame.OutOfBudget;
    }

    /// <summary>Where the next one is; nothing is found before every character, and at the end.</summary>
    private static int Next(string text, string part, int from, bool isFirst)
    {
        if (part.Length > 0)
        {
            var at = OrdinalSearch.IndexOf(text.AsSpan(from), part);
            return at < 0 ? -1 : from + at;
        }

        return isFirst ? 0 : from >= text.Length ? -1 : from + (from + 1 < text.Length && char.IsSurrogatePair(text[from], text[from + 1]) ? 2 : 1);
    }

    private static CelValue Split(EvaluationFrame frame, string text, string separator, long limit)
    {
        var parts = new List<CelValue>();
        var at = 0;
        while (limit != 0 && frame.SpendItems(1, 64))
        {
            var end = parts.Count + 1 == limit ? -1
                : separator.Length > 0 ? Next(text, separator, at, isFirst: false)
                : Next(text, "", at, isFirst: false) is var after && after < text.Length ? after : -1;
            var part = end < 0 ? text[at..] : text[at..end];
            if (!frame.SpendText(part.Length))
            {
                return EvaluationFrame.OutOfBudget;
            }

            if (end >= 0 || separator.Length > 0 || part.Length > 0)
            {
                parts.Add(new StringValue(part));
            }

            if (end < 0)
            {
                return new ListValue(parts);
            }

            at = end + separator.Length;
        }

        return limit == 0 ? ListValue.Empty : EvaluationFrame.OutOfBudget;
    }

    private static CelValue Join(EvaluationFrame frame, ListValue list, string separator)
    {
        if (list.Items.FirstOrDefault(item => item is not StringValue) is { } wrong)
        {
            return separator.Length == 0 && wrong is not null
                ? new ErrorValue($"no such overload: join({list.Type.Name})")
                : new ErrorValue($"join: invalid input: {GoText.Verb(wrong!)}");
        }

        return frame.SpendText(list.Items.Sum(item => 8L + Text(item).Length + separator.Length))
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
