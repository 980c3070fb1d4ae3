namespace Hikigane.Runtime.Processes;

/// <summary>
/// The mounts of the host. Whoever is root only in a namespace of his own may make a mount read-only, but may not clear what else holds of it:
/// its flags have to be named again.
/// </summary>
internal sealed class HostMounts
{
    private static readonly string[] Kept = ["nosuid", "nodev", "noexec", "noatime", "nodiratime"];

    private readonly List<(string Path, string[] Options)> mounts;

    private HostMounts(IEnumerable<string> lines) => mounts = [.. lines.Select(line => line.Split(' ')).Where(fields => fields.Length > 5)
        .Select(fields => (Unescape(fields[4]), fields[5].Split(',')))];

    public static HostMounts Read() => new(File.ReadLines("/proc/self/mountinfo"));

    internal static HostMounts Parse(string text) => new(text.Split('\n'));

    /// <summary>The flags of the mount that a path lies in, as further options: <c>,nosuid,nodev</c>.</summary>
    public string Flags(string path)
    {
        // Of two mounts at one place the later is seen.
        var options = mounts.Where(mount => IsWithin(path, mount.Path)).OrderBy(mount => mount.Path.Length).LastOrDefault().Options ?? [];
        var isStrict = options.Length > 0 && !options.Contains("relatime") && !options.Contains("noatime");
        return string.Concat(options.Where(Kept.Contains).Select(option => "," + option)) + (isStrict ? ",strictatime" : "");
    }

    /// <summary>Mount points inside a folder, outer before inner.</summary>
    public IEnumerable<string> Below(string folder) =>
        mounts.Select(mount => mount.Path).Where(path => path != folder && IsWithin(path, folder)).Distinct().Order(StringComparer.Ordinal);

    private static bool IsWithin(string path, string folder) => folder == "/" || path == folder || path.StartsWith(folder + "/", StringComparison.Ordinal);

    private static string Unescape(string path) =>
        path.Replace("\\040", " ", StringComparison.Ordinal).Replace("\\011", "\t", StringComparison.Ordinal)
            .Replace("\\012", "\n", StringComparison.Ordinal).Replace("\\134", "\\", StringComparison.Ordinal);
}
