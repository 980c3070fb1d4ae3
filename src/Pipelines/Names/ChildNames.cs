using System.Security.Cryptography;
using System.Text;

namespace Hikigane.Pipelines.Names;

/// <summary>Computed names of what a run creates, so that a second attempt finds the first one's objects.</summary>
public static class ChildNames
{
    private const int MaxLength = 63;
    private const int HashLength = 32;

    /// <summary>Parent and suffix, shortened with a hash where they are too long. As knative.dev/pkg kmeta.ChildName.</summary>
    public static string Child(string parent, string suffix)
    {
        if (parent.Length + suffix.Length <= MaxLength)
        {
            return parent + suffix;
        }

        var headLength = MaxLength - HashLength;
        if (suffix.Length < headLength)
        {
            return parent[..Math.Min(parent.Length, headLength - suffix.Length)] + Md5(parent) + suffix;
        }

        var name = parent[..Math.Min(parent.Length, headLength)] + Md5(parent + suffix);
        name += suffix[..Math.Min(suffix.Length, MaxLength - name.Length)];
        return TrimEnd(name);
    }

    /// <summary>At most 63 characters, ending in a letter or a digit. As tektoncd/pipeline pkg/names.</summary>
    public static string Restrict(string name) => TrimEnd(name.Length > MaxLength ? name[..MaxLength] : name);

    /// <summary>Prefix and the first hexadecimal digits of a name's FNV-32a hash. As tektoncd/pipeline pkg/names.GenerateHashedName.</summary>
    public static string Hashed(string prefix, string name, int digits) =>
        $"{prefix}-{Fnv32(name).ToString("x", System.Globalization.CultureInfo.InvariantCulture).PadRight(digits, '0')[..digits]}";

    /// <summary>Name of the claim that a workspace's template becomes. As tektoncd/pipeline pkg/reconciler/volumeclaim.</summary>
    public static string Claim(string? templateName, string workspace, string ownerUid) =>
        $"{(string.IsNullOrEmpty(templateName) ? "pvc" : templateName)}-{Sha256(workspace + ownerUid)[..10]}";

    /// <summary>Five characters that stand for chance in names but are the same for the same seed.</summary>
    public static string Suffix(string seed)
    {
        const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(seed));
        return new string([.. hash.Take(5).Select(one => Alphabet[one % Alphabet.Length])]);
    }

    public static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static uint Fnv32(string text)
    {
        var hash = 2166136261u;
        foreach (var one in Encoding.UTF8.GetBytes(text))
        {
            hash = unchecked((hash ^ one) * 16777619u);
        }

        return hash;
    }

#pragma warning disable CA5351 // A name, not a secret: Kubernetes users know these names.
    private static string Md5(string text) => Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(text)));
#pragma warning restore CA5351

    private static string TrimEnd(string name)
    {
        var length = name.Length;
        while (length > 0 && !char.IsAsciiLetterOrDigit(name[length - 1]))
        {
            length--;
        }

        return name[..length];
    }
}
