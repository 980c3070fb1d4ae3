using System.Text.Json.Nodes;
using Hikigane.Resources.Deliveries;
using Hikigane.Resources.Json;
using Hikigane.Triggers.Interceptors;

namespace Hikigane.Triggers.Verdicts;

/// <summary>Why a chain ended, in words for people. The upstream message tells which case it is.</summary>
internal sealed record InterceptorCause(TriggerOutcome Outcome, string Code, string Message, string Explain, string Fix)
{
    public static InterceptorCause Of(ChainResult result, ReceivedEvent received, IReadOnlyList<JsonObject> links)
    {
        if (result.Stopped is not { } stopped)
        {
            var error = result.Error ?? "";
            return error.Contains("not found", StringComparison.Ordinal) && error.StartsWith("url resolution failed", StringComparison.Ordinal)
                ? new(TriggerOutcome.Error, Causes.InterceptorUnreachable, error, $"Interceptor `{result.Link}` does not exist, or the listener's ServiceAccount may not read it.",
                    "`kubectl get clusterinterceptors,interceptors -A` lists them; the ClusterRole tekton-triggers-eventlistener-clusterroles lets a listener read them.")
                : new(TriggerOutcome.Error, Causes.InterceptorUnreachable, error, $"Interceptor `{result.Link}` did not answer as it should: {error}.",
                    "Check that the interceptor's service runs and that its address is right.");
        }

        var link = links.FirstOrDefault(one => one.Text("ref", "name") == result.Link);
        var cause = FromMessage(stopped, result, received, link);
        return cause with
        {
            Message = stopped.Message,
            Code = stopped.Cause.Length > 0 ? stopped.Cause : cause.Code,
            Explain = stopped.Explain.Length > 0 ? stopped.Explain : cause.Explain,
        };
    }

    private static InterceptorCause FromMessage(
        InterceptorResponse stopped, ChainResult result, ReceivedEvent received, JsonObject? link)
    {
        var message = stopped.Message;
        if (Has("did not return true"))
        {
            var (code, explain, fix) = FilterVerdict.NotTrue(stopped.Expressions);
            return new(code == Causes.FilterNotBool ? TriggerOutcome.Error : TriggerOutcome.Filtered, code, "", explain, fix);
        }

        if (Has("error evaluating cel expression"))
        {
            var (code, explain, fix) = FilterVerdict.Failed(stopped.Expressions, message, received);
            return Failed(code, explain, fix);
        }

        if (message.StartsWith("event type ", StringComparison.Ordinal))
        {
            return EventType(message, EventHeaders.From(received.Headers), link);
        }

        if (Has("form parameter encoding not supported"))
        {
            return Rejected(Causes.ContentType, "Form-encoded payload. The sender uses `application/x-www-form-urlencoded`; this interceptor needs JSON.",
                "Change the hook's content type to application/json.");
        }

        return Signature(message, link) ?? (Has("owners check requirements not met")
            ? Filtered(Causes.Owners, "The sender is not an owner and no owner commented `/ok-to-test`.", "Have an owner comment /ok-to-test.")
            : Has("error getting changed files")
                ? Failed(Causes.ChangedFiles, "GitHub's API refused the list of files.", "Check the personal access token and its rights.")
                : Has("failed to parse interceptor params") ? Failed(Causes.InterceptorParams, $"The params of interceptor `{result.Link}` have the wrong shape.", "Correct the params of the trigger.")
                : Filtered(Causes.InterceptorStop, $"Interceptor `{result.Link}` stopped it: \"{message}\" (code {stopped.Code}).", ""));

        bool Has(string text) => message.Contains(text, StringComparison.Ordinal);
    }

    private static InterceptorCause EventType(string message, IReadOnlyDictionary<string, IReadOnlyList<string>> headers, JsonObject? link)
    {
        var sent = message["event type ".Length..].Replace(" is not allowed", "", StringComparison.Ordinal);
        if (sent.Length == 0)
        {
            var header = link.Text("ref", "name") switch { "gitlab" => "X-Gitlab-Event", "bitbucket" => "X-Event-Key", _ => "X-GitHub-Event" };
            return Filtered(Causes.EventHeaderMissing, $"No `{header}` header: this request was not made by the service that the trigger expects.",
                headers.First("User-Agent").StartsWith("curl", StringComparison.OrdinalIgnoreCase)
                    ? $"Add -H '{header}: …' to the curl command."
                    : "Use a CEL-only trigger for requests made by hand.");
        }

        var accepted = link.Objects("params").FirstOrDefault(param => param.Text("name") == "eventTypes").Items("value").Select(one => $"`{one.Text()}`");
        return Filtered(Causes.EventType, $"Event type not listed. This trigger accepts {string.Join(", ", accepted)}; the sender sent `{sent}`.", $"Add `{sent}` to eventTypes.");
    }

    private static InterceptorCause? Signature(string message, JsonObject? link)
    {
        var secret = link.Objects("params").FirstOrDefault(param => param.Text("name") is "secretRef" or "signingSecretRef");
        var name = secret.Text("value", "secretName");
        var key = secret.Text("value", "secretKey");
        return message switch
        {
            _ when message.StartsWith("no X-", StringComparison.Ordinal) =>
                Rejected(Causes.SignatureMissing, "Not signed. The trigger requires a signature, the request has none.", "Set the secret on the hook."),
            _ when message.Contains("secretKey is empty", StringComparison.Ordinal) =>
                Failed(Causes.SignatureSecretKeyEmpty, "The interceptor names a secret but no key.", "Set secretRef.secretKey."),
            _ when message.StartsWith("error getting secret", StringComparison.Ordinal) =>
                MissingSecret(message, name, key),
            _ when message.Contains("signature check failed", StringComparison.Ordinal) || message == "Invalid X-GitLab-Token" =>
                Rejected(Causes.SignatureMismatch, $"Signature does not match secret `{name}` key `{key}`.",
                    "Use the same secret on both sides; recreate it with --from-literal so that no line break is in it."),
            _ when message.Contains("error parsing signature", StringComparison.Ordinal) || message.Contains("hash type prefix", StringComparison.Ordinal)
                || message.Contains("error decoding signature", StringComparison.Ordinal) =>
                Rejected(Causes.SignatureMismatch, "The signature header cannot be read.", "Send `sha256=` and the digest in hex."),
            _ when message.Contains("five minutes away", StringComparison.Ordinal) =>
                Rejected(Causes.SignatureStale, "The request was signed more than five minutes ago, or one of the two clocks is wrong.", "Send the event anew; do not replay what was recorded."),
            _ when message.StartsWith("the signature cannot be checked", StringComparison.Ordinal) =>
                Rejected(Causes.SignatureUnverifiable, "The form that was signed is lost: a listener that is not ours has made JSON of it.", "Use a Hikigane listener, or drop signingSecretRef."),
            _ => null,
        };
    }

    private static InterceptorCause MissingSecret(string message, string? name, string? key) => message switch
    {
        _ when message.Contains("cannot find", StringComparison.Ordinal) =>
            Failed(Causes.SignatureSecretMissing, $"Secret `{name}` has no key `{key}`.", $"kubectl get secret {name} -o json shows its keys; correct secretRef.secretKey, or add the key."),
        _ when message.Contains("forbidden", StringComparison.Ordinal) =>
            Failed(Causes.SignatureSecretMissing, $"Secret `{name}` may not be read: {message}.", "Let the account that the message names get Secrets in this namespace."),
        _ => Failed(Causes.SignatureSecretMissing, $"Secret `{name}` does not exist in the trigger's namespace.", $"kubectl create secret generic {name} --from-literal={key}=…"),
    };

    private static InterceptorCause Filtered(string code, string explain, string fix) => new(TriggerOutcome.Filtered, code, "", explain, fix);

    private static InterceptorCause Rejected(string code, string explain, string fix) => new(TriggerOutcome.Rejected, code, "", explain, fix);

    private static InterceptorCause Failed(string code, string explain, string fix) => new(TriggerOutcome.Error, code, "", explain, fix);
}
