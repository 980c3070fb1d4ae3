namespace Hikigane.Server.Listener;

/// <summary>The routes of a listener: Go's <c>ServeMux</c> sends a path that needs cleaning to its clean form.</summary>
internal static class ListenerPath
{
    /// <summary>A path without empty, <c>.</c> and <c>..</c> segments, rooted, with its last slash kept. As Go's <c>net/http.cleanPath</c>.</summary>
    public static string Clean(string path)
    {
        var segments = new List<string>();
        foreach (var segment in path.Split('/'))
        {
            if (segment == "..")
            {
                if (segments.Count > 0)
                {
                    segments.RemoveAt(segments.Count - 1);
                }
            }
            else if (segment is not ("" or "."))
            {
                segments.Add(segment);
            }
        }

        var clean = "/" + string.Join('/', segments);
        return path.EndsWith('/') && clean.Length > 1 ? clean + "/" : clean;
    }
}
