namespace Hikigane.ApiServer.Registry;

/// <summary>Kubernetes' order of versions: stable before beta before alpha, higher numbers first, anything else last by name.</summary>
internal sealed class VersionOrder : IComparer<string>
{
    public static readonly VersionOrder Preferred = new();

    public int Compare(string? x, string? y)
    {
        var (left, right) = (Parse(x ?? ""), Parse(y ?? ""));
        var byRank = right.CompareTo(left);
        return byRank != 0 ? byRank : string.CompareOrdinal(x, y);
    }

    private static (int Stability, int Major, int Minor) Parse(string version)
    {
        var stability = 3;
        var rest = version.StartsWith('v') ? version[1..] : "";
        var minor = "0";
        foreach (var (word, rank) in new[] { ("alpha", 1), ("beta", 2) })
        {
            if (rest.IndexOf(word, StringComparison.Ordinal) is var at and > 0)
            {
                (stability, minor, rest) = (rank, rest[(at + word.Length)..], rest[..at]);
            }
        }

        return int.TryParse(rest, out var major) && int.TryParse(minor, out var number) ? (stability, major, number) : (0, 0, 0);
    }
}
