using System.Security.Cryptography;

namespace Hikigane.ApiServer.Rest;

/// <summary>Names of objects: the rule they follow and the random part of generated ones. As apiserver pkg/storage/names.</summary>
internal static class Naming
{
    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";
    private const int LongestBase = 58;

    public static string Generate(string start)
    {
        var cut = start.Length > LongestBase ? start[..LongestBase] : start;
        return cut + RandomNumberGenerator.GetString(Alphabet, 5);
    }

    /// <summary>What is wrong with a name by the default rule, or null.</summary>
    public static string? SubdomainProblem(string name)
    {
        if (name.Length > 253)
        {
            return "must be no more than 253 characters";
        }

        foreach (var part in name.Split('.'))
        {
            if (part.Length == 0 || part[0] == '-' || part[^1] == '-' || part.Any(one => !(char.IsAsciiLetterLower(one) || char.IsAsciiDigit(one) || one == '-')))
            {
                return "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with "
                    + "an alphanumeric character (e.g. 'example.com', regex used for validation is "
                    + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
            }
        }

        return null;
    }

    /// <summary>The rule of RBAC objects: any path-safe segment.</summary>
    public static string? PathSegmentProblem(string name) => name switch
    {
        "." or ".." => $"may not be '{name}'",
        _ when name.Contains('/', StringComparison.Ordinal) => "may not contain '/'",
        _ when name.Contains('%', StringComparison.Ordinal) => "may not contain '%'",
        _ => null,
    };
}
