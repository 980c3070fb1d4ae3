namespace Hikigane.Cli.Testing;

/// <summary>What the user named cannot be read or makes no sense; the message says what and where. Ends in exit code 2.</summary>
internal sealed class UnusableInputException(string message) : Exception(message);
