using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hikigane.Cli.Text;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Deliveries;
using Hikigane.Resources.Json;
using Hikigane.Resources.Yaml;
using Hikigane.Server.Install;
using Hikigane.Server.Listener;
using Hikigane.Triggers;
using Hikigane.Triggers.Interceptors;
using Hikigane.Triggers.Verdicts;

namespace Hikigane.Unit.Triggers.Verdicts;

/// <summary>
/// Every row of the table of verdicts: an event that ends there, by the flow of the listener, and the words that a person reads. A cause that
/// is not in this table fails it.
/// </summary>
public sealed class VerdictTableTests
{
    private const string Push = """{"ref":"refs/heads/fix-1","head_commit":{"id":"1f3a","message":"m"},"deleted":false,"number":3}""";

    private static readonly Dictionary<string, string> Secrets = new() { ["good/token"] = "s3cret", ["broken/token"] = "s3cret\n", ["twice/token"] = "czNjcmV0" };

    private static readonly List<Row> Rows =
    [
        new(Causes.FilterFalse, TriggerOutcome.Filtered, Cel("body.ref == 'refs/heads/main' && !body.deleted"),
            "Filter said no. `body.ref == 'refs/heads/main'` is false: body.ref is \"refs/heads/fix-1\".", "test it against this event"),
        new(Causes.FilterFalse, TriggerOutcome.Filtered, Cel("body.ref.endsWith('main') || body.number > 5"),
            "is false", "test it") { Why = "body.number   3" },
        new(Causes.FilterError, TriggerOutcome.Error, Cel("body.pull_request.draft == false"),
            "`body.pull_request` does not exist in this payload (keys present: ref, head_commit, deleted, number).", "Guard with `has(body.pull_request)`."),
        new(Causes.FilterError, TriggerOutcome.Error, Cel("body.ref ==="), "the expression is not valid", "hikigane eval cel"),
        new(Causes.FilterNotBool, TriggerOutcome.Error, Cel("body.ref"), "returned a string, not true/false", "Compare the value"),
        new(Causes.EventType, TriggerOutcome.Filtered, GitHub("[{name: eventTypes, value: [pull_request]}]"),
            "This trigger accepts `pull_request`; the sender sent `push`.", "Add `push` to eventTypes."),
        new(Causes.EventHeaderMissing, TriggerOutcome.Filtered, GitHub("[{name: eventTypes, value: [push]}]"), "No `X-GitHub-Event` header", "CEL-only trigger") { Headers = [] },
        new(Causes.ContentType, TriggerOutcome.Rejected, GitHub("[]"), "Form-encoded payload.", "application/json") { Headers = [new("Content-Type", "application/x-www-form-urlencoded")] },
        new(Causes.SignatureMissing, TriggerOutcome.Rejected, Signed("good"), "Not signed.", "Set the secret on the hook."),
        new(Causes.SignatureMismatch, TriggerOutcome.Rejected, Signed("good"),
            "Signature does not match secret `ci/good` key `token`. The header begins `dead…`, we computed `", "Use the same secret") { Headers = [new("X-Hub-Signature-256", "sha256=deadbeef")] },
        new(Causes.SignatureMismatch, TriggerOutcome.Rejected, Signed("broken"),
            "**The secret ends with a line break** (7 bytes, last byte 0x0A). Without that it matches.", "--from-literal") { Headers = [new("X-Hub-Signature-256", Signature("s3cret"))] },
        new(Causes.SignatureMismatch, TriggerOutcome.Rejected, Signed("twice"),
            "encoded with base64 once more than needed.** Without that it matches.", "--from-literal") { Headers = [new("X-Hub-Signature-256", Signature("s3cret"))] },
        new(Causes.SignatureMismatch, TriggerOutcome.Rejected, Link("gitlab", "[{name: secretRef, value: {secretName: good, secretKey: token}}]"),
            "X-Gitlab-Token has 5 bytes, the secret has 6.", "Use the same secret") { Headers = [new("X-Gitlab-Token", "wrong")] },
        new(Causes.SignatureSecretMissing, TriggerOutcome.Error, Signed("gone"), "Secret `gone` does not exist", "kubectl create secret generic gone --from-literal=token=…") { Headers = [new("X-Hub-Signature-256", "sha256=00")] },
        new(Causes.SignatureSecretMissing, TriggerOutcome.Error, GitHub("[{name: secretRef, value: {secretName: good, secretKey: other}}]"),
            "Secret `good` has no key `other`.", "correct secretRef.secretKey") { Headers = [new("X-Hub-Signature-256", "sha256=00")] },
        new(Causes.SignatureSecretKeyEmpty, TriggerOutcome.Error, GitHub("[{name: secretRef, value: {secretName: good}}]"), "names a secret but no key", "Set secretRef.secretKey."),
        new(Causes.Owners, TriggerOutcome.Filtered, GitHub("[{name: githubOwners, value: {enabled: true, checkType: orgMembers, personalAccessToken: {secretName: good, secretKey: token}}}]"),
            "The sender is not an owner", "/ok-to-test")
        {
            Headers = [new("X-GitHub-Event", "pull_request")],
            Body = """{"action":"opened","number":1,"repository":{"full_name":"acme/api","owner":{"login":"acme"},"name":"api"},"sender":{"login":"eve"},"pull_request":{"user":{"login":"eve"}}}""",
            GitHubStatus = 404,
        },
        new(Causes.ChangedFiles, TriggerOutcome.Error, GitHub("[{name: addChangedFiles, value: {enabled: true, personalAccessToken: {secretName: good, secretKey: token}}}]"),
            "GitHub's API refused the list of files", "personal access token")
        {
            Headers = [new("X-GitHub-Event", "pull_request")],
            Body = """{"number":1,"repository":{"full_name":"acme/api"}}""",
            GitHubStatus = 401,
        },
        new(Causes.InterceptorStop, TriggerOutcome.Filtered, "{ref: {name: mine, kind: NamespacedInterceptor}}", "Interceptor `mine` stopped it: \"not today\" (code FailedPrecondition).", ""),
        new(Causes.InterceptorUnreachable, TriggerOutcome.Error, "{ref: {name: down, kind: NamespacedInterceptor}}", "Interceptor `down` did not answer as it should", "Check that the interceptor's service runs"),
        new(Causes.InterceptorUnreachable, TriggerOutcome.Error, "{ref: {name: nowhere}}", "Interceptor `nowhere` does not exist", "kubectl get clusterinterceptors"),
        new(Causes.Internal, TriggerOutcome.Error, "{ref: {name: broken, kind: NamespacedInterceptor}}", "This trigger could not be worked out: a hole", "defect of the program"),
        new(Causes.InterceptorParams, TriggerOutcome.Error, GitHub("[{name: eventTypes, value: push}]"), "wrong shape", "Correct the params"),
        new(Causes.BindingMissing, TriggerOutcome.Error, "", "Param `v` has no value. `$(body.message)` is not in the payload; nearest: `body.head_commit.message`.",
            "Use `$(body.head_commit.message)`, or set a default.") { Binding = "$(body.message)" },
        new(Causes.BindingInvalid, TriggerOutcome.Error, "", "contradict each other", "Correct the bindings") { Binding = "a}, {name: v, value: b" },
        new(Causes.PayloadInvalid, TriggerOutcome.Error, "", "The payload is not JSON", "application/json") { Body = "[1", Binding = "x" },
        new(Causes.TemplateInvalid, TriggerOutcome.Error, "", "not a Kubernetes object", "old-escape-quotes") { Binding = "$(body.head_commit)" },
        new(Causes.RefMissing, TriggerOutcome.Error, "", "The listener names trigger `deploy`, which does not exist in `ci`.", "Create the Trigger `deploy`") { Listener = "{triggers: [{triggerRef: deploy}]}" },
        new(Causes.NoTriggers, TriggerOutcome.NotSelected, "", "selector `app=x` matches 0 of 2 triggers in `ci`",
            "near miss: trigger `ci/one`: label app is `web`, wanted `x`") { Listener = "{labelSelector: {matchLabels: {app: x}}}" },
        new(Causes.NoTriggers, TriggerOutcome.NotSelected, "", "it names none, and it has no selector", "Add spec.triggers") { Listener = "{}" },
        Refused(Causes.CreateForbidden, new KubeException(403, "Forbidden", "configmaps is forbidden: User \"x\" cannot create"), "ServiceAccount `ci/el` may not create configmaps in `ci`.",
            "kind: RoleBinding"),
        Refused(Causes.CreateQuota, new KubeException(403, "Forbidden", "exceeded quota: q, requested: pods=1"), "A quota of namespace `ci` is used up.", "Raise the quota"),
        Refused(Causes.CreateWebhook, new KubeException(400, "BadRequest", "admission webhook \"w\" denied the request: no"), "An admission webhook refused the ConfigMap", "what the webhook names"),
        Refused(Causes.CreateTimeout, new KubeException(504, "Timeout", "request timed out"), "The API did not answer in time", "Replay the event."),
        Refused(Causes.CreateFailed, new KubeException(409, "AlreadyExists", "configmaps \"a\" already exists"), "could not be created", ""),
        Refused(Causes.TemplateInvalid, new KubeException(422, "Invalid", "metadata.generateName: Invalid value: \"Simple-run-\""), "Kubernetes refused the ConfigMap: ", "Correct the template."),
    ];

    public static TheoryData<int> Indexes { get; } = [.. Enumerable.Range(0, Rows.Count)];

    [Theory]
    [MemberData(nameof(Indexes))]
    public async Task An_event_that_ends_in_a_row_says_why_and_what_to_do(int index)
    {
        var row = Rows[index];
        var verdict = await row.DecideAsync();

        Assert.Equal((row.Cause, row.Outcome), (verdict.Cause, verdict.Outcome));
        Assert.Contains(row.Explain, verdict.Explain, StringComparison.Ordinal);
        Assert.Contains(row.Fix, verdict.Fix, StringComparison.Ordinal);
        using var why = new StringWriter();
        WhyText.Write(why, new Delivery { Event = row.Event, Outcome = DeliveryVerdict.Of([verdict]), Triggers = [verdict] });
        Assert.Contains($"[{row.Cause}]", why.ToString(), StringComparison.Ordinal);
        Assert.Contains(row.Why, why.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", why.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_cause_has_a_row_here_or_a_test_of_what_gives_it()
    {
        var known = typeof(Causes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!).ToHashSet();
        string[] elsewhere =
        [
            Causes.Duplicate, Causes.Undecided, Causes.SignatureStale, Causes.SignatureUnverifiable,
            .. RequestVerdictTests.Causes,
        ];

        Assert.Equal(known.Order(StringComparer.Ordinal), Rows.Select(row => row.Cause).Concat(elsewhere).Distinct().Order(StringComparer.Ordinal));
    }

    /// <summary>Where code gives or asks for a cause, it has to be one of the list; so a cause in quotes is none.</summary>
    [Fact]
    public void No_code_uses_a_cause_that_is_not_in_the_list()
    {
        string[] parts = ["Triggers", "Ledger", "Cli", "Server/Listener", "Server/Previews", "Resources/Deliveries"];
        var quoted = parts.SelectMany(part => Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", part), "*.cs", SearchOption.AllDirectories))
            .SelectMany(file => Regex.Matches(
                File.ReadAllText(file),
                @"\b[Cc]ause\s*(?:=|:|==|!=|is|is not)\s*""[^""]+""|\b(?:Failed|Rejected|Filtered)\((?:verdict, )?(?:\d, )?""[^""]*""")
                .Select(found => $"{Path.GetRelativePath(Repository.Root, file)}: {found.Value}"));

        Assert.Empty(quoted);
    }

    [Fact]
    public void Every_cause_is_in_the_page_that_lists_them()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "cli.md"));

        Assert.All(
            typeof(Causes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!),
            cause => Assert.Contains($"`{cause}`", page, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_code_of_the_specification_is_a_cause()
    {
        var page = Path.Combine(Repository.Root, "..", "shared", "spec", "ux.md");
        Assert.SkipUnless(File.Exists(page), "the specification is not beside the repository");
        var text = File.ReadAllText(page);
        var table = text[text.IndexOf("### 3.4", StringComparison.Ordinal)..text.IndexOf("### 3.5", StringComparison.Ordinal)];
        var codes = Regex.Matches(table, @"^\| ((?:`[a-z.-]+`(?: / )?)+) \|", RegexOptions.Multiline).SelectMany(row => Regex.Matches(row.Groups[1].Value, "[a-z.-]{3,}"))
            .Select(code => code.Value).ToList();
        var known = typeof(Causes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!).ToHashSet();

        Assert.True(codes.Count >= 22, $"read {codes.Count} codes");
        Assert.Empty(codes.Except(known));
    }

    private static string Cel(string filter) => Link("cel", $"[{{name: filter, value: {JsonValue.Create(filter)!.ToJsonString()}}}]");

    private static string GitHub(string parameters) => Link("github", parameters);

    private static string Signed(string secret) => GitHub($"[{{name: secretRef, value: {{secretName: {secret}, secretKey: token}}}}]");

    private static string Link(string name, string parameters) => $"{{ref: {{name: {name}}}, params: {parameters}}}";

    private static string Signature(string secret) =>
        "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(Push)));

    private static Row Refused(string cause, KubeException exception, string explain, string fix) =>
        new(cause, TriggerOutcome.Error, "", explain, fix) { Refusal = exception };

    private sealed record Row(string Cause, TriggerOutcome Outcome, string Interceptor, string Explain, string Fix)
    {
        public string Body { get; init; } = Push;

        public string Binding { get; init; } = "x";

        public string? Listener { get; init; }

        public string Why { get; init; } = "";

        public int GitHubStatus { get; init; } = 200;

        public KubeException? Refusal { get; init; }

        public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [new("X-GitHub-Event", "push")];

        public ReceivedEvent Event => new()
        {
            EventId = "8c1b4f0e-51f5-4a4d-9d7e-2b54d3a1f7aa",
            ListenerNamespace = "ci",
            ListenerName = "el",
            ListenerUid = "u",
            ReceivedAt = DateTimeOffset.UnixEpoch,
            Method = "POST",
            Path = "/",
            Headers = Headers.Any(header => header.Key == "Content-Type") ? Headers : [new("Content-Type", "application/json"), .. Headers],
            Body = Encoding.UTF8.GetBytes(Body),
        };

        public async Task<TriggerVerdict> DecideAsync()
        {
            var spec = Listener ?? $"""
                triggers:
                - name: build
                  interceptors: [{Interceptor}]
                  bindings: [{"{name: v, value: " + Binding + "}"}]
                  template: {"{spec: {params: [{name: v}], resourcetemplates: [{apiVersion: v1, kind: ConfigMap, metadata: {generateName: a-}, data: {v: $(tt.params.v)}}]}}"}
                """;
            var listener = YamlReader.ReadObject($"kind: EventListener\nmetadata: {{name: el, namespace: ci}}\nspec:\n  {spec.ReplaceLineEndings("\n  ")}", out var error)
                ?? throw new InvalidOperationException(error + "\n" + spec);
            var flow = new TriggerFlow(TriggerLookups.Of([.. Objects(), listener]), Ports());
            var decision = Assert.Single(await flow.DecideAsync(Event, listener, TestContext.Current.CancellationToken));
            return Refusal is null ? decision.Verdict
                : EventDecision.Failed(decision.Verdict, decision.Objects[0], Kinds.ConfigMap, ("ci", "el"), Refusal);
        }

        private static IEnumerable<JsonObject> Objects() =>
        [
            .. TriggersInstall.Manifests().Where(manifest => manifest.Text("kind") == "ClusterInterceptor"),
            .. new[] { "mine", "down", "broken" }.Select(name => YamlReader.ReadObject(
                $"{{kind: Interceptor, metadata: {{name: {name}, namespace: ci}}, spec: {{clientConfig: {{url: 'http://{name}'}}}}}}", out _)!),
            .. new[] { "one", "two" }.Select(name => YamlReader.ReadObject(
                $"{{kind: Trigger, metadata: {{name: {name}, namespace: ci, labels: {{app: web}}}}, spec: {{}}}}", out _)!),
        ];

        private InterceptorPorts Ports() => new()
        {
            BuiltIn = BuiltInInterceptors.Of(
                (key, _) => ValueTask.FromResult(SecretValue.From(
                    Secrets.Keys.Any(one => one.StartsWith(key.Name + "/", StringComparison.Ordinal))
                        ? Secrets.Where(one => one.Key.StartsWith(key.Name + "/", StringComparison.Ordinal)).ToDictionary(one => one.Key.Split('/')[1], one => Encoding.UTF8.GetBytes(one.Value))
                        : null, key)),
                (_, _) => ValueTask.FromResult(new GitHubAnswer(GitHubStatus, "", "[]"u8.ToArray())), TimeProvider.System),
            Remote = (address, _, _) => address.Name switch
            {
                "mine" => ValueTask.FromResult(InterceptorResponse.Stop(InterceptorCode.FailedPrecondition, "not today")),
                "broken" => throw new InvalidOperationException("a hole"),
                _ => throw new InterceptorException("Post \"http://down\": dial tcp: connection refused"),
            },
            Webhook = (_, _) => throw new InterceptorException("no webhook"),
        };
    }
}
