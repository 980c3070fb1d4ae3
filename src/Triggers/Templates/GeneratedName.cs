using System.Security.Cryptography;
using System.Text;

namespace Hikigane.Triggers.Templates;

/// <summary>
/// Names and identities that come from the event instead of from chance, so that processing an event again finds what the first
/// attempt made.
/// </summary>
public static class GeneratedName
{
    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";
    private const int SuffixLength = 5;

    // The API server cuts the prefix so that prefix and suffix fit a label.
    private const int MaxPrefix = 63 - SuffixLength;

    /// <summary>The name of the object that the n-th resource template of a trigger makes of an event.</summary>
    public static string Of(string generateName, string eventId, string triggerKey, int templateIndex)
    {
        var hash = Hash($"{eventId}\n{triggerKey}\n{templateIndex}");
        var number = BitConverter.ToUInt64(hash, 0);
        var name = new StringBuilder(generateName.Length > MaxPrefix ? generateName[..MaxPrefix] : generateName);
        for (var i = 0; i < SuffixLength; i++)
        {
            name.Append(Alphabet[(int)(number % (ulong)Alphabet.Length)]);
            number /= (ulong)Alphabet.Length;
        }

        return name.ToString();
    }

    /// <summary>The <c>$(uid)</c> of one run of a trigger.</summary>
    public static string Uid(string eventId, string triggerKey)
    {
        var bytes = Hash($"{eventId}\n{triggerKey}\nuid").AsSpan(0, 16);
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString();
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
