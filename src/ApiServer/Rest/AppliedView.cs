using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Rest;

/// <summary>
/// A custom resource as <c>kubectl apply</c> should compare it with a file. kubectl replaces lists of custom resources as a whole, so a
/// default that admission put into a list item makes it say <c>configured</c> about a file that changes nothing. Here a list that came from
/// what was last applied, and that applying again would make the same, is shown as it was applied; all that differs stays visible.
/// </summary>
internal static class AppliedView
{
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    /// <summary>The command as kubectl names it in a header of each of its requests.</summary>
    public const string CommandHeader = "Kubectl-Command";

    /// <summary>The object to show; the given one where there is nothing to hide.</summary>
    public static async ValueTask<JsonObject> OfAsync(ObjectApi api, Caller caller, Target target, JsonObject live, CancellationToken cancellationToken)
    {
        if (!target.Kind.IsCustom || Applied(live) is not { } applied || applied.Text("apiVersion") != target.Type.ApiVersion)
        {
            return live;
        }

        try
        {
            var again = await api.Writes.DefaultedAsync(caller, target, applied.Copy(), cancellationToken);
            var shown = live.Copy();
            Restore(shown, ObjectApi.Convert(again, target.Kind, target.Type, isShared: false), applied);
            return shown;
        }
        catch (KubeException)
        {
            // What was applied once is refused today; the next apply will say why.
            return live;
        }
    }

    private static JsonObject? Applied(JsonObject live)
    {
        try
        {
            return live.Annotation(LastApplied) is { } text ? JsonNode.Parse(text) as JsonObject : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void Restore(JsonObject shown, JsonObject again, JsonObject applied)
    {
        foreach (var (key, wanted) in applied)
        {
            switch (wanted, shown[key], again[key])
            {
                case (JsonObject inner, JsonObject live, JsonObject defaulted):
                    Restore(live, defaulted, inner);
                    break;
                case (JsonArray, JsonArray live, JsonArray defaulted) when JsonNode.DeepEquals(live, defaulted):
                    shown[key] = wanted.DeepClone();
                    break;
            }
        }
    }
}
