using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Server.Parts;

namespace Hikigane.Server.Webhooks;

/// <summary>
/// Tells the API where a webhook is and whom to trust: writes address and <c>caBundle</c> into its configuration objects, which are made when they
/// are missing, and into the CRDs that it converts. As knative.dev/pkg webhook/resourcesemantics.
/// </summary>
internal sealed class WebhookRegistration(WebhookSite site, PartContext context)
{
    /// <summary>Writes what is not so yet.</summary>
    public async Task WriteAsync(string caBundle, CancellationToken cancellationToken)
    {
        foreach (var configuration in site.Configurations)
        {
            await KeepAsync(configuration, caBundle, cancellationToken);
        }

        if (site.Converts is { } group)
        {
            await ConvertAsync(group, caBundle, cancellationToken);
        }
    }

    private async Task KeepAsync(JsonObject wanted, string caBundle, CancellationToken cancellationToken)
    {
        var type = wanted.Text("kind") == "MutatingWebhookConfiguration" ? Kinds.MutatingWebhookConfiguration : Kinds.ValidatingWebhookConfiguration;
        var made = wanted.Copy();
        foreach (var webhook in made.Objects("webhooks"))
        {
            webhook["clientConfig"] = Client(webhook.Text("clientConfig", "service", "path")!, caBundle);
        }

        try
        {
            var existing = (await context.Kube.GetAsync(type, null, wanted.Name(), cancellationToken)).Copy();
            if (!JsonNode.DeepEquals(existing["webhooks"], made["webhooks"]))
            {
                existing["webhooks"] = made["webhooks"]!.DeepClone();
                await context.Kube.UpdateAsync(type, existing, cancellationToken);
            }
        }
        catch (KubeException exception) when (exception.IsNotFound)
        {
            await context.Kube.CreateAsync(type, null, made, cancellationToken);
        }
    }

    /// <summary>Only CRDs that ask for a webhook are told where it is: the embedded API converts by itself.</summary>
    private async Task ConvertAsync(string group, string caBundle, CancellationToken cancellationToken)
    {
        var definitions = await context.Kube.ListAsync(Kinds.CustomResourceDefinition, null, ListQuery.All, cancellationToken);
        foreach (var definition in definitions.Items.Where(one => one.Text("spec", "group") == group && one.Text("spec", "conversion", "strategy") == "Webhook"))
        {
            var client = Client("/resource-conversion", caBundle);
            if (!JsonNode.DeepEquals(definition.At("spec", "conversion", "webhook", "clientConfig"), client))
            {
                var updated = definition.Copy();
                updated.Ensure("spec", "conversion", "webhook")["clientConfig"] = client;
                await context.Kube.UpdateAsync(Kinds.CustomResourceDefinition, updated, cancellationToken);
            }
        }
    }

    private JsonObject Client(string path, string caBundle) => context.Url is { } url
        ? new JsonObject { ["caBundle"] = caBundle, ["url"] = new Uri(url, path).ToString() }
        : new JsonObject
        {
            ["caBundle"] = caBundle,
            ["service"] = new JsonObject { ["name"] = site.Name, ["namespace"] = context.Namespace, ["path"] = path, ["port"] = 443 },
        };
}
