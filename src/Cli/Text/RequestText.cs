using System.Text;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Cli.Text;

/// <summary>The request as it was received, credentials redacted, and the parameters that were made of it.</summary>
internal static class RequestText
{
    public static void Write(TextWriter output, Delivery delivery)
    {
        foreach (var trigger in delivery.Triggers.Where(trigger => trigger.Params.Count > 0))
        {
            output.WriteLine();
            output.WriteLine($"params of {trigger.Name}:");
            foreach (var param in trigger.Params)
            {
                output.WriteLine($"  {param.Name} = {param.Value}{(param.Origin.Length == 0 ? "" : $"   ({param.Origin})")}");
            }
        }

        output.WriteLine();
        WriteHead(output, delivery.Event);
        output.WriteLine();
        output.WriteLine(Encoding.UTF8.GetString(delivery.Event.Body.Span));
        if (delivery.Event.IsTruncated)
        {
            output.WriteLine(delivery.Event.Body.IsEmpty
                ? $"(the body is not kept: {(EventFacts.Header(delivery.Event, "Content-Length") is null ? "at least " : "")}{delivery.Event.BodyBytes} bytes)"
                : $"… {delivery.Event.Body.Length} of {delivery.Event.BodyBytes} bytes are kept");
        }
    }

    /// <summary>Request line and headers.</summary>
    public static void WriteHead(TextWriter output, ReceivedEvent received)
    {
        output.WriteLine($"{received.Method} {received.Path}{(received.HttpVersion.Length == 0 ? "" : " " + received.HttpVersion)}");
        foreach (var header in received.Headers)
        {
            output.WriteLine($"{header.Key}: {header.Value}");
        }
    }
}
