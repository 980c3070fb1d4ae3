using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Hikigane.ApiServer.Rest;

namespace Hikigane.ApiServer.Admission;

/// <summary>A write on its way in. Mutating steps change <see cref="Object"/> in place; it is in the version that the client sent.</summary>
public sealed record AdmissionRequest(Target Target, Caller Caller, string Operation, JsonObject? Object, JsonObject? Old, bool IsDryRun, ICollection<string> Warnings);

/// <summary>Refuses by throwing a <see cref="Kube.KubeException"/>; may change the object when it mutates.</summary>
public delegate ValueTask AdmissionStep(AdmissionRequest request, CancellationToken cancellationToken);

/// <summary>
/// The in-process admission of a write: all mutating steps in the order they were added, then, after defaulting and validation of the
/// kind, all validating steps. Steps are keyed by group and kind; an empty kind means all. Wired once, before serving.
/// </summary>
public sealed class AdmissionChain
{
    private readonly ConcurrentDictionary<(string Group, string Kind), List<AdmissionStep>> mutating = new();
    private readonly ConcurrentDictionary<(string Group, string Kind), List<AdmissionStep>> validating = new();
    private readonly List<AdmissionStep> mutatingAll = [];
    private readonly List<AdmissionStep> validatingAll = [];

    public void Mutate(string group, string kind, AdmissionStep step) => mutating.GetOrAdd((group, kind), _ => []).Add(step);

    public void Validate(string group, string kind, AdmissionStep step) => validating.GetOrAdd((group, kind), _ => []).Add(step);

    /// <summary>A mutating step for every kind; the built-in and HTTP webhooks come this way.</summary>
    public void MutateAll(AdmissionStep step) => mutatingAll.Add(step);

    public void ValidateAll(AdmissionStep step) => validatingAll.Add(step);

    internal ValueTask MutateAsync(AdmissionRequest request, CancellationToken cancellationToken) =>
        RunAsync(mutating, mutatingAll, request, cancellationToken);

    internal ValueTask ValidateAsync(AdmissionRequest request, CancellationToken cancellationToken) =>
        RunAsync(validating, validatingAll, request, cancellationToken);

    private static async ValueTask RunAsync(
        ConcurrentDictionary<(string Group, string Kind), List<AdmissionStep>> keyed, List<AdmissionStep> all, AdmissionRequest request,
        CancellationToken cancellationToken)
    {
        var own = keyed.GetValueOrDefault((request.Target.Type.Group, request.Target.Type.Kind)) ?? [];
        foreach (var step in own.Concat(all))
        {
            await step(request, cancellationToken);
        }
    }
}
