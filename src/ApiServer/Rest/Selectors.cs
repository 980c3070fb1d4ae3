using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Rest;

/// <summary>A parsed pair of label and field selector: which objects a list or watch lets through.</summary>
public sealed class Selectors
{
    public static readonly Selectors Everything = new([], []);

    private readonly List<Func<JsonObject, bool>> labels;
    private readonly List<Func<JsonObject, bool>> fields;

    private Selectors(List<Func<JsonObject, bool>> labels, List<Func<JsonObject, bool>> fields)
    {
        this.labels = labels;
        this.fields = fields;
    }

    public bool IsEverything => labels.Count == 0 && fields.Count == 0;

    public bool Match(JsonObject one) => labels.TrueForAll(test => test(one)) && fields.TrueForAll(test => test(one));

    /// <summary>Parses both; a 400 with the reason where one is not well-formed or not known to the kind.</summary>
    public static Selectors Parse(ServedKind kind, string? labelSelector, string? fieldSelector) =>
        string.IsNullOrWhiteSpace(labelSelector) && string.IsNullOrWhiteSpace(fieldSelector)
            ? Everything
            : new Selectors([.. LabelSelector.Parse(labelSelector ?? "")], [.. ParseFields(kind, fieldSelector ?? "")]);

    private static IEnumerable<Func<JsonObject, bool>> ParseFields(ServedKind kind, string text)
    {
        foreach (var term in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var at = term.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0)
            {
                throw Errors.BadRequest($"invalid selector: '{term}'; can't understand '{term}'");
            }

            var wantsEqual = term[at - 1] != '!';
            var path = (wantsEqual ? term[..at] : term[..(at - 1)]).Trim();
            var value = term[(at + 1)..].TrimStart('=').Trim();
            if (path is not ("metadata.name" or "metadata.namespace") && !kind.FieldSelectors.Contains(path))
            {
                throw Errors.BadRequest(kind.IsCustom || kind.FieldSelectors.Count > 0
                    ? $"field label not supported: {path}"
                    : $"\"{path}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
            }

            var steps = path.Split('.');
            yield return one => (Value(one, steps) == value) == wantsEqual;
        }
    }

    private static string Value(JsonObject one, string[] steps)
    {
        if (steps is ["source"])
        {
            return one.Text("source", "component") ?? one.Text("reportingComponent") ?? "";
        }

        return one.At(steps) switch
        {
            JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
            JsonValue value => value.ToJsonString(),
            _ => steps[^1] is "hostNetwork" or "unschedulable" ? "false" : "",
        };
    }
}
