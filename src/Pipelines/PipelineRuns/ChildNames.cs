using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Hikigane.Pipelines.PipelineRuns;

/// <summary>Names of children, short enough for a label. As knative pkg/kmeta ChildName and tektoncd/pipeline pkg/reconciler/pipelinerun/resources.</summary>
public static class ChildNames
{
    private const int Longest = 63;
    private const int HashLength = 32;

    /// <summary>Parent and suffix, joined; shortened with a hash when that is too long.</summary>
    [SuppressMessage("Security", "CA5351", Justification = "The name upstream gives; nothing is protected by it.")]
    public static string Child(string parent, string suffix)
    {
        if (parent.Length + suffix.Length <= Longest)
        {
            return parent + suffix;
        }

        if (suffix.Length < Longest - HashLength)
        {
            return parent[..Math.Min(parent.Length, Longest - HashLength - suffix.Length)] + Hash(parent) + suffix;
        }

        var head = parent.Length > Longest - HashLength ? parent[..(Longest - HashLength)] : parent;
        var name = head + Hash(parent + suffix);
        var rest = Longest - name.Length;
        return (name + suffix[..Math.Min(rest, suffix.Length)]).TrimEnd('-', '.', '_');
    }

    /// <summary>Name of the run of a task, or of one of several runs of a matrix.</summary>
    public static string ForTask(string runName, string taskName, int index, int count)
    {
        if (count <= 1)
        {
            return Child(runName, $"-{taskName}");
        }

        var name = Child(runName, $"-{taskName}-{index}");
        var end = $"-{index}";
        if (name.EndsWith(end, StringComparison.Ordinal))
        {
            return name;
        }

        var stem = Child(runName, $"-{taskName}");
        return stem[..Math.Min(stem.Length, Longest - $"-{count}".Length)] + end;
    }

    /// <summary>The first ten hexadecimal digits of a SHA-256.</summary>
    public static string Short(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..10];

    [SuppressMessage("Security", "CA5351", Justification = "The name upstream gives; nothing is protected by it.")]
    private static string Hash(string text) => Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(text)));
}
