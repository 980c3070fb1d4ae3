using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hikigane.Resources.Json;
using Hikigane.Resources.Triggers;

namespace Hikigane.Resources.Pipelines.Validation;

/// <summary>What is wrong with declared params and with given ones. As tektoncd/pipeline pkg/apis/pipeline/v1/param_types.go.</summary>
internal static partial class ParamChecks
{
    private const string PlainRule =
        "String/Array Names: \nMust only contain alphanumeric characters, hyphens (-), underscores (_), and dots (.)\nMust begin with a letter or an underscore (_)";

    private const string ObjectRule =
        "Object Names: \nMust only contain alphanumeric characters, hyphens (-), underscores (_) \nMust begin with a letter or an underscore (_)";

    /// <summary>Declarations. Upstream reports each under every path of <paramref name="paths"/>.</summary>
    public static void Declared(JsonObject spec, IReadOnlyList<string> paths, PipelinesConfig config, FieldErrors errors)
    {
        foreach (var path in paths)
        {
            Names(spec, path, errors);
            var seen = new HashSet<string>();
            foreach (var param in spec.Objects("params"))
            {
                var name = param.Text("name") ?? "";
                if (!seen.Add(name))
                {
                    errors.Add("parameter appears more than once", "", $"{path}.params[{name}]");
                }

                Type(param, $"{path}.params.{name}", errors);
                Enum(param, $"{path}.params[{name}]", config, errors);
            }
        }
    }

    /// <summary>Values given to something: no name twice.</summary>
    public static void Given(JsonNode? holder, string path, FieldErrors errors)
    {
        var seen = new HashSet<string>();
        foreach (var name in holder.Objects("params").Select(param => param.Text("name") ?? ""))
        {
            if (!seen.Add(name))
            {
                errors.Both($"{path}[{name}].name");
            }
        }
    }

    /// <summary>What is wrong with the allowed values of declarations alone.</summary>
    public static void Enums(JsonObject spec, string path, PipelinesConfig config, FieldErrors errors)
    {
        foreach (var param in spec.Objects("params"))
        {
            Enum(param, $"{path}.params[{param.Text("name")}]", config, errors);
        }
    }

    /// <summary>Objects say which keys they have.</summary>
    public static void Properties(JsonObject spec, string path, FieldErrors errors)
    {
        foreach (var param in spec.Objects("params").Where(param => param.Text("type") == "object" && param["properties"] is null))
        {
            errors.Missing($"{path}.{param.Text("name")}.properties");
        }
    }

    private static void Names(JsonObject spec, string path, FieldErrors errors)
    {
        var plain = spec.Objects("params").Where(param => param.Text("type") != "object").Select(param => param.Text("name") ?? "")
            .Where(name => !PlainName().IsMatch(name)).Distinct(StringComparer.Ordinal).ToList();
        if (plain.Count > 0)
        {
            errors.Add($"The format of following array and string variable names is invalid: [{string.Join(' ', plain)}]", PlainRule, $"{path}.params");
        }

        var objects = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var param in spec.Objects("params").Where(param => param.Text("type") == "object"))
        {
            var name = param.Text("name") ?? "";
            var keys = (param.Object("properties") ?? []).Select(pair => pair.Key).Where(key => !ObjectName().IsMatch(key)).ToList();
            if (keys.Count > 0 || !ObjectName().IsMatch(name))
            {
                objects[name] = $"{name}:[{string.Join(' ', keys)}]";
            }
        }

        if (objects.Count > 0)
        {
            errors.Add($"Object param name and key name format is invalid: map[{string.Join(' ', objects.Values)}]", ObjectRule, $"{path}.params");
        }
    }

    private static void Type(JsonObject param, string path, FieldErrors errors)
    {
        var type = param.Text("type") ?? "string";
        if (type is not ("string" or "array" or "object"))
        {
            errors.Invalid(type, $"{path}.type");
            return;
        }

        var given = param["default"] switch
        {
            null => type,
            JsonArray => "array",
            JsonObject => "object",
            _ => "string",
        };
        if (given != type)
        {
            errors.Add($"\"{type}\" type does not match default value's type: \"{given}\"", "", $"{path}.default.type", $"{path}.type");
        }
    }

    private static void Enum(JsonObject param, string path, PipelinesConfig config, FieldErrors errors)
    {
        var allowed = param.Items("enum").Select(item => item?.ToString() ?? "").ToList();
        if (allowed.Count == 0)
        {
            return;
        }

        if (!config.IsOn("enable-param-enum"))
        {
            errors.Add("feature flag `enable-param-enum` should be set to true to use Enum", "", path);
            return;
        }

        if (param.Text("type") is not (null or "" or "string"))
        {
            errors.Add("enum can only be set with string type param", "", path);
        }

        foreach (var twice in allowed.GroupBy(value => value, StringComparer.Ordinal).Where(group => group.Count() > 1))
        {
            errors.Add($"parameter enum value {twice.Key} appears more than once", "", path);
        }

        if (param.Text("default") is { Length: > 0 } value && !allowed.Contains(value))
        {
            errors.Add($"param default value {value} not in the enum list", "", path);
        }
    }

    [GeneratedRegex("^[_a-zA-Z][_a-zA-Z0-9.-]*$")]
    private static partial Regex PlainName();

    [GeneratedRegex("^[_a-zA-Z][_a-zA-Z0-9-]*$")]
    private static partial Regex ObjectName();
}
