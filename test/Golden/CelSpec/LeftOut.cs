namespace Hikigane.Golden.CelSpec;

/// <summary>The cases of the specification that are for libraries which Triggers does not enable, by name: <c>left-out.txt</c>.</summary>
internal static class LeftOut
{
    private static readonly IReadOnlyDictionary<string, string> LibraryOf = Read();

    /// <summary>The library that a case is for; null when the case counts.</summary>
    public static string? Library(string id) => LibraryOf.GetValueOrDefault(id);

    private static Dictionary<string, string> Read()
    {
        using var reader = new StreamReader(typeof(LeftOut).Assembly.GetManifestResourceStream("cel-spec-left-out")!);
        var libraries = new Dictionary<string, string>();
        var library = "";
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#'))
            {
                library = line[1..].Trim();
            }
            else if (line.Length > 0)
            {
                libraries.Add(line, library);
            }
        }

        return libraries;
    }
}
