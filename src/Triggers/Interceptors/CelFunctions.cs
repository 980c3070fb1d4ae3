using System.Security.Cryptography;
using Hikigane.Expressions.Cel.Checking;
using Hikigane.Expressions.Cel.Evaluation;
using Hikigane.Expressions.Cel.Functions;
using Hikigane.Expressions.Cel.Values;
using Hikigane.Resources.Yaml;

namespace Hikigane.Triggers.Interceptors;

/// <summary>The functions that Triggers adds to the expression language (upstream <c>pkg/interceptors/cel/triggers.go</c>).</summary>
internal static class CelFunctions
{
    public static IReadOnlyList<CelFunction> All { get; } =
    [
        new CelFunction("match").With("map(string, dyn).(string, string) bool", (_, it) => Header(it, value => BoolValue.Of(value == Text(it[2])))),
        new CelFunction("canonical").With("map(string, dyn).(string) string", (_, it) => Header(it, value => new StringValue(value))),
        new CelFunction("truncate").With("string.(int) string", (_, it) => Truncate(Text(it[0]), ((IntValue)it[1]).Value)),
        new CelFunction("compareSecret")
            .With("string.(string, string) bool", (frame, it) => CompareSecret((CelSecrets)frame.Context!, it))
            .With("string.(string, string, string) bool", (frame, it) => CompareSecret((CelSecrets)frame.Context!, it)),
        new CelFunction("parseJSON").With("string.() map(string, dyn)", (frame, it) => frame.Spend(Text(it[0]).Length) && frame.SpendText(Text(it[0]).Length * 8L) ? ParseJson(Text(it[0])) : TooMuch),
        new CelFunction("parseYAML").With("string.() map(string, dyn)", (frame, it) => frame.Spend(Text(it[0]).Length * 10L) && frame.SpendText(Text(it[0]).Length * 8L) ? ParseYaml(Text(it[0])) : TooMuch),
        new CelFunction("parseURL").With("string.() map(string, dyn)", (_, it) => CelUrl.Parse(Text(it[0]))),
        new CelFunction("marshalJSON")
            .With("map(string, dyn).() string", (frame, it) => MarshalJson(frame, it[0]))
            .With("list(dyn).() string", (frame, it) => MarshalJson(frame, it[0])),
        new CelFunction("first").With("list(dyn).() dyn", (_, it) => ((ListValue)it[0]).Items is [var first, ..] ? first : NullValue.Instance),
        new CelFunction("last").With("list(dyn).() dyn", (_, it) => ((ListValue)it[0]).Items is [.., var last] ? last : NullValue.Instance),
        new CelFunction("translate").With("string.(string, string) string", (frame, it) => Translate(frame, Text(it[0]), Text(it[1]), Text(it[2]))),
    ];

    private static ErrorValue TooMuch => EvaluationFrame.OutOfBudget;

    private static string Text(CelValue value) => ((StringValue)value).Value;

    /// <summary>The first value of a header, looked up by its canonical name only.</summary>
    private static CelValue Header(CelValue[] it, Func<string, CelValue> use)
    {
        foreach (var (_, values) in ((MapValue)it[0]).Entries)
        {
            if (values is not ListValue)
            {
                return new ErrorValue($"failed to convert to http.Header: unsupported native conversion from {values.Type.Name} to '[]string'");
            }
        }

        var found = ((MapValue)it[0]).TryFind(EventHeaders.Canonical(Text(it[1])), out var list) && list is ListValue { Items: [StringValue first, ..] } ? first.Value : "";
        return use(found);
    }

    /// <summary>Cuts bytes, possibly within a character, as upstream.</summary>
    private static CelValue Truncate(string text, long length)
    {
        if (length < 0)
        {
            return new ErrorValue($"internal error: runtime error: slice bounds out of range [:{length}]");
        }

        var bytes = CelText.ToBytes(text);
        return new StringValue(length >= bytes.Length ? text : CelText.FromBytes(bytes.AsSpan(0, (int)length)));
    }

    private static CelValue CompareSecret(CelSecrets secrets, CelValue[] it)
    {
        var secret = secrets.Read(Text(it[2]), Text(it[1]));
        return secret.Error is { } error
            ? new ErrorValue($"failed to find secret 'v1beta1.SecretRef{{SecretKey:{GoText.Quote(Text(it[1]))}, SecretName:{GoText.Quote(Text(it[2]))}}}' in compareSecret: {error}")
            : BoolValue.Of(CryptographicOperations.FixedTimeEquals(secret.Bytes.Span, CelText.ToBytes(Text(it[0]))));
    }

    private static CelValue ParseJson(string text)
    {
        var (map, error) = CelJson.ReadObject(text);
        return map is not null ? map : new ErrorValue($"failed to decode '{text}' in parseJSON: {error}");
    }

    private static CelValue ParseYaml(string text)
    {
        var stream = YamlReader.Read(text, DuplicateKeys.LastWins);
        if (stream.Errors is [var first, ..])
        {
            return new ErrorValue($"failed to decode '{text}' in parseYAML: error converting YAML to JSON: {YamlProblem(first)}");
        }

        var (map, error) = stream.Documents is [{ Root: { } root }, ..] ? CelJson.ReadObject(root.ToJsonString()) : (MapValue.Empty, null);
        return map is not null ? map : new ErrorValue($"failed to decode '{text}' in parseYAML: error unmarshaling JSON: while decoding JSON: {error}");
    }

    /// <summary>The reader's finding in the words of Go's YAML library, where the two see the same thing.</summary>
    private static string YamlProblem(YamlError error) => error.Message switch
    {
        var message when message.EndsWith("cannot be written as JSON", StringComparison.Ordinal) => "json: unsupported value: "
            + (message.Contains("nan", StringComparison.OrdinalIgnoreCase) ? "NaN" : message.StartsWith('-') ? "-Inf" : "+Inf"),
        var message when message.Contains("invalid tab", StringComparison.Ordinal) => $"yaml: line {error.Line + 1}: found character that cannot start any token",
        var message when message.Contains("invalid mapping", StringComparison.Ordinal) => "yaml: mapping values are not allowed in this context",
        var message when message.Contains("did not find expected", StringComparison.Ordinal) =>
            $"yaml: line {Math.Max(error.Line - 1, 1)}: {message[message.IndexOf("did not", StringComparison.Ordinal)..].TrimEnd('.')}",
        var message => $"yaml: line {error.Line}: {message}",
    };

    private static CelValue MarshalJson(EvaluationFrame frame, CelValue value)
    {
        if (!frame.SpendWritten(value))
        {
            return TooMuch;
        }

        var (json, error) = CelJson.ToText(value, escapesHtml: true);
        if (error is null)
        {
            return new StringValue(json!);
        }

        return error.StartsWith("proto:", StringComparison.Ordinal)
            ? new ErrorValue($"failed to marshal to json: json: error calling MarshalJSON for type *structpb.{(value is ListValue ? "ListValue" : "Struct")}: {error}")
            : new ErrorValue($"failed to convert to native: {error}");
    }

    private static CelValue Translate(EvaluationFrame frame, string text, string pattern, string replacement)
    {
        if (!frame.Spend(2_000 + (pattern.Length * 200L)))
        {
            return TooMuch;
        }

        var (regex, error) = Re2.Compile(pattern);
        if (regex is null)
        {
            return new ErrorValue($"failed to parse regular expression for translation: {error}");
        }

        // Each match starts the automaton again and builds its piece.
        return frame.Spend(2 * regex.Cost(text)) && regex.ReplaceAll(text, replacement, length => frame.Spend(10) && frame.SpendText(length)) is { } translated
            ? new StringValue(translated)
            : TooMuch;
    }
}

/// <summary>
/// The secrets that an expression compares with. Evaluation does not wait: a key that has not been read yet is noted, and the expression is
/// evaluated again once it has been.
/// </summary>
internal sealed class CelSecrets(string @namespace)
{
    private readonly Dictionary<SecretKey, SecretValue> _known = [];
    private readonly HashSet<SecretKey> _wanted = [];

    public SecretValue Read(string name, string key)
    {
        var wanted = new SecretKey(@namespace, name, key);
        if (name.Length == 0)
        {
            return SecretValue.Missing("resource name may not be empty");
        }

        if (@namespace.Length == 0)
        {
            return SecretValue.Missing("the server could not find the requested resource");
        }

        if (_known.TryGetValue(wanted, out var known))
        {
            return known;
        }

        _wanted.Add(wanted);
        return SecretValue.Missing("not read yet");
    }

    /// <summary>Reads what was missed; false when nothing was.</summary>
    public async ValueTask<bool> CatchUpAsync(SecretReader secrets, CancellationToken cancellationToken)
    {
        var hadGaps = _wanted.Count > 0;
        foreach (var key in _wanted)
        {
            _known[key] = await secrets(key, cancellationToken);
        }

        _wanted.Clear();
        return hadGaps;
    }
}
