using System.Diagnostics;

namespace Hikigane.Runtime;

/// <summary>Streams of a command; those that nobody asked for are null.</summary>
internal sealed record ExecStreams(Stream? Stdin, Stream? Stdout, Stream? Stderr);

/// <summary>Runs a command of the host to its end.</summary>
internal static class ProcessStart
{
    public static async Task<int> RunAsync(IReadOnlyList<string> command, ExecStreams streams, CancellationToken cancellationToken)
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(command[0], command.Skip(1))
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new ContainerStartException($"exec: \"{command[0]}\": {exception.Message}");
        }

        using var kill = cancellationToken.Register(() => process.Kill(entireProcessTree: true));
        _ = FeedAsync(process, streams.Stdin, cancellationToken);
        await Task.WhenAll(
            process.StandardOutput.BaseStream.CopyToAsync(streams.Stdout ?? Stream.Null, cancellationToken),
            process.StandardError.BaseStream.CopyToAsync(streams.Stderr ?? Stream.Null, cancellationToken));
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode;
    }

    private static async Task FeedAsync(Process process, Stream? stdin, CancellationToken cancellationToken)
    {
        try
        {
            if (stdin is not null)
            {
                var input = process.StandardInput.BaseStream;
                var buffer = new byte[4096];
                int read;
                while ((read = await stdin.ReadAsync(buffer, cancellationToken)) > 0)
                {
                    await input.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                    await input.FlushAsync(cancellationToken);
                }
            }

            process.StandardInput.Close();
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
        }
    }
}
