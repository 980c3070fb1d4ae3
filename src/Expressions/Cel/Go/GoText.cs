using System.Globalization;
using System.Text;
using Hikigane.Expressions.Cel.Go;
using Hikigane.Expressions.GoJson;

namespace Hikigane.Expressions.Cel.Values;

/// <summary>Values and texts as Go prints them.</summary>
public static class GoText
{
    /// <summary>The name of the Go type that stands for a value in cel-go.</summary>
    public static string TypeName(CelValue value) => value switch
    {
        NullValue => "Null",
        BoolValue => "Bool",
        IntValue => "Int",
        UintValue => "Uint",
        DoubleValue => "Double",
        StringValue => "String",
        BytesValue => "Bytes",
        DurationValue => "Duration",
        TimestampValue => "Timestamp",
        _ => "Type",
    };

    /// <summary><c>fmt</c>'s <c>%v</c> of a scalar.</summary>
    public static string Verb(CelValue value) => value switch
    {
        ListValue or MapValue when value.Weight > CelValue.MaxShownWeight => $"<{CelValue.TooLarge}>",
        StringValue text => text.Value,
        BoolValue flag => flag.Value ? "true" : "false",
        IntValue number => number.Value.ToString(CultureInfo.InvariantCulture),
        UintValue number => number.Value.ToString(CultureInfo.InvariantCulture),
        DoubleValue number => GoNumber.Shortest(number.Value),
        NullValue => "null",
        TypeValue type => type.Value.Name,
        DurationValue duration => GoTime.Seconds(duration),
        TimestampValue time => GoTime.Rfc3339(time),
        ListValue list => $"[{string.Join(", ", list.Items.Select(Verb))}]",
        MapValue map => $"{{{string.Join(", ", map.Entries.Select(entry => $"{Verb(entry.Key)}: {Verb(entry.Value)}"))}}}",
        _ => value.Type.Name,
    };

    /// <summary><c>strconv.Quote</c>.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var character in CelText.Characters(text))
        {
            var first = character[0];
            quoted.Append(first switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\a' => "\\a",
                '\b' => "\\b",
                '\f' => "\\f",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\v' => "\\v",
                < ' ' or '\x7f' => $"\\x{(int)first:x2}",
                _ when character.Length == 1 && char.IsSurrogate(first) => $"\\x{first & 0xFF:x2}",
                _ when Rune.TryCreate(first, out var rune) && !IsPrintable(rune) => $"\\u{(int)first:x4}",
                _ => character,
            });
        }

        return quoted.Append('"').ToString();
    }

    private static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control
        or UnicodeCategory.Format or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse);
}
