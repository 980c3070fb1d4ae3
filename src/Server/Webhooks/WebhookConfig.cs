using System.Text.Json.Nodes;
using Hikigane.Resources.Pipelines;

namespace Hikigane.Server.Webhooks;

/// <summary>The configuration that admission depends on, read from the ConfigMaps of the installation's namespace.</summary>
/// <param name="TriggersDefaults"><c>data</c> of <c>config-defaults-triggers</c>.</param>
internal sealed record WebhookConfig(string Namespace, PipelinesConfig Pipelines, JsonObject? TriggersDefaults)
{
    /// <param name="data">The <c>data</c> of a ConfigMap by its name; null when there is none.</param>
    public static WebhookConfig Read(string ns, Func<string, JsonObject?> data) =>
        new(ns, PipelinesConfig.Read(data("feature-flags"), data("config-defaults")), data("config-defaults-triggers"));
}
