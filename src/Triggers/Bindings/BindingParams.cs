using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Triggers.Bindings;

/// <summary>A parameter of a binding with the name of the binding that it stands in; empty for one in the trigger itself.</summary>
public sealed record BoundParam(BindingValue Value, string Binding);

/// <summary>Gathers the parameters of a trigger's bindings (spec: triggers.md §5.5). As tektoncd/triggers pkg/template/resource.go.</summary>
public static class BindingParams
{
    // An object in a cache is never changed, only replaced: its identity is its revision.
    private static readonly ConditionalWeakTable<JsonObject, IReadOnlyList<BoundParam>> Parsed = [];

    /// <summary>All parameters in order, or the reason why they cannot be resolved.</summary>
    public static (IReadOnlyList<BoundParam> Params, string? Error) Gather(JsonObject triggerSpec, string ns, TriggerLookups lookups)
    {
        var gathered = new List<BoundParam>();
        foreach (var binding in triggerSpec.Objects("bindings"))
        {
            if (binding.Text("name") is { Length: > 0 } && binding.Text("value") is not null)
            {
                gathered.Add(Parsed.GetValue(binding, one => [Bound(one, "")])[0]);
            }
            else if (binding.Text("ref") is { Length: > 0 } reference)
            {
                var isCluster = binding.Text("kind") == "ClusterTriggerBinding";
                var target = isCluster ? lookups.ClusterBinding(reference) : lookups.Binding(ns, reference);
                if (target is null)
                {
                    var kind = isCluster ? "ClusterTriggerBinding" : "TriggerBinding";
                    return ([], $"failed to resolve bindings: error getting {kind} : {kind.ToLowerInvariant()}.triggers.tekton.dev \"{reference}\" not found");
                }

                gathered.AddRange(Parsed.GetValue(target, one => [.. one.Objects("spec", "params").Select(param => Bound(param, one.Name()))]));
            }
            else
            {
                return ([], $"failed to resolve bindings: invalid binding: &{{{binding.Text("name")} <nil> {binding.Text("ref")} {binding.Text("kind")} {binding.Text("apiversion")}}}");
            }
        }

        var seen = new HashSet<string>();
        var twice = gathered.FirstOrDefault(param => !seen.Add(param.Value.Name));
        return twice is null ? (gathered, null) : ([], $"failed to resolve bindings: duplicate param name: {twice.Value.Name}");
    }

    private static BoundParam Bound(JsonObject param, string binding) =>
        new(BindingValue.Parse(param.Text("name") ?? "", param.Text("value") ?? ""), binding);
}
