using System.Text.Json.Nodes;
using Hikigane.Expressions.GoJson;

namespace Hikigane.Triggers.Interceptors;

/// <summary>
/// An interceptor's params as Go decodes them into a struct: names match without regard to case, unknown ones are ignored, and a
/// value of the wrong type is an error with the path of the struct's field.
/// </summary>
internal sealed class InterceptorParams(JsonObject? values, string structName, string path)
{
    /// <summary>A built-in's own params.</summary>
    public static InterceptorParams Of(InterceptorRequest request) => new(request.InterceptorParams, "InterceptorParams", "");

    /// <summary>A list of strings; null when absent, which is not the same as empty.</summary>
    public IReadOnlyList<string>? Texts(string name)
    {
        var node = Find(name);
        return node switch
        {
            null => null,
            JsonArray items => [.. items.Select(item => item is null ? "" : Text(item, name, "string"))],
            _ => throw Mismatch(node, name, "[]string"),
        };
    }

    public string Text(string name, string goType = "string") => Find(name) is { } node ? Text(node, name, goType) : "";

    public bool Flag(string name) => Find(name) switch
    {
        null => false,
        JsonValue value when GoJsonReader.KindOf(value) == "bool" => value.GetValue<bool>(),
        var node => throw Mismatch(node, name, "bool"),
    };

    /// <summary>A nested struct; null when absent.</summary>
    public InterceptorParams? Struct(string name, string goType) => Find(name) switch
    {
        null => null,
        JsonObject members => new InterceptorParams(members, goType[(goType.IndexOf('.', StringComparison.Ordinal) + 1)..], Path(name)),
        var node => throw Mismatch(node, name, goType),
    };

    /// <summary>A <c>secretRef</c>; null when absent.</summary>
    public SecretRef? Secret(string name) => Struct(name, "v1beta1.SecretRef") is { } reference
        ? new SecretRef(reference.Text("secretName"), reference.Text("secretKey"))
        : null;

    /// <summary>
    /// The secrets of which one has to fit: <c>secretRef</c>, then the elements of <c>secretRefs</c> (ours; upstream does not know it and looks at the
    /// first alone). Empty when neither is there.
    /// </summary>
    public IReadOnlyList<SecretRef> Secrets(string name = "secretRef")
    {
        var references = new List<SecretRef>();
        if (Secret(name) is { } first)
        {
            references.Add(first);
        }

        var list = name + "s";
        if (Find(list) is { } more)
        {
            var items = more as JsonArray ?? throw Mismatch(more, list, "[]v1beta1.SecretRef");
            references.AddRange(items.Select(item => item is JsonObject members
                ? new InterceptorParams(members, "SecretRef", Path(list))
                : throw Mismatch(item, list, "v1beta1.SecretRef")).Select(one => new SecretRef(one.Text("secretName"), one.Text("secretKey"))));
        }

        return references;
    }

    private JsonNode? Find(string name)
    {
        JsonNode? found = null;
        foreach (var (key, value) in values ?? [])
        {
            if (string.Equals(key, name, StringComparison.OrdinalIgnoreCase))
            {
                found = value ?? found;
            }
        }

        return found;
    }

    private string Text(JsonNode node, string name, string goType) =>
        GoJsonReader.KindOf(node) == "string" ? node.GetValue<string>() : throw Mismatch(node, name, goType);

    private string Path(string name) => path.Length == 0 ? name : $"{path}.{name}";

    private FormatException Mismatch(JsonNode? node, string name, string goType) => new(
        $"failed to parse interceptor params: invalid json: json: cannot unmarshal {GoJsonReader.KindOf(node)} into Go struct field {structName}.{Path(name)} of type {goType}");
}

/// <summary>Which key of which Secret in the trigger's namespace.</summary>
internal sealed record SecretRef(string Name, string Key);
