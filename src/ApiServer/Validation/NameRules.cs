using Hikigane.ApiServer.Rest;

namespace Hikigane.ApiServer.Validation;

/// <summary>The rules that names, keys and label values follow: what is wrong, or null. As apimachinery's pkg/util/validation.</summary>
internal static class NameRules
{
    private const string QualifiedName = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
        + "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

    private const string Label = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an "
        + "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

    private const string Value = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        + "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

    private const string Key = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' "
        + "(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

    public static string? DnsLabel(string name) => name.Length > 63 ? "must be no more than 63 characters"
        : name.Length > 0 && name[0] != '-' && name[^1] != '-' && name.All(one => char.IsAsciiLetterLower(one) || char.IsAsciiDigit(one) || one == '-') ? null : Label;

    public static string? ConfigKey(string key) => key switch
    {
        { Length: > 253 } => "must be no more than 253 characters",
        "" => Key,
        "." => "must not be '.'",
        ".." => "must not be '..'",
        _ when !key.All(IsNameLetter) => Key,
        _ when key.StartsWith("..", StringComparison.Ordinal) => "must not start with '..'",
        _ => null,
    };

    public static string? LabelValue(string value) => value.Length > 63 ? "must be no more than 63 characters"
        : value.Length == 0 || IsQualified(value) ? null : Value;

    public static string? LabelKey(string key)
    {
        var parts = key.Split('/');
        return parts switch
        {
            { Length: > 2 } => $"a qualified name {QualifiedName} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
            { Length: 2 } when parts[0].Length == 0 => "prefix part must be non-empty",
            { Length: 2 } when Naming.SubdomainProblem(parts[0]) is { } problem => "prefix part " + problem,
            _ when parts[^1].Length == 0 => "name part must be non-empty",
            _ when parts[^1].Length > 63 => "name part must be no more than 63 characters",
            _ when !IsQualified(parts[^1]) => "name part " + QualifiedName,
            _ => null,
        };
    }

    public static string? EnvironmentName(string name) => name.All(one => one is >= ' ' and <= '~' and not '=') ? null
        : "a valid environment variable name must consist only of printable ASCII characters other than '='";

    private static bool IsQualified(string text) => char.IsAsciiLetterOrDigit(text[0]) && char.IsAsciiLetterOrDigit(text[^1]) && text.All(IsNameLetter);

    private static bool IsNameLetter(char one) => char.IsAsciiLetterOrDigit(one) || one is '-' or '_' or '.';
}
