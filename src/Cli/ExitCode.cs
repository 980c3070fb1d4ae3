namespace Hikigane.Cli;

/// <summary>Exit codes of all commands; docs/cli.md lists them.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>The command could not do its work: nothing can be read, an address does not answer.</summary>
    public const int Failed = 1;

    /// <summary>The command was called in a way that makes no sense.</summary>
    public const int Usage = 2;

    public const int NotMatched = 3;
    public const int Rejected = 4;
    public const int Errored = 5;

    /// <summary>There is no such event, or none at all.</summary>
    public const int NothingReceived = 6;
}
