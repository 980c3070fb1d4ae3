using System.Text.Json.Nodes;
using Hikigane.Ledger;
using Hikigane.Resources.Json;

namespace Hikigane.Integration;

/// <summary>What was acknowledged is decided once, whenever the program was killed: the executable as a process, and SIGKILL.</summary>
public sealed class KilledAndStartedAgain : IDisposable
{
    private const int Seed = 20240;
    private const int Lanes = 2;
    private const int RoundsOfLane = 50;
    private const int Events = 10;

    /// <summary>What an event makes is as cheap as can be: a ConfigMap.</summary>
    internal const string Objects = """
        {apiVersion: v1, kind: ServiceAccount, metadata: {name: sa}}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: sa}
        rules:
          - {apiGroups: [triggers.tekton.dev], resources: ["*"], verbs: [get, list, watch]}
          - {apiGroups: [""], resources: [configmaps], verbs: [get, list, watch, create]}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: sa}
        subjects: [{kind: ServiceAccount, name: sa, namespace: default}]
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: sa}
        ---
        apiVersion: triggers.tekton.dev/v1beta1
        kind: EventListener
        metadata: {name: made}
        spec:
          serviceAccountName: sa
          triggers:
            - name: one
              template: {spec: {resourcetemplates: [{apiVersion: v1, kind: ConfigMap, metadata: {generateName: made-}, data: {key: value}}]}}
        """;

    private readonly string directory = Directory.CreateTempSubdirectory("hikigane-killed-").FullName;
    private readonly CancellationToken cancellationToken = TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task Each_acknowledged_event_makes_exactly_one_object_in_a_hundred_rounds()
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Seed}");
        var undecided = await Task.WhenAll(Enumerable.Range(0, Lanes).Select(LaneAsync));

        TestContext.Current.TestOutputHelper?.WriteLine($"{undecided.Sum()} of {Lanes * RoundsOfLane * Events} events were undecided when the program was killed");
        Assert.True(undecided.Sum() > 0, $"seed {Seed}: no kill came before an event was decided");
    }

    /// <summary>Returns how many events were undecided at the kills.</summary>
    private async Task<int> LaneAsync(int lane)
    {
        var random = new Random(Seed + lane);
        using var up = new UpProcess(Path.Combine(directory, $"lane-{lane}"));
        await up.StartAsync(cancellationToken);
        await up.CreateAsync(Objects, cancellationToken);
        var acknowledged = new HashSet<string>();
        var undecided = 0;
        for (var round = 0; round < RoundsOfLane; round++)
        {
            await ListeningAsync(up);
            acknowledged.UnionWith(await Task.WhenAll(Enumerable.Range(0, Events).Select(_ => SendAsync(up))));
            // A round in two is killed at once, the others up to some milliseconds later.
            Thread.SpinWait(random.Next(2) == 0 ? 0 : random.Next(2_000_000));
            up.Kill();
            var killedAt = DateTimeOffset.UtcNow;
            await up.StartAsync(cancellationToken);
            var late = 0;
            await Waits.UntilAsync(() => Task.FromResult(Decided(up, killedAt, acknowledged.Count, out late)), cancellationToken);
            undecided += late;

            var made = await up.GetAsync("api/v1/namespaces/default/configmaps?labelSelector=triggers.tekton.dev%2Ftriggers-eventid", cancellationToken);
            Assert.Equal(acknowledged.Order(), made.Objects("items").Select(one => one.Label("triggers.tekton.dev/triggers-eventid")!).Order());
        }

        return undecided;
    }

    private Task ListeningAsync(UpProcess up) => Waits.UntilAsync(
        async () => (await up.SendAsync("made", "not json", cancellationToken)).Status == 400, cancellationToken);

    private async Task<string> SendAsync(UpProcess up)
    {
        var (status, answer) = await up.SendAsync("made", "{}", cancellationToken);
        Assert.Equal(202, status);
        return JsonNode.Parse(answer).Text("eventID")!;
    }

    private static bool Decided(UpProcess up, DateTimeOffset killedAt, int count, out int late)
    {
        var decided = up.Ledger.List(new LedgerQuery { Limit = 10_000 }).Where(delivery => delivery.DecidedAt is not null && !delivery.Event.IsRefused).ToList();
        late = decided.Count(delivery => delivery.DecidedAt > killedAt);
        return decided.Count >= count;
    }
}
