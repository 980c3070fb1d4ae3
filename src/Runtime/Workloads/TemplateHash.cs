using System.Text.Json.Nodes;

namespace Hikigane.Runtime.Workloads;

/// <summary>
/// Short hashes in names: the pod-template-hash of a ReplicaSet and the suffix of a pod, in the alphabet of
/// k8s.io/apimachinery/pkg/util/rand, which spells no words.
/// </summary>
internal static class TemplateHash
{
    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";

    /// <summary>The hash of a pod template: the same for equal templates, whatever the order of their keys.</summary>
    public static string Of(JsonNode template)
    {
        var hash = 14695981039346656037UL;
        Fold(template, ref hash);
        return Spell(hash, 10);
    }

    /// <summary>The suffix of the name of a child: computed, so that deciding twice at the same moment names the same child.</summary>
    public static string Suffix(string seed, int length = 5)
    {
        var hash = 14695981039346656037UL;
        Fold(seed, ref hash);
        return Spell(hash, length);
    }

    private static void Fold(JsonNode? node, ref ulong hash)
    {
        switch (node)
        {
            case JsonObject map:
                foreach (var (key, value) in map.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                {
                    Fold(key, ref hash);
                    Fold(value, ref hash);
                }

                break;
            case JsonArray list:
                Fold("[", ref hash);
                foreach (var item in list)
                {
                    Fold(item, ref hash);
                }

                break;
            default:
                Fold(node?.ToJsonString() ?? "null", ref hash);
                break;
        }
    }

    private static void Fold(string text, ref ulong hash)
    {
        foreach (var character in text)
        {
            hash = (hash ^ character) * 1099511628211UL;
        }

        hash = (hash ^ 0xff) * 1099511628211UL;
    }

    private static string Spell(ulong hash, int length)
    {
        // The low digits of an FNV hash mix poorly; fold the high half in first.
        hash ^= hash >> 29;
        hash *= 0xbf58476d1ce4e5b9UL;
        hash ^= hash >> 32;
        return string.Create(length, hash, static (characters, left) =>
        {
            for (var i = 0; i < characters.Length; i++)
            {
                characters[i] = Alphabet[(int)(left % (ulong)Alphabet.Length)];
                left /= (ulong)Alphabet.Length;
            }
        });
    }
}
