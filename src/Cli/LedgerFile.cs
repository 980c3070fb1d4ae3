using Hikigane.Ledger;

namespace Hikigane.Cli;

/// <summary>The ledger of a data directory.</summary>
internal static class LedgerFile
{
    /// <summary>Null when nothing ever ran there.</summary>
    public static LedgerReader? Open(string dataDirectory) => LedgerReader.OpenFile(Path.Combine(dataDirectory, "ledger.db"));
}
