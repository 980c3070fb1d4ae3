using Microsoft.AspNetCore.Http;

namespace Hikigane.ApiServer.Streaming;

/// <summary>The query of <c>pods/exec</c>.</summary>
internal sealed record ExecOptions(IReadOnlyList<string> Command, bool Stdin, bool Stdout, bool Stderr, bool Tty)
{
    public static ExecOptions Of(IQueryCollection query)
    {
        var isTty = Flag(query, "tty");
        return new ExecOptions([.. query["command"].OfType<string>()], Flag(query, "stdin"), Flag(query, "stdout"), Flag(query, "stderr") && !isTty, isTty);
    }

    private static bool Flag(IQueryCollection query, string name) => query[name].ToString() is "true" or "1";
}
