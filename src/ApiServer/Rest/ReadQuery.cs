using Microsoft.AspNetCore.Http;

namespace Hikigane.ApiServer.Rest;

/// <summary>The query string of a list or watch.</summary>
internal static class ReadQuery
{
    public static ReadOptions Of(IQueryCollection query) => new(Text(query, "labelSelector"), Text(query, "fieldSelector"))
    {
        Limit = int.TryParse(query["limit"], out var limit) ? limit : 0,
        Continue = Text(query, "continue"),
        ResourceVersion = query["resourceVersion"].ToString(),
        ResourceVersionMatch = Text(query, "resourceVersionMatch"),
        SendInitialEvents = Text(query, "sendInitialEvents") is { } sends ? sends is "true" or "1" : null,
        AllowWatchBookmarks = query["allowWatchBookmarks"].ToString() is "true" or "1",
        Timeout = int.TryParse(query["timeoutSeconds"], out var seconds) && seconds > 0 ? TimeSpan.FromSeconds(seconds) : null,
    };

    private static string? Text(IQueryCollection query, string name) => query[name].ToString() is { Length: > 0 } text ? text : null;
}
