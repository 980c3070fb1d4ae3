using System.Text.Json.Nodes;
using Hikigane.ApiServer.Rest;

namespace Hikigane.ApiServer.Validation;

/// <summary>Collects all that is wrong with an object, worded as apimachinery's pkg/util/validation/field words it.</summary>
internal sealed class Problems
{
    private readonly List<FieldProblem> found = [];

    public IReadOnlyList<FieldProblem> Found => found;

    public void Required(string path, string detail = "") => found.Add(new(path, "Required value" + After(detail), "FieldValueRequired"));

    public void Invalid(string path, JsonNode? value, string detail) => found.Add(new(path, $"Invalid value: {Shown(value)}: {detail}"));

    public void Forbidden(string path, string detail) => found.Add(new(path, $"Forbidden: {detail}", "FieldValueForbidden"));

    public void Duplicate(string path, JsonNode? value) => found.Add(new(path, $"Duplicate value: {Shown(value)}", "FieldValueDuplicate"));

    public void NotFound(string path, JsonNode? value) => found.Add(new(path, $"Not found: {Shown(value)}", "FieldValueNotFound"));

    public void TooLong(string path, int most) => found.Add(new(path, $"Too long: may not be more than {most} bytes", "FieldValueTooLong"));

    /// <summary>A text that is present must be one of the supported ones, given in order.</summary>
    public void OneOf(string path, string? value, params ReadOnlySpan<string> supported)
    {
        if (value is not null && !supported.Contains(value))
        {
            var texts = string.Join(", ", supported.ToArray().Select(one => $"\"{one}\""));
            found.Add(new(path, $"Unsupported value: {Shown(value)}: supported values: {texts}", "FieldValueNotSupported"));
        }
    }

    /// <summary>A text must be present and obey a rule, where there is one.</summary>
    public void Name(string path, string? value, Func<string, string?>? rule = null)
    {
        if (string.IsNullOrEmpty(value))
        {
            Required(path);
        }
        else if (rule?.Invoke(value) is { } detail)
        {
            Invalid(path, value, detail);
        }
    }

    public void AtLeast(string path, long? value, long least)
    {
        if (value < least)
        {
            Invalid(path, value, $"must be greater than or equal to {least}");
        }
    }

    public void Between(string path, long? value, long least, long most)
    {
        if (value < least || value > most)
        {
            Invalid(path, value, $"must be between {least} and {most}, inclusive");
        }
    }

    public void Port(string path, long? value) => Between(path, value, 1, 65535);

    public void Unchanged(string path, JsonNode? value, JsonNode? old)
    {
        if (!JsonNode.DeepEquals(value, old))
        {
            Invalid(path, value, "field is immutable");
        }
    }

    private static string After(string detail) => detail.Length == 0 ? "" : ": " + detail;

    private static string Shown(JsonNode? value) => value?.ToJsonString(RelaxedJson) ?? "null";

    // The messages are read by people: letters stay letters.
    private static readonly System.Text.Json.JsonSerializerOptions RelaxedJson = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        TypeInfoResolver = System.Text.Json.Serialization.Metadata.JsonTypeInfoResolver.Combine(),
    };
}
