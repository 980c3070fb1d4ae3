namespace Hikigane.Resources.Triggers;

/// <summary>
/// All that is wrong with an object, rendered as knative's <c>apis.FieldError</c> renders it: equal messages are merged, paths sorted.
/// </summary>
internal sealed class FieldErrors
{
    private readonly List<(string Message, string Details, string Path)> errors = [];

    public bool IsEmpty => errors.Count == 0;

    public void Missing(params ReadOnlySpan<string> paths) => Add("missing field(s)", "", paths);

    public void Disallowed(string path) => Add("must not set the field(s)", "", path);

    public void Both(params ReadOnlySpan<string> paths) => Add("expected exactly one, got both", "", paths);

    public void Neither(params ReadOnlySpan<string> paths) => Add("expected exactly one, got neither", "", paths);

    public void Invalid(string value, string path, string details = "") => Add($"invalid value: {value}", details, path);

    public void Add(string message, string details, params ReadOnlySpan<string> paths)
    {
        foreach (var path in paths)
        {
            errors.Add((message, details, path));
        }
    }

    public void Clear() => errors.Clear();

    public override string ToString() => string.Join('\n', errors
        .GroupBy(error => (error.Message, error.Details))
        .OrderBy(group => group.Key.Message, StringComparer.Ordinal).ThenBy(group => group.Key.Details, StringComparer.Ordinal)
        .Select(group =>
        {
            var paths = group.Select(error => error.Path).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
            var line = $"{group.Key.Message}: {string.Join(", ", paths)}";
            return group.Key.Details.Length == 0 ? line : $"{line}\n{group.Key.Details}";
        }));

    /// <summary>Joins path segments; empty ones vanish, an index is glued on.</summary>
    public static string Join(string parent, string child) =>
        parent.Length == 0 ? child : child.Length == 0 ? parent : child[0] == '[' ? parent + child : $"{parent}.{child}";
}
