namespace Hikigane.Ledger;

/// <summary>The ledger cannot be read or written; the message is one line for a person.</summary>
public sealed class LedgerException(string message, Exception? cause = null) : Exception(message, cause);
