using Hikigane.Runtime.Processes;

namespace Hikigane.Unit.Runtime.Processes;

public sealed class HostMountsTests
{
    private const string Mounts = """
        22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
        23 22 0:21 / /home rw,nosuid,nodev,relatime shared:2 - ext4 /dev/vdb rw
        24 23 0:22 / /home/a\040b ro,noatime shared:3 - tmpfs tmpfs rw
        25 22 0:23 / /strict rw,nosuid shared:4 - tmpfs tmpfs rw
        """;

    [Theory]
    [InlineData("/usr", "")]
    [InlineData("/home/user", ",nosuid,nodev")]
    [InlineData("/home/a b/c", ",noatime")]
    [InlineData("/homes", "")]
    [InlineData("/strict", ",nosuid,strictatime")]
    public void The_flags_of_the_mount_around_a_path_are_kept(string path, string flags) => Assert.Equal(flags, HostMounts.Parse(Mounts).Flags(path));

    [Fact]
    public void Mounts_inside_a_folder_are_found() => Assert.Equal(["/home/a b"], HostMounts.Parse(Mounts).Below("/home"));
}
