using Hikigane.Runtime;
using Hikigane.Runtime.Processes;

namespace Hikigane.Unit.Runtime.Processes;

public sealed class ProgramReportTests
{
    [Theory]
    [InlineData("run\nexit 0\n", 0, false)]
    [InlineData("run\nexit 137\n", 137, false)]
    [InlineData("run\nKilled\nexit 137\n", 137, true)]
    [InlineData("run\nsh: line 1:     4 Aborted                 ( exec \"$@\" ) 2>&9 9>&-\nexit 134\n", 134, true)]
    [InlineData("run\n", 137, true)]
    [InlineData("", 1, false)]
    public void A_signal_is_named_before_the_exit_code_or_has_ended_the_shell_too(string report, int code, bool isBySignal) =>
        Assert.Equal(new ContainerExit(code, isBySignal), ProgramReport.Read(report, code, []));

    [Fact]
    public void A_signal_that_shells_do_not_name_counts_when_it_was_sent()
    {
        Assert.Equal(new ContainerExit(130, true), ProgramReport.Read("run\nexit 130\n", 130, [2]));
        Assert.Equal(new ContainerExit(130, false), ProgramReport.Read("run\nexit 130\n", 130, [15]));
    }
}
