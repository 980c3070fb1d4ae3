using System.Text.Json.Nodes;
using Hikigane.ApiServer.Admission;
using Hikigane.ApiServer.Rest;
using Hikigane.ApiServer.Store;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Pipelines;
using Hikigane.Server.Install;

namespace Hikigane.Server.Webhooks;

/// <summary>
/// Tekton's admission inside the process: the same functions that a webhook over HTTPS calls, and refusals in the same words. Any thread.
/// </summary>
internal sealed class TektonAdmission(ObjectApi api)
{
    private static readonly string[] ConfigMaps = ["feature-flags", "config-defaults", "config-defaults-triggers"];

    private Known? known;

    /// <summary>Gives an API Tekton's conversion and admission, by the same code as over HTTPS.</summary>
    public static void AddTo(ObjectApi api)
    {
        foreach (var kind in api.Kinds.All.Where(kind => kind.Type.Group is "tekton.dev" or "resolution.tekton.dev"))
        {
            api.Kinds.Add(kind with { Convert = Convert });
        }

        var admission = new TektonAdmission(api);
        api.Admission.MutateAll(admission.MutateAsync);
        api.Admission.ValidateAll(admission.ValidateAsync);
    }

    private static JsonObject Convert(JsonObject manifest, ResourceType wanted) => PipelinesConversion.Problem(manifest, wanted.Version) is { } problem
        ? throw new KubeException(500, "InternalError", problem)
        : PipelinesConversion.Convert(manifest, wanted.Version);

    private ValueTask MutateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (ReviewOf(request) is { } review && TektonWebhooks.Mutate(review, Config()) is { } answer)
        {
            Check(answer);
            Replace(request.Object!, answer.Object);
        }

        return ValueTask.CompletedTask;
    }

    private ValueTask ValidateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (ReviewOf(request) is { } review && TektonWebhooks.Validate(review, Config()) is { } answer)
        {
            Check(answer);
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Null where no webhook is asked: other kinds, and the status that the controllers of this process write, many times a run.</summary>
    private static WebhookReview? ReviewOf(AdmissionRequest request)
    {
        var type = request.Target.Type;
        return request.Object is { } manifest
            && (TektonWebhooks.Knows(type.Group, type.Kind) || (type == Kinds.ConfigMap && request.Target.Namespace == Installation.Namespace))
            && !(request.Target.Subresource == "status" && ReferenceEquals(request.Caller, Caller.System))
            ? new WebhookReview(request.Operation, type.Group, type.Version, type.Kind, request.Target.Namespace, manifest, request.Old)
            {
                Subresource = request.Target.Subresource ?? "",
            }
            : null;
    }

    private static void Check(WebhookAnswer answer)
    {
        if (answer.Refusal is { } refusal)
        {
            throw Errors.BadRequest(refusal);
        }
    }

    /// <summary>Puts the defaulted object in the place of the one that was sent.</summary>
    private static void Replace(JsonObject target, JsonObject? defaulted)
    {
        if (defaulted is null || ReferenceEquals(target, defaulted))
        {
            return;
        }

        var copy = defaulted.Copy();
        target.Clear();
        foreach (var (key, value) in copy.ToList())
        {
            copy.Remove(key);
            target[key] = value;
        }
    }

    /// <summary>The configuration, read again when one of its ConfigMaps has another revision.</summary>
    private WebhookConfig Config()
    {
        var snapshot = api.Store.Current;
        StoredObject?[] maps = [.. ConfigMaps.Select(name => snapshot.Find(new StoreKey(Kinds.ConfigMap.GroupResource, Installation.Namespace, name)))];
        if (known is { } current && current.Maps.SequenceEqual(maps))
        {
            return current.Config;
        }

        var config = WebhookConfig.Read(Installation.Namespace, name => maps[Array.IndexOf(ConfigMaps, name)]?.Object.Object("data"));
        known = new Known(maps, config);
        return config;
    }

    /// <summary>A class, so that it is replaced at once.</summary>
    private sealed record Known(StoredObject?[] Maps, WebhookConfig Config);
}
