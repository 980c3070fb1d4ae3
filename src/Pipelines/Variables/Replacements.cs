using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.Variables;

/// <summary>
/// What <c>$(…)</c> names stand for: strings, arrays and whole objects, each under every spelling that Tekton accepts.
/// As tektoncd/pipeline pkg/reconciler/taskrun/resources/apply.go.
/// </summary>
public sealed class Replacements
{
    public Dictionary<string, string> Strings { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, IReadOnlyList<string>> Arrays { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, IReadOnlyDictionary<string, string>> Objects { get; } = new(StringComparer.Ordinal);

    /// <summary>Params of a run over the defaults of its specification; later wins, objects merge key by key.</summary>
    public static Replacements ForParams(IEnumerable<JsonObject> declared, IEnumerable<JsonObject> given)
    {
        var replacements = new Replacements();
        replacements.AddDefaults(declared);
        replacements.AddParams(given);
        return replacements;
    }

    /// <summary>The spellings of a param's name: <c>params.n</c>, <c>params["n"]</c>, <c>params['n']</c>, <c>inputs.params.n</c>.</summary>
    public static IReadOnlyList<string> Spellings(string name) =>
        [$"params.{name}", $"params[\"{name}\"]", $"params['{name}']", $"inputs.params.{name}"];

    public void AddParams(IEnumerable<JsonObject> given)
    {
        foreach (var param in given)
        {
            AddParam(param.Text("name") ?? "", ParamValue.Read(param["value"]));
        }
    }

    public void AddParam(string name, ParamValue value)
    {
        foreach (var spelling in Spellings(name))
        {
            switch (value)
            {
                case ParamValue.List list:
                    Arrays[spelling] = list.Values;
                    for (var i = 0; i < list.Values.Count; i++)
                    {
                        Strings[$"{spelling}[{i}]"] = list.Values[i];
                    }

                    break;
                case ParamValue.Map map:
                    var merged = Objects.TryGetValue(spelling, out var before) ? new Dictionary<string, string>(before) : [];
                    foreach (var (key, member) in map.Values)
                    {
                        merged[key] = member;
                    }

                    Objects[spelling] = merged;
                    break;
                default:
                    Strings[spelling] = value.AsText;
                    break;
            }
        }

        foreach (var (key, member) in (value as ParamValue.Map)?.Values ?? new Dictionary<string, string>())
        {
            Strings[$"params.{name}.{key}"] = member;
        }
    }

    /// <summary>Defaults without references first, then those that refer to other params by name.</summary>
    public void AddDefaults(IEnumerable<JsonObject> declared)
    {
        var withDefaults = declared.Where(spec => spec.ContainsKey("default"))
            .Select(spec => (Name: spec.Text("name") ?? "", Default: ParamValue.Read(spec["default"]))).ToList();
        foreach (var (name, value) in withDefaults.Where(one => !RefersToParams(one.Default)))
        {
            AddParam(name, value);
        }

        foreach (var (name, value) in withDefaults.Where(one => RefersToParams(one.Default)))
        {
            foreach (var reference in Substitution.Names(value.AsText).Where(reference => Strings.ContainsKey(reference)).ToList())
            {
                AddParam(name, new ParamValue.Text(value.AsText.Replace($"$({reference})", Strings[reference], StringComparison.Ordinal)));
            }
        }
    }

    public static Replacements Of(params ReadOnlySpan<(string Name, string Value)> strings)
    {
        var replacements = new Replacements();
        foreach (var (name, value) in strings)
        {
            replacements.Strings[name] = value;
        }

        return replacements;
    }

    private static bool RefersToParams(ParamValue value) => value.AsText.Contains("$(params.", StringComparison.Ordinal);
}
