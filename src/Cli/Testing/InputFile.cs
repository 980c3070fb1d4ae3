using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Resources.Yaml;

namespace Hikigane.Cli.Testing;

/// <summary>Reads the files that a command was given; <c>-</c> is standard input.</summary>
internal static class InputFile
{
    public static byte[] Bytes(string path)
    {
        try
        {
            if (path != "-")
            {
                return File.ReadAllBytes(path);
            }

            using var input = Console.OpenStandardInput();
            using var copy = new MemoryStream();
            input.CopyTo(copy);
            return copy.ToArray();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UnusableInputException(exception.Message);
        }
    }

    public static string Text(string path) => Encoding.UTF8.GetString(Bytes(path));

    /// <summary>Every object of a YAML or JSON file.</summary>
    public static IEnumerable<JsonObject> Manifests(string path)
    {
        var stream = YamlReader.Read(Text(path));
        if (stream.Errors.Count > 0)
        {
            throw new UnusableInputException(string.Join('\n', stream.Errors.Select(error => $"{path}: {error}")));
        }

        foreach (var document in stream.Documents)
        {
            if (document.Root is not JsonObject manifest)
            {
                throw new UnusableInputException($"{path}: line {document.Line}: not an object");
            }

            if (manifest["items"] is JsonArray items && manifest["kind"]?.GetValue<string>() is { } kind && kind.EndsWith("List", StringComparison.Ordinal))
            {
                foreach (var item in items.OfType<JsonObject>())
                {
                    yield return item;
                }
            }
            else
            {
                yield return manifest;
            }
        }
    }
}
