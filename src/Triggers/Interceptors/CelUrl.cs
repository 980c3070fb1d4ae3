using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Triggers.Interceptors;

/// <summary>A URL taken apart as Go's <c>net/url</c> does, for <c>parseURL</c>.</summary>
internal static class CelUrl
{
    public static CelValue Parse(string text)
    {
        try
        {
            return Split(text);
        }
        catch (FormatException exception)
        {
            return new ErrorValue($"failed to decode '{text}' in parseURL: parse {GoText.Quote(text)}: {exception.Message}");
        }
    }

    private static MapValue Split(string text)
    {
        if (text.Any(character => character is < ' ' or '\x7f'))
        {
            throw new FormatException("net/url: invalid control character in URL");
        }

        var (rest, fragment) = Cut(text, '#');
        (rest, var query) = Cut(rest, '?');
        var scheme = Scheme(rest);
        rest = scheme.Length > 0 ? rest[(scheme.Length + 1)..] : rest;
        var members = new Dictionary<string, CelValue> { ["scheme"] = new StringValue(scheme.ToLowerInvariant()) };
        var host = "";
        var isOpaque = scheme.Length > 0 && !rest.StartsWith('/');
        if (rest.StartsWith("//", StringComparison.Ordinal) && (scheme.Length > 0 || !rest.StartsWith("///", StringComparison.Ordinal)))
        {
            var end = rest.IndexOf('/', 2);
            var authority = end < 0 ? rest[2..] : rest[2..end];
            rest = end < 0 ? "" : rest[end..];
            host = Authority(authority, members);
        }

        members["host"] = new StringValue(host);
        members["path"] = new StringValue(isOpaque ? "" : Unescape(rest, isQuery: false));
        members["rawQuery"] = new StringValue(query);
        members["fragment"] = new StringValue(Unescape(fragment, isQuery: false));
        AddQuery(query, members);
        return new MapValue(members);
    }

    private static (string Before, string After) Cut(string text, char separator) =>
        text.IndexOf(separator) is var at && at >= 0 ? (text[..at], text[(at + 1)..]) : (text, "");

    private static string Scheme(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == ':')
            {
                return i > 0 ? text[..i] : throw new FormatException("missing protocol scheme");
            }

            if (!char.IsAsciiLetter(text[i]) && (i == 0 || !(char.IsAsciiDigit(text[i]) || text[i] is '+' or '-' or '.')))
            {
                break;
            }
        }

        var segment = text.Split('/')[0];
        return segment.Contains(':', StringComparison.Ordinal) ? throw new FormatException("first path segment in URL cannot contain colon") : "";
    }

    private static string Authority(string authority, Dictionary<string, CelValue> members)
    {
        var at = authority.LastIndexOf('@');
        var host = authority[(at + 1)..];
        if (at >= 0)
        {
            var (user, password) = Cut(authority[..at], ':');
            members["auth"] = new MapValue(new Dictionary<string, CelValue>
            {
                ["username"] = new StringValue(Unescape(user, isQuery: false)),
                ["password"] = new StringValue(Unescape(password, isQuery: false)),
            });
        }

        var colon = host.LastIndexOf(':');
        if (colon > host.LastIndexOf(']') && !host.AsSpan(colon + 1).ContainsAnyExceptInRange('0', '9'))
        {
            return Unescape(host, isQuery: false);
        }

        return colon > host.LastIndexOf(']')
            ? throw new FormatException($"invalid port {GoText.Quote(host[colon..])} after host")
            : Unescape(host, isQuery: false);
    }

    private static void AddQuery(string query, Dictionary<string, CelValue> members)
    {
        var values = new Dictionary<string, List<CelValue>>();
        foreach (var pair in query.Split('&').Where(pair => pair.Length > 0 && !pair.Contains(';', StringComparison.Ordinal)))
        {
            var (key, value) = Cut(pair, '=');
            try
            {
                (key, value) = (Unescape(key, isQuery: true), Unescape(value, isQuery: true));
            }
            catch (FormatException)
            {
                // As url.Query(): a pair that cannot be read is left out.
                continue;
            }

            if (!values.TryGetValue(key, out var list))
            {
                values[key] = list = [];
            }

            list.Add(new StringValue(value));
        }

        members["queryStrings"] = new MapValue(values.ToDictionary(pair => pair.Key, pair => (CelValue)new ListValue(pair.Value)));
        members["query"] = new MapValue(values.ToDictionary(
            pair => pair.Key, pair => (CelValue)new StringValue(string.Join(",", pair.Value.Select(value => ((StringValue)value).Value)))));
    }

    private static string Unescape(string text, bool isQuery)
    {
        if (text.AsSpan().IndexOfAny('%', '+') < 0)
        {
            return text;
        }

        var bytes = CelText.ToBytes(text);
        var output = new List<byte>(bytes.Length);
        for (var i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] != '%')
            {
                output.Add(isQuery && bytes[i] == '+' ? (byte)' ' : bytes[i]);
            }
            else if (i + 2 < bytes.Length && char.IsAsciiHexDigit((char)bytes[i + 1]) && char.IsAsciiHexDigit((char)bytes[i + 2]))
            {
                output.Add(Convert.FromHexString([(char)bytes[i + 1], (char)bytes[i + 2]])[0]);
                i += 2;
            }
            else
            {
                var shown = CelText.FromBytes(bytes.AsSpan(i, Math.Min(3, bytes.Length - i)));
                throw new FormatException($"invalid URL escape {GoText.Quote(shown)}");
            }
        }

        return CelText.FromBytes(output.ToArray());
    }
}
