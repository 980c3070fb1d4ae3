using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Expressions.Cel.Checking;

/// <summary>Reads the short form in which the libraries declare their signatures. It only ever sees our own constants.</summary>
internal static class TypeNotation
{
    public static CelOverload Overload(string signature, CelImplementation? implementation)
    {
        var at = 0;
        var parameters = new List<CelType>();
        var isMember = signature[0] != '(';
        if (isMember)
        {
            parameters.Add(Type(signature, ref at));
            at++;
        }

        parameters.AddRange(Parameters(signature, ref at));
        at++;
        return new CelOverload(isMember, parameters, Type(signature, ref at)) { Implementation = implementation };
    }

    public static CelType Type(string text)
    {
        var at = 0;
        return Type(text, ref at);
    }

    private static CelType Type(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '_'))
        {
            at++;
        }

        var name = text[start..at];
        List<CelType> parameters = at < text.Length && text[at] == '(' ? Parameters(text, ref at) : [];
        return name switch
        {
            "bool" => CelType.Bool,
            "int" => CelType.Int,
            "uint" => CelType.Uint,
            "double" => CelType.Double,
            "string" => CelType.String,
            "bytes" => CelType.Bytes,
            "dyn" => CelType.Dyn,
            "null" => CelType.Null,
            "duration" => CelType.Duration,
            "timestamp" => CelType.Timestamp,
            "list" => CelType.List(parameters[0]),
            "map" => CelType.Map(parameters[0], parameters[1]),
            "type" => CelType.TypeOf(parameters[0]),
            { Length: 1 } => CelType.Param(name),
            _ => throw new InvalidOperationException($"{text}: no type is called {name}"),
        };
    }

    private static List<CelType> Parameters(string text, ref int at)
    {
        var parameters = new List<CelType>();
        at++;
        while (text[at] != ')')
        {
            if (text[at] is ',' or ' ')
            {
                at++;
                continue;
            }

            parameters.Add(Type(text, ref at));
        }

        at++;
        return parameters;
    }
}
