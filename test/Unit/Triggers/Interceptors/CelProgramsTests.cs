using Hikigane.Triggers.Interceptors;

namespace Hikigane.Unit.Triggers.Interceptors;

public sealed class CelProgramsTests
{
    [Fact]
    public void A_text_is_compiled_once()
    {
        var programs = new CelPrograms(CelInterceptor.Environment);

        Assert.Same(programs.Of("body.a == 1"), programs.Of(string.Concat("body.a ", "== 1")));
        Assert.NotSame(programs.Of("body.a == 1"), programs.Of("body.a == 2"));
    }

    [Fact]
    public void A_text_with_a_problem_keeps_its_problem()
    {
        var programs = new CelPrograms(CelInterceptor.Environment);

        Assert.NotNull(programs.Of("body.").Problem);
        Assert.Same(programs.Of("body."), programs.Of("body."));
    }

    [Theory]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(100)]
    public void There_are_never_more_than_may_be(int texts)
    {
        var programs = new CelPrograms(CelInterceptor.Environment, most: 8);

        for (var i = 0; i < texts; i++)
        {
            Assert.NotNull(programs.Of($"body.a == {i}").Program);
            Assert.InRange(programs.Count, 1, 8);
        }
    }

    [Fact]
    public void What_is_used_outlives_what_passes_by()
    {
        var programs = new CelPrograms(CelInterceptor.Environment, most: 8);
        var kept = programs.Of("body.kept");
        var dropped = programs.Of("body.dropped");

        for (var i = 0; i < 100; i++)
        {
            programs.Of($"body.a == {i}");
            Assert.Same(kept, programs.Of("body.kept"));
        }

        Assert.NotSame(dropped, programs.Of("body.dropped"));
    }

    [Fact]
    public void Long_texts_count_by_their_length()
    {
        var programs = new CelPrograms(CelInterceptor.Environment, mostCharacters: 400);

        for (var i = 100; i < 200; i++)
        {
            programs.Of($"'{new string('x', 95)}' == '{i}'");
            Assert.InRange(programs.Count, 1, 3);
        }

        programs.Of($"'{new string('y', 300)}' == ''");
        Assert.InRange(programs.Count, 1, 3);
    }

    [Fact]
    public async Task Many_threads_get_the_same_program()
    {
        var programs = new CelPrograms(CelInterceptor.Environment, most: 64);

        var got = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => Task.Run(() => programs.Of($"body.a == {i % 4}"))));

        Assert.Equal(4, got.Distinct().Count());
        Assert.Equal(4, programs.Count);
    }
}
