using Hikigane.Runtime.Pods;

namespace Hikigane.Unit.Runtime.Pods;

public sealed class RestartBackoffTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void The_first_restart_is_at_once_and_each_further_one_waits_twice_as_long_up_to_five_minutes()
    {
        var backoff = new RestartBackoff();
        var waits = new List<double>();
        for (var i = 0; i < 8; i++)
        {
            waits.Add(backoff.Left(Now)?.TotalSeconds ?? 0);
            backoff.Next(Now);
        }

        Assert.Equal([0, 10, 20, 40, 80, 160, 300, 300], waits);
    }

    [Fact]
    public void A_container_that_ran_for_more_than_ten_minutes_starts_over()
    {
        var backoff = new RestartBackoff();
        backoff.Next(Now);

        Assert.NotNull(backoff.Left(Now.AddMinutes(10)));
        Assert.Null(backoff.Left(Now.AddMinutes(10).AddSeconds(1)));
    }

    [Theory]
    [InlineData(10, "10s")]
    [InlineData(160, "2m40s")]
    [InlineData(300, "5m0s")]
    public void A_delay_is_written_as_Go_writes_it(int seconds, string text) => Assert.Equal(text, RestartBackoff.Text(TimeSpan.FromSeconds(seconds)));
}
