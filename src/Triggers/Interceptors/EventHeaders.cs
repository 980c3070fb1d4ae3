namespace Hikigane.Triggers.Interceptors;

/// <summary>HTTP headers as Go's <c>http.Header</c> holds them: canonical name → values.</summary>
public static class EventHeaders
{
    public static readonly IReadOnlyDictionary<string, IReadOnlyList<string>> None = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Headers as received → canonical names with their values in order. <c>Host</c> is left out, as Go's server does.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> From(IEnumerable<KeyValuePair<string, string>> received)
    {
        var headers = new SortedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var (name, sent) in received)
        {
            var canonical = Canonical(name);
            var value = sent.Trim(' ', '\t');
            if (canonical == "Host")
            {
                continue;
            }

            if (headers.TryGetValue(canonical, out var values))
            {
                ((List<string>)values).Add(value);
            }
            else
            {
                headers[canonical] = new List<string> { value };
            }
        }

        return headers;
    }

    /// <summary>
    /// The canonical spelling of a header name: upper case at the start and after <c>-</c>, lower case elsewhere; a name with a
    /// character that a header name cannot have stays as it is. As Go's <c>textproto.CanonicalMIMEHeaderKey</c>.
    /// </summary>
    public static string Canonical(string name)
    {
        foreach (var character in name)
        {
            if (!char.IsAsciiLetterOrDigit(character) && !"!#$%&'*+-.^_`|~".Contains(character, StringComparison.Ordinal))
            {
                return name;
            }
        }

        return string.Create(name.Length, name, static (span, source) =>
        {
            var upper = true;
            for (var i = 0; i < source.Length; i++)
            {
                span[i] = upper ? char.ToUpperInvariant(source[i]) : char.ToLowerInvariant(source[i]);
                upper = source[i] == '-';
            }
        });
    }

    /// <summary>The first value of a header, after making every name canonical; empty when absent.</summary>
    public static string First(this IReadOnlyDictionary<string, IReadOnlyList<string>> headers, string name)
    {
        var canonical = Canonical(name);
        if (headers.TryGetValue(canonical, out var direct) && direct.Count > 0)
        {
            return direct[0];
        }

        foreach (var (key, values) in headers)
        {
            if (values.Count > 0 && Canonical(key) == canonical)
            {
                return values[0];
            }
        }

        return "";
    }
}
