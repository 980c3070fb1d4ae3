using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Expressions.GoJson;

namespace Hikigane.Triggers.Interceptors;

/// <summary>A form as JSON, which is how an interceptor gets to see one (slack needs it). As Go's <c>url.ParseQuery</c>.</summary>
internal static class FormBody
{
    /// <summary>The body as a JSON object of lists when it is a form with more than one field; else as it is.</summary>
    public static string ToJson(string body, IReadOnlyDictionary<string, IReadOnlyList<string>> headers)
    {
        if (headers.First("Content-Type") != "application/x-www-form-urlencoded" || !body.Contains('&', StringComparison.Ordinal))
        {
            return body;
        }

        var fields = new JsonObject();
        foreach (var pair in body.Split('&'))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var key = Unescape(equals < 0 ? pair : pair[..equals]);
            var value = equals < 0 ? "" : Unescape(pair[(equals + 1)..]);
            // What cannot be decoded is left out without a word, as upstream ignores the error.
            if (pair.Length == 0 || pair.Contains(';', StringComparison.Ordinal) || key is null || value is null)
            {
                continue;
            }

            if (fields[key] is not JsonArray values)
            {
                fields[key] = values = [];
            }

            values.Add((JsonNode)JsonValue.Create(value));
        }

        return fields.Count > 1 ? GoJsonWriter.Write(fields) : body;
    }

    private static string? Unescape(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var length = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] == '%')
            {
                if (i + 2 >= bytes.Length || !char.IsAsciiHexDigit((char)bytes[i + 1]) || !char.IsAsciiHexDigit((char)bytes[i + 2]))
                {
                    return null;
                }

                bytes[length++] = Convert.ToByte(Encoding.ASCII.GetString(bytes, i + 1, 2), 16);
                i += 2;
            }
            else
            {
                bytes[length++] = bytes[i] == '+' ? (byte)' ' : bytes[i];
            }
        }

        return Encoding.UTF8.GetString(bytes, 0, length);
    }
}
