namespace Hikigane.Triggers.Verdicts;

/// <summary>
/// The cause codes of verdicts (spec: ux.md §3.4, and what this program adds). Metrics, filters and scripts depend on them: a code never changes its
/// meaning. docs/cli.md lists them.
/// </summary>
public static class Causes
{
    public const string FilterFalse = "filter.false";
    public const string FilterError = "filter.error";
    public const string FilterNotBool = "filter.notbool";
    public const string EventType = "event.type";
    public const string EventHeaderMissing = "event.header-missing";
    public const string ContentType = "content-type";
    public const string SignatureMissing = "signature.missing";
    public const string SignatureMismatch = "signature.mismatch";
    public const string SignatureSecretMissing = "signature.secret-missing";
    public const string SignatureSecretKeyEmpty = "signature.secret-key-empty";
    public const string Owners = "owners";
    public const string ChangedFiles = "changed-files";
    public const string InterceptorStop = "interceptor.stop";
    public const string InterceptorUnreachable = "interceptor.unreachable";
    public const string BindingMissing = "binding.missing";
    public const string TemplateInvalid = "template.invalid";
    public const string CreateForbidden = "create.forbidden";
    public const string CreateQuota = "create.quota";
    public const string CreateWebhook = "create.webhook";
    public const string CreateTimeout = "create.timeout";
    public const string RefMissing = "ref.missing";
    public const string NoTriggers = "no-triggers";

    /// <summary>The request was signed too long ago.</summary>
    public const string SignatureStale = "signature.stale";

    /// <summary>The bytes that were signed are lost on the way.</summary>
    public const string SignatureUnverifiable = "signature.unverifiable";

    /// <summary>The payload cannot be read as JSON, so no binding can be read from it.</summary>
    public const string PayloadInvalid = "payload.invalid";

    /// <summary>Two bindings give one param two values.</summary>
    public const string BindingInvalid = "binding.invalid";

    /// <summary>The API refused an object for another reason; its own words tell.</summary>
    public const string CreateFailed = "create.failed";

    /// <summary>The params of an interceptor have the wrong shape.</summary>
    public const string InterceptorParams = "interceptor.params";

    /// <summary>A sender's delivery id was seen before.</summary>
    public const string Duplicate = "duplicate";

    /// <summary>Deciding failed until it was given up.</summary>
    public const string Undecided = "undecided";

    /// <summary>A defect of this program, which the trigger brought to light.</summary>
    public const string Internal = "internal";

    /// <summary>400: the body is not a JSON object.</summary>
    public const string RequestNotJson = "request.not-json";

    /// <summary>413: the body is larger than the listener takes.</summary>
    public const string RequestTooLarge = "request.too-large";

    /// <summary>431: the headers are larger than the listener takes.</summary>
    public const string RequestHeaders = "request.headers-too-large";

    /// <summary>The body broke off, came too slowly, or is not HTTP.</summary>
    public const string RequestUnreadable = "request.unreadable";

    /// <summary>403: the listener does not take requests from this address.</summary>
    public const string RequestAddress = "request.address";

    /// <summary>403: there is no client certificate.</summary>
    public const string RequestCertificate = "request.certificate";

    /// <summary>401: the bearer token is missing or not the right one.</summary>
    public const string RequestCredentials = "request.credentials";

    /// <summary>429: too many requests.</summary>
    public const string RequestRate = "request.rate";

    /// <summary>503: the listener holds as many bytes of bodies as it may.</summary>
    public const string RequestFull = "request.full";

    /// <summary>The listener itself is not in order, so it takes nobody's requests.</summary>
    public const string ListenerInvalid = "listener.invalid";
}
