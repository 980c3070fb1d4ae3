using System.Text.Json.Nodes;

namespace Hikigane.Golden;

/// <summary>One recorded case with its outcome: <see cref="Difference"/> is null when it agrees.</summary>
public sealed record Judged(string File, string Id, string? Difference);

/// <summary>
/// The score against the recorded answers of the real Tekton:
/// <c>golden [DIR] [--file triggers/cel.jsonl] [--id ID] [--failing] [--diff]</c>.
/// </summary>
public static class Score
{
    /// <summary>Where the recorded answers are when the project lies beside them: <c>../shared/conformance</c>; null when they are not there.</summary>
    public static string? DefaultDirectory()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Hikigane.slnx")))
            {
                var beside = Path.GetFullPath(Path.Combine(folder.FullName, "..", "shared", "conformance"));
                return Directory.Exists(beside) ? beside : Environment.GetEnvironmentVariable("CONFORMANCE");
            }
        }

        return null;
    }

    public static async Task<int> RunAsync(string[] args)
    {
        var options = Options.Parse(args);
        var directory = options.Directory ?? DefaultDirectory();
        if (directory is null || !Directory.Exists(directory))
        {
            Console.Error.WriteLine("golden: no recorded answers: ../shared/conformance is not there; name a directory");
            return 2;
        }

        foreach (var file in Judges.ByFile.Keys)
        {
            if (!File.Exists(Path.Combine(directory, file)) || (options.File is not null && !file.Contains(options.File, StringComparison.Ordinal)))
            {
                continue;
            }

            var judged = await JudgeFileAsync(directory, file, options.Id);
            Console.WriteLine($"{file}: {judged.Count(one => one.Difference is null)} of {judged.Count}{LeftOutOf(directory, file)}");
            foreach (var failing in judged.Where(one => one.Difference is not null && (options.Failing || options.Diff)))
            {
                Console.WriteLine($"  {failing.Id}");
                if (options.Diff)
                {
                    Console.WriteLine("    " + failing.Difference!.ReplaceLineEndings("\n    "));
                }
            }
        }

        return 0;
    }

    /// <summary>Judges every case of a file, several at a time, in the file's order.</summary>
    public static async Task<IReadOnlyList<Judged>> JudgeFileAsync(string directory, string file, string? id = null)
    {
        var cases = (await File.ReadAllLinesAsync(Path.Combine(directory, file)))
            .Where(line => line.Length > 0)
            .Select(line => (JsonObject)JsonNode.Parse(line)!)
            .Where(recorded => (bool?)recorded["needsMessageTypes"] != true) // Protobuf messages: Tekton's event data has none.
            .Where(recorded => id is null || (string?)recorded["id"] == id)
            .ToList();
        var judged = new Judged[cases.Count];
        await Parallel.ForEachAsync(Enumerable.Range(0, cases.Count), async (index, _) =>
        {
            judged[index] = new Judged(file, (string)cases[index]["id"]!, await JudgeAsync(Judges.ByFile[file], cases[index]));
        });
        return [.. judged.Where(one => one.Difference is not null || CelSpec.LeftOut.Library(one.Id) is null)];
    }

    /// <summary>What a file has and the figures do not count, said beside them.</summary>
    private static string LeftOutOf(string directory, string file)
    {
        var cases = File.ReadAllLines(Path.Combine(directory, file)).Where(line => line.Length > 0).Select(line => (JsonObject)JsonNode.Parse(line)!).ToList();
        var messages = cases.Count(recorded => (bool?)recorded["needsMessageTypes"] == true);
        var libraries = cases.Select(recorded => CelSpec.LeftOut.Library((string?)recorded["id"] ?? "")).OfType<string>().GroupBy(library => library)
            .Select(library => $"{library.Count()} for {library.Key}");
        List<string> reasons = [.. libraries, .. messages > 0 ? [$"{messages} that need message types"] : (string[])[]];
        return reasons.Count == 0 ? "" : $" (left out: {string.Join("; ", reasons)})";
    }

    private static async Task<string?> JudgeAsync(Judge? judge, JsonObject recorded)
    {
        try
        {
            return judge is null ? "nothing answers this file yet" : await judge(recorded);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return "the judge failed: " + exception;
        }
    }

    private sealed record Options(string? Directory, string? File, string? Id, bool Failing, bool Diff)
    {
        public static Options Parse(string[] args)
        {
            var options = new Options(null, null, null, false, false);
            for (var i = 0; i < args.Length; i++)
            {
                options = args[i] switch
                {
                    "--file" => options with { File = args[++i] },
                    "--id" => options with { Id = args[++i] },
                    "--failing" => options with { Failing = true },
                    "--diff" => options with { Diff = true },
                    var directory => options with { Directory = directory },
                };
            }

            return options;
        }
    }
}
