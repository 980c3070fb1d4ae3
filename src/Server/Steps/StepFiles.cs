using Hikigane.Pipelines.Steps;
using Hikigane.Runtime;

namespace Hikigane.Server.Steps;

/// <summary>The file actions of the step protocol, through the mounts of a container.</summary>
internal static class StepFiles
{
    public static void Do(StepAction action, ContainerPaths paths)
    {
        switch (action)
        {
            case StepAction.ReadFile read:
                Read(read, paths);
                break;
            case StepAction.WriteFile write:
                Write(write, paths);
                break;
            case StepAction.MakeFolder folder:
                Guard(() => Directory.CreateDirectory(paths.ToHost(folder.Path)));
                break;
            case StepAction.ListFolder list:
                var listed = paths.ToHost(list.Path);
                list.Names = Directory.Exists(listed) ? [.. new DirectoryInfo(listed).EnumerateFileSystemInfos().Select(entry => entry.Name)] : [];
                break;
            case StepAction.CopyOver copy:
                Guard(() => CopyOver(paths.ToHost(copy.Source), paths.ToHost(copy.Target)));
                break;
            case StepAction.CopyFile copy:
                copy.Error = CopyProgram(copy, paths);
                break;
            case StepAction.Link link:
                MakeLink(link, paths);
                break;
        }
    }

    private static void Read(StepAction.ReadFile read, ContainerPaths paths)
    {
        var path = paths.ToHost(read.Path);
        if (Directory.Exists(path))
        {
            read.Error = "is a directory";
        }
        else if (File.Exists(path))
        {
            read.Error = Guard(() => read.Content = File.ReadAllBytes(path));
        }
    }

    private static void Write(StepAction.WriteFile write, ContainerPaths paths)
    {
        var path = paths.ToHost(write.Path);
        write.Error = Guard(() =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, write.Content);
            if (write.Mode != 0 && !OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, (UnixFileMode)write.Mode);
            }
        });
    }

    private static void CopyOver(string source, string target)
    {
        if (File.Exists(source))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(source, target, overwrite: true);
            return;
        }

        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            CopyOver(file, Path.Combine(target, Path.GetRelativePath(source, file)));
        }
    }

    private static string? CopyProgram(StepAction.CopyFile copy, ContainerPaths paths)
    {
        var source = paths.ToHost(copy.Source);
        if (!File.Exists(source))
        {
            return $"open {copy.Source}: no such file or directory";
        }

        return Guard(() =>
        {
            var target = paths.ToHost(copy.Target);
            File.Copy(source, target, overwrite: true);
            if (!OperatingSystem.IsWindows())
            {
                // As upstream: executable by all, readable by nobody (-wx--x--x).
                File.SetUnixFileMode(target, (UnixFileMode)0xC9);
            }
        });
    }

    private static void MakeLink(StepAction.Link link, ContainerPaths paths)
    {
        var path = paths.LinkToHost(link.Path);
        if (new FileInfo(path).LinkTarget is null && !File.Exists(path) && !Directory.Exists(path))
        {
            Guard(() => File.CreateSymbolicLink(path, link.Target));
        }
    }

    private static string? Guard(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return exception.Message;
        }
    }
}
