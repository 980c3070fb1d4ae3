namespace Hikigane.Server;

/// <summary>The system cannot start, for a reason that a person can mend: the message is one clear line.</summary>
public sealed class StartException(string message, Exception? cause = null) : Exception(message, cause);
