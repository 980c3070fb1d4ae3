namespace Hikigane;

/// <summary>Where the checkout is, found from the test binary upwards.</summary>
public static class Repository
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Hikigane.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("No Hikigane.slnx above " + AppContext.BaseDirectory);
    }
}
