namespace Hikigane.Cli;

/// <summary>Where the state of one installation lives. The default is the user's state directory (XDG Base Directory Specification).</summary>
internal static class DataDirectory
{
    public static string Default
    {
        get
        {
            var state = Environment.GetEnvironmentVariable("XDG_STATE_HOME");
            return Path.Combine(
                string.IsNullOrEmpty(state)
                    ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state")
                    : state,
                "hikigane");
        }
    }
}
