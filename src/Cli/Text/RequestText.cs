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
        output.WriteLine($"{delivery.Event.Method} {delivery.Event.Path}");
        foreach (var header in delivery.Event.Headers)
        {
            output.WriteLine($"{header.Key}: {header.Value}");
        }

        output.WriteLine();
        output.WriteLine(Encoding.UTF8.GetString(delivery.Event.Body.Span));
    }
}
