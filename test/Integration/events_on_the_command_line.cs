using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Integration;

/// <summary>What a person types to find out why an event did nothing, to mend it and to have it decided again: the executable as a process.</summary>
public sealed class EventsOnTheCommandLine : IDisposable
{
    internal const string Manifests = """
        {apiVersion: v1, kind: ServiceAccount, metadata: {name: el}}
        ---
        {apiVersion: v1, kind: Secret, metadata: {name: hook}, stringData: {token: s3cret-value}}
        ---
        {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: el},
         rules: [{apiGroups: [triggers.tekton.dev], resources: ['*'], verbs: [get, list, watch]}, {apiGroups: [''], resources: [configmaps], verbs: [create]},
                 {apiGroups: [''], resources: [secrets], verbs: [get, list, watch]}]}
        ---
        {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: el},
         subjects: [{kind: ServiceAccount, name: el, namespace: default}, {kind: ServiceAccount, name: tekton-triggers-core-interceptors, namespace: tekton-pipelines}],
         roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: el}}
        ---
        apiVersion: triggers.tekton.dev/v1beta1
        kind: EventListener
        metadata: {name: hooks}
        spec:
          serviceAccountName: el
          triggers:
          - name: build
            interceptors:
            - {ref: {name: github}, params: [{name: secretRef, value: {secretName: hook, secretKey: token}}, {name: eventTypes, value: [push]}]}
            - {ref: {name: cel}, params: [{name: filter, value: "body.ref == 'refs/heads/main'"}]}
            bindings: [{name: sha, value: $(body.head_commit.id)}]
            template:
              spec:
                params: [{name: sha}]
                resourcetemplates:
                - {apiVersion: v1, kind: ConfigMap, metadata: {generateName: made-}, data: {sha: $(tt.params.sha)}}
        """;

    private readonly UpProcess hikigane = new();
    private readonly CancellationToken cancellationToken = TestContext.Current.CancellationToken;

    public void Dispose() => hikigane.Dispose();

    [Fact]
    public async Task From_a_silent_event_to_the_run_that_it_should_have_started()
    {
        Assert.Equal(6, (await hikigane.RunAsync(cancellationToken, "why")).ExitCode);
        Assert.Contains("does not exist: start `hikigane up` first", await SaysAsync(6, "event", "ls"), StringComparison.Ordinal);
        await hikigane.StartAsync(cancellationToken);
        await hikigane.CreateAsync(Manifests, cancellationToken);
        await hikigane.ListenerReadyAsync("hooks", cancellationToken);

        // Sent by hand, signed as GitHub does.
        Assert.Contains("created ConfigMap default/made-", await SendAsync(0, "github/push", "--secret", "s3cret-value"), StringComparison.Ordinal);
        Assert.Contains("[signature.mismatch]", await SendAsync(4, "github/push", "--secret", "other"), StringComparison.Ordinal);
        Assert.Contains("[event.type]", await SendAsync(3, "github/pull_request", "--secret", "s3cret-value"), StringComparison.Ordinal);
        await SendAsync(3, "github/push", "--secret", "s3cret-value", "--set", "body.ref=refs/heads/fix-1");

        // Why, in words and as JSON.
        Assert.Contains("`body.ref == 'refs/heads/main'` is false: body.ref is \"refs/heads/fix-1\".", await SaysAsync(3, "why"), StringComparison.Ordinal);
        var why = JsonNode.Parse(await SaysAsync(3, "why", "-o", "json"))!;
        var id = why.Text("eventID")!;
        Assert.Equal("filter.false", why.Objects("triggers").First().Text("cause"));
        Assert.Equal(4, (await SaysAsync(0, "event", "ls", "-o", "name")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal($"event/{id}\n", await SaysAsync(0, "event", "ls", "-o", "name", "--cause", "filter.false", "--text", "body.ref:fix-1", "--repo", "acme/api"));
        Assert.DoesNotContain("s3cret-value", await SaysAsync(0, "event", "show", id), StringComparison.Ordinal);

        // Another filter, on what came so far; then the event itself, changed, first without effect.
        Assert.Contains("filtered [filter.false] -> fired", await SaysAsync(1, "event", "back-test", "--filter", "body.ref.startsWith('refs/heads/')"), StringComparison.Ordinal);
        Assert.Contains("body.ref", await SaysAsync(1, "event", "diff", id, "fired"), StringComparison.Ordinal);
        Assert.Contains("would be created", await SaysAsync(0, "event", "replay", id, "--set", "body.ref=refs/heads/main"), StringComparison.Ordinal);
        await SaysAsync(3, "event", "replay", id, "--as-was");
        Assert.Single(await ObjectsAsync());

        // And for real: signed again, under a new id that says what it repeats.
        var replayed = JsonNode.Parse(await SaysAsync(0, "event", "replay", id, "--run", "--set", "body.ref=refs/heads/main", "--reason", "filter was wrong", "-o", "json"))![0]!;
        Assert.Equal((id, "filter was wrong"), (replayed.Text("replayOf"), replayed.Text("reason")));
        Assert.Contains(await ObjectsAsync(), item => item.Label("hikigane.dev/replay-of") == id);
        Assert.Contains("1 of which was replayed before", await SaysAsync(2, "event", "replay", id, "--run"), StringComparison.Ordinal);
        Assert.Contains("filter was wrong", await SaysAsync(0, "event", "show", id), StringComparison.Ordinal);

        // A run leads back to its event; a stopped installation still answers.
        var made = replayed.Objects("triggers").First().Objects("created").First().Text("name")!;
        Assert.Contains(replayed.Text("eventID")!, await SaysAsync(0, "why", made), StringComparison.Ordinal);
        hikigane.Kill();
        Assert.Contains("the stopped installation", await SaysAsync(3, "event", "replay", id), StringComparison.Ordinal);
        Assert.Equal(5, (await SaysAsync(0, "event", "export")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        var request = await SaysAsync(0, "event", "export", id, "--shape", "http");
        Assert.StartsWith("POST / HTTP/1.1\r\n", request, StringComparison.Ordinal);
        Assert.Equal("refs/heads/fix-1", JsonNode.Parse(request[(request.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]).Text("ref"));
    }

    private Task<string> SendAsync(int exitCode, params string[] arguments) => SaysAsync(exitCode, ["event", "send", .. arguments, "-l", "hooks", "--wait", "20"]);

    private async Task<string> SaysAsync(int exitCode, params string[] arguments)
    {
        var (code, text) = await hikigane.RunAsync(cancellationToken, arguments);
        Assert.True(code == exitCode, $"hikigane {string.Join(' ', arguments)} ended with {code} instead of {exitCode}: {text}");
        return text;
    }

    private async Task<IReadOnlyList<JsonObject>> ObjectsAsync() =>
        [.. (await hikigane.GetAsync("api/v1/namespaces/default/configmaps?labelSelector=triggers.tekton.dev%2Ftrigger%3Dbuild", cancellationToken)).Objects("items")];
}

/// <summary>The same with the events in PostgreSQL.</summary>
public sealed class EventsInPostgreSql(Postgres postgres) : IDisposable
{
    private readonly UpProcess hikigane = new();

    public void Dispose() => hikigane.Dispose();

    [Fact]
    public async Task An_event_is_found_where_the_ledger_is_and_nowhere_else()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await postgres.StartAsync(cancellationToken);
        Assert.SkipWhen(postgres.Missing is not null, postgres.Missing ?? "");
        await hikigane.StartAsync(cancellationToken, "--ledger", postgres.Address);
        await hikigane.CreateAsync(EventsOnTheCommandLine.Manifests, cancellationToken);
        await hikigane.ListenerReadyAsync("hooks", cancellationToken);

        var (code, text) = await hikigane.RunAsync(
            cancellationToken, "event", "send", "generic/push", "-l", "hooks", "--wait", "20", "--ledger", postgres.Address);

        Assert.True(code == 3, text);
        Assert.Contains("[event.header-missing]", text, StringComparison.Ordinal);
        Assert.Equal(3, (await hikigane.RunAsync(cancellationToken, "why", "-l", "hooks", "--ledger", postgres.Address)).ExitCode);
        Assert.Equal(6, (await hikigane.RunAsync(cancellationToken, "why")).ExitCode);
        var (_, nowhere) = await hikigane.RunAsync(cancellationToken, "event", "ls", "--ledger", "postgres://127.0.0.1:1/none");
        Assert.StartsWith("hikigane: the ledger ", nowhere, StringComparison.Ordinal);
    }
}
