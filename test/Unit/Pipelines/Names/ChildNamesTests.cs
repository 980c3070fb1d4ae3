using Hikigane.Pipelines.Names;

namespace Hikigane.Unit.Pipelines.Names;

public sealed class ChildNamesTests
{
    [Fact]
    public void A_short_name_is_parent_and_suffix() => Assert.Equal("tr-pod", ChildNames.Child("tr", "-pod"));

    [Fact]
    public void A_long_name_is_cut_and_told_apart_by_a_hash()
    {
        var one = ChildNames.Child(new string('a', 62), "-pod");
        var other = ChildNames.Child(new string('a', 61) + "b", "-pod");

        Assert.True(one.Length <= 63);
        Assert.EndsWith("-pod", one, StringComparison.Ordinal);
        Assert.NotEqual(one, other);
    }

    [Fact]
    public void A_restricted_name_ends_in_a_letter_or_a_digit() => Assert.Equal(new string('a', 61), ChildNames.Restrict(new string('a', 61) + "--b"));
}
