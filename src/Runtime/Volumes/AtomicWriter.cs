using System.Globalization;
using System.Runtime.InteropServices;

namespace Hikigane.Runtime.Volumes;

/// <summary>A file of a volume: its content and mode.</summary>
internal sealed record VolumeFile(byte[] Content, int Mode);

/// <summary>
/// Writes the files of a volume so that a reader sees all of the old or all of the new ones: a dated folder, the link <c>..data</c> to it,
/// and visible names that are links into <c>..data</c>. As kubernetes pkg/volume/util/atomic_writer.go.
/// </summary>
internal static class AtomicWriter
{
    /// <summary>Returns whether anything changed.</summary>
    public static bool Write(string folder, IReadOnlyDictionary<string, VolumeFile> files, DateTimeOffset now)
    {
        Directory.CreateDirectory(folder);
        var data = Path.Combine(folder, "..data");
        var before = new FileInfo(data).LinkTarget;
        if (before is not null && IsSame(Path.Combine(folder, before), files))
        {
            return false;
        }

        var dated = $"..{now.ToString("yyyy_MM_dd_HH_mm_ss.fffffff", CultureInfo.InvariantCulture)}";
        var target = Path.Combine(folder, dated);
        for (var i = 0; Directory.Exists(target); i++)
        {
            target = Path.Combine(folder, $"{dated}_{i}");
        }

        WriteFiles(target, files);
        File.Delete(data + "_tmp");
        File.CreateSymbolicLink(data + "_tmp", Path.GetFileName(target));

        // File.Move follows a link; rename(2) replaces the link itself, in one step.
        if (Rename(data + "_tmp", data) != 0)
        {
            throw new IOException($"cannot replace {data}: error {Marshal.GetLastPInvokeError()}");
        }

        Link(folder, files);
        if (before is not null)
        {
            PodFiles.Remove(Path.Combine(folder, before));
        }

        return true;
    }

    private static void WriteFiles(string target, IReadOnlyDictionary<string, VolumeFile> files)
    {
        Directory.CreateDirectory(target);
        foreach (var (path, file) in files)
        {
            var full = Path.GetFullPath(Path.Combine(target, path));
            if (!full.StartsWith(target + "/", StringComparison.Ordinal))
            {
                continue;
            }

            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            File.WriteAllBytes(full, file.Content);
            PodFiles.SetMode(full, (UnixFileMode)file.Mode);
        }
    }

    private static void Link(string folder, IReadOnlyDictionary<string, VolumeFile> files)
    {
        var wanted = files.Keys.Select(path => path.Split('/')[0]).ToHashSet();
        foreach (var name in wanted.Where(name => new FileInfo(Path.Combine(folder, name)).LinkTarget is null && name is not (".." or "." or "")))
        {
            File.CreateSymbolicLink(Path.Combine(folder, name), "..data/" + name);
        }

        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos()
            .Where(entry => entry.LinkTarget?.StartsWith("..data/", StringComparison.Ordinal) == true && !wanted.Contains(entry.Name)))
        {
            entry.Delete();
        }
    }

    private static bool IsSame(string folder, IReadOnlyDictionary<string, VolumeFile> files) =>
        Directory.Exists(folder) &&
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Count() == files.Count &&
        files.All(pair => File.Exists(Path.Combine(folder, pair.Key)) && File.ReadAllBytes(Path.Combine(folder, pair.Key)).AsSpan().SequenceEqual(pair.Value.Content));

    [DllImport("libc", EntryPoint = "rename", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Rename(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string from, [MarshalAs(UnmanagedType.LPUTF8Str)] string to);
}
