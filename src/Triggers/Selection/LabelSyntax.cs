namespace Hikigane.Triggers.Selection;

/// <summary>
/// What a label's key and value may look like, with Kubernetes' words for what may not. A selector that breaks a rule fails the whole
/// request. As apimachinery pkg/labels and pkg/util/validation.
/// </summary>
internal static class LabelSyntax
{
    private const int LongestName = 63;
    private const int LongestPrefix = 253;

    private const string NameRule =
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
        + "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

    private const string QualifiedRule =
        "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
        + "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') "
        + "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";

    private const string PrefixRule =
        "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end "
        + "with an alphanumeric character (e.g. 'example.com', regex used for validation is "
        + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

    private const string ValueRule =
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        + "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
        + "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

    /// <summary>What is wrong with a key; null when nothing is.</summary>
    public static string? KeyError(string key)
    {
        var problems = new List<string>();
        var parts = key.Split('/');
        if (parts.Length > 2)
        {
            return $"key: Invalid value: \"{key}\": {QualifiedRule}";
        }

        if (parts.Length == 2)
        {
            PrefixProblems(parts[0], problems);
        }

        var name = parts[^1];
        if (name.Length == 0)
        {
            problems.Add("name part must be non-empty");
        }
        else if (name.Length > LongestName)
        {
            problems.Add($"name part must be no more than {LongestName} bytes");
        }

        if (!IsName(name))
        {
            problems.Add(NameRule);
        }

        return problems.Count == 0 ? null : $"key: Invalid value: \"{key}\": {string.Join("; ", problems)}";
    }

    /// <summary>What is wrong with a value; null when nothing is.</summary>
    public static string? ValueError(string key, int index, string value)
    {
        var problems = new List<string>();
        if (value.Length > LongestName)
        {
            problems.Add($"must be no more than {LongestName} bytes");
        }

        if (value.Length > 0 && !IsName(value))
        {
            problems.Add(ValueRule);
        }

        return problems.Count == 0 ? null : $"values[{index}][{key}]: Invalid value: \"{value}\": {string.Join("; ", problems)}";
    }

    private static void PrefixProblems(string prefix, List<string> problems)
    {
        if (prefix.Length == 0)
        {
            problems.Add("prefix part must be non-empty");
            return;
        }

        if (prefix.Length > LongestPrefix)
        {
            problems.Add($"prefix part must be no more than {LongestPrefix} bytes");
        }

        var isSubdomain = prefix.Split('.').All(label => label.Length > 0 && label[0] != '-' && label[^1] != '-'
            && label.All(one => char.IsAsciiLetterLower(one) || char.IsAsciiDigit(one) || one == '-'));
        if (!isSubdomain)
        {
            problems.Add(PrefixRule);
        }
    }

    private static bool IsName(string name) => name.Length > 0 && char.IsAsciiLetterOrDigit(name[0]) && char.IsAsciiLetterOrDigit(name[^1])
        && name.All(one => char.IsAsciiLetterOrDigit(one) || one is '-' or '_' or '.');
}
