namespace Hikigane.Integration;

public sealed class PlaceholderTests
{
    [Fact]
    public void Repository_is_found() => Assert.True(Directory.Exists(Repository.Root));
}
