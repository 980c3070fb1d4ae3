using System.Globalization;
using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;
using Hikigane.Resources.Json;

namespace Hikigane.Integration;

/// <summary>
/// Two thousand acknowledged events while the program is killed at random moments: each has one verdict, each made one object, and no object is
/// without its event. <c>HIKIGANE_KILLS</c> makes it longer.
/// </summary>
public sealed class TwoThousandEvents : IDisposable
{
    private const int Events = 2000;
    private const int Senders = 16;

    private const string Manifests = """
        {apiVersion: v1, kind: ServiceAccount, metadata: {name: el}}
        ---
        {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: el},
         rules: [{apiGroups: [triggers.tekton.dev], resources: ['*'], verbs: [get, list, watch]}, {apiGroups: [''], resources: [configmaps], verbs: [create]}]}
        ---
        {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: el},
         subjects: [{kind: ServiceAccount, name: el, namespace: default}], roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: el}}
        ---
        apiVersion: triggers.tekton.dev/v1beta1
        kind: EventListener
        metadata: {name: counter}
        spec:
          serviceAccountName: el
          triggers:
          - name: count
            bindings: [{name: number, value: $(body.number)}]
            template:
              spec:
                params: [{name: number}]
                resourcetemplates:
                - {apiVersion: v1, kind: ConfigMap, metadata: {generateName: event-}, data: {number: $(tt.params.number)}}
        """;

    private readonly UpProcess hikigane = new();
    private readonly CancellationToken cancellationToken = TestContext.Current.CancellationToken;
    private readonly List<string> acknowledged = [];
    private readonly Lock gate = new();
    private TaskCompletionSource running = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Dispose() => hikigane.Dispose();

    [Fact]
    public async Task Each_acknowledged_event_has_one_verdict_and_one_object_however_often_the_program_is_killed()
    {
        var kills = int.TryParse(Environment.GetEnvironmentVariable("HIKIGANE_KILLS"), NumberStyles.None, CultureInfo.InvariantCulture, out var wanted) ? wanted : 3;
        var random = new Random(20261125);
        await hikigane.StartAsync(cancellationToken);
        await hikigane.CreateAsync(Manifests, cancellationToken);
        await hikigane.ListenerReadyAsync("counter", cancellationToken);
        running.SetResult();
        var sending = Task.WhenAll(Enumerable.Range(0, Senders).Select(sender => Task.Run(() => SendAsync(sender), cancellationToken)));

        for (var kill = 0; kill < kills; kill++)
        {
            var moment = (Events * kill / kills) + random.Next(Events / kills);
            await Waits.UntilAsync(() => Task.FromResult(Count() >= moment), cancellationToken);
            running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            hikigane.Kill();
            await hikigane.StartAsync(cancellationToken);
            await hikigane.ListenerReadyAsync("counter", cancellationToken);
            running.SetResult();
        }

        await sending;
        var reader = hikigane.Ledger;
        await Waits.UntilAsync(() => Task.FromResult(reader.List(new LedgerQuery { Outcome = DeliveryOutcome.Pending }).Count == 0), cancellationToken);

        var deliveries = reader.List(new LedgerQuery { Limit = 2 * Events });
        Assert.Equal(Events, acknowledged.Count);
        Assert.Empty(acknowledged.Except(deliveries.Select(delivery => delivery.Event.EventId)));
        Assert.All(deliveries, delivery => Assert.Equal(DeliveryOutcome.Fired, delivery.Outcome));
        Assert.Empty(reader.Read("SELECT seq FROM earlier_verdicts WHERE 1 = 1", [], "", row => row.GetInt64(0)));

        var objects = await hikigane.GetAsync("api/v1/namespaces/default/configmaps?labelSelector=triggers.tekton.dev%2Ftrigger%3Dcount", cancellationToken);
        Assert.Equal(
            deliveries.Select(delivery => delivery.Event.EventId).Order(),
            objects.Objects("items").Select(item => item.Label("triggers.tekton.dev/triggers-eventid")).Order());
    }

    /// <summary>Sends until enough were acknowledged. What got no answer may be in the ledger or not; it is sent anew.</summary>
    private async Task SendAsync(int sender)
    {
        for (var n = 0; Count() < Events; n++)
        {
            await running.Task.WaitAsync(cancellationToken);
            if (await hikigane.AcknowledgedAsync("counter", $$"""{"number":"{{sender}}-{{n}}"}""", cancellationToken) is { } eventId)
            {
                lock (gate)
                {
                    if (acknowledged.Count < Events)
                    {
                        acknowledged.Add(eventId);
                    }
                }
            }
        }
    }

    private int Count()
    {
        lock (gate)
        {
            return acknowledged.Count;
        }
    }
}
