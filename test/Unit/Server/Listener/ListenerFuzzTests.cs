using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;
using Hikigane.Resources.Json;
using Hikigane.Server.Install;
using Hikigane.Server.Listener;

namespace Hikigane.Unit.Server.Listener;

/// <summary>
/// Whatever comes to a listener: it answers in its own words or hangs up, it goes on, and what it acknowledged it decides. A second per property, or
/// <c>HIKIGANE_FUZZ_SECONDS</c>.
/// </summary>
public sealed class ListenerFuzzTests
{
    private const string Plain = """{"spec":{"resourcetemplates":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"plain-"},"data":{"k":"static"}}]}}""";

    private static readonly int Seconds = int.TryParse(Environment.GetEnvironmentVariable("HIKIGANE_FUZZ_SECONDS"), out var asked) ? asked : 1;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    private static readonly Gen<string> Junk = Gen.String[Gen.OneOf(Gen.Char['\0', '\xff'], OneOf('{', '}', '[', ']', '"', '\\', ':', ',', '&', '=', '%', '$', '(')), 0, 40];

    private static readonly Gen<string> Scalar = Gen.OneOf(
        OneOf("null", "true", "1e400", "-0", "1.50", "12345678901234567890", "\"\"", "\"\\ud800\"", "\"$(body.a)\"", "\"$(tt.params.v)\""),
        Gen.Long.Select(one => one.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        Gen.String[Gen.Char['a', 'z'], 0, 12].Select(one => $"\"{one}\""));

    private static readonly Gen<string> Json = Gen.Recursive<string>((depth, inner) => depth > 4
        ? Scalar
        : Gen.OneOf(
            Scalar,
            inner.Array[0, 4].Select(items => $"[{string.Join(',', items)}]"),
            Gen.Select(OneOf("a", "a", "b", "ref", "repository", "", "extensions", "é"), inner).Array[0, 4]
                .Select(members => $"{{{string.Join(',', members.Select(member => $"\"{member.Item1}\":{member.Item2}"))}}}")));

    private static readonly Gen<string> Body = Gen.OneOf(
        Json,
        Json.Select(json => $$"""{"a":{{json}}}"""),
        Gen.Select(OneOf("a", "b", "text", "%zz", "a%20b", ""), Junk).Array[0, 5].Select(fields => string.Join('&', fields.Select(field => $"{field.Item1}={field.Item2}"))),
        Junk,
        Gen.Int[1, 3000].Select(depth => string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth)));

    private static readonly Gen<string> HeaderValue = Gen.String[Gen.Char[' ', '~'], 0, 30];

    private static readonly Gen<(string Name, string Value)[]> Headers = Gen.Select(
        Gen.OneOf(
            OneOf("Content-Type", "X-GitHub-Event", "X-GitHub-Delivery", "X-Hub-Signature-256", "Ce-Specversion", "Ce-Id", "Ce-Type", "X-Forwarded-For", "Authorization"),
            Gen.String[Gen.OneOf(Gen.Char['a', 'z'], OneOf('-', '_', '!', '~', 'A')), 1, 12]),
        Gen.OneOf(
            HeaderValue,
            OneOf("application/json", "application/x-www-form-urlencoded", "application/cloudevents+json", "application/cloudevents-batch+json; charset=utf-8", "1.0", "0.3", "sha256=zz")))
        .Array[0, 8];

    [Fact]
    public async Task Whatever_an_event_holds_it_is_acknowledged_or_refused_and_then_decided()
    {
        await using var rig = await StartAsync();
        var accepted = 0;

        await Gen.Select(Headers, Body).SampleAsync(
            async (headers, body) =>
            {
                var answer = await SendAsync(rig, Request(headers, Encoding.Latin1.GetBytes(body)), isWhole: true);
                Assert.True(answer.StartsWith("HTTP/1.1 202 ", StringComparison.Ordinal) || answer.StartsWith("HTTP/1.1 400 ", StringComparison.Ordinal), answer);
                Interlocked.Add(ref accepted, answer[9] == '2' ? 1 : 0);
            },
            time: Seconds, threads: 2);

        var created = await rig.CreatedAsync();
        var deliveries = rig.Ledger.Reader.List(new LedgerQuery { Limit = int.MaxValue });
        Assert.Equal(accepted, deliveries.Count);
        Assert.All(deliveries, delivery => Assert.DoesNotContain(delivery.Triggers, trigger => trigger.Cause is "internal" or "undecided"));
        Assert.All(deliveries, delivery => Assert.True(delivery.Triggers is [_, _, _, _, { Cause: "" or "payload.invalid" }]));
        Assert.Equal(
            deliveries.Count(delivery => delivery.Triggers[4].Outcome == TriggerOutcome.Fired),
            created.Count(one => one.Name().StartsWith("plain-", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Whatever_bytes_come_the_listener_goes_on()
    {
        await using var rig = await StartAsync();
        var request = Encoding.Latin1.GetString(Request([("Content-Type", "application/json"), ("Ce-Specversion", "1.0")], "{\"a\":1}"u8.ToArray()));
        var edits = Gen.Select(Gen.Int[0, request.Length - 1], Gen.Int[0, 4], Gen.OneOf(Gen.Const("\r\n"), Gen.Const("\0"), Junk)).Array[1, 5];

        await edits.SampleAsync(
            async edited =>
            {
                var broken = new StringBuilder(request);
                foreach (var (at, removed, inserted) in edited.Where(edit => edit.Item1 + edit.Item2 <= broken.Length))
                {
                    broken.Remove(at, removed).Insert(at, inserted);
                }

                var answer = await SendAsync(rig, Encoding.Latin1.GetBytes(broken.ToString()), isWhole: false);
                Assert.True(answer.Length == 0 || (answer.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) && answer[9] is '2' or '3' or '4' or '5'), answer);
            },
            time: Seconds, threads: 2);

        using var alive = await rig.PostAsync();
        Assert.Equal(HttpStatusCode.Accepted, alive.StatusCode);
    }

    /// <summary>A listener with payload checks off, whose triggers read what they can; one of them needs nothing and fires whatever its neighbours make of the event.</summary>
    private static Task<ListenerRig> StartAsync()
    {
        var filtered = ListenerRig.Trigger("filtered");
        filtered["interceptors"] = JsonNode.Parse("""
            [{"ref": {"name": "cel"}, "params": [
              {"name": "filter", "value": "has(body.a) && header.match('X-GitHub-Event', 'push') || size(body) > 1"},
              {"name": "overlays", "value": [{"key": "x.y", "expression": "body.a"}]}]}]
            """);
        var form = ListenerRig.Trigger("form");
        form["interceptors"] = JsonNode.Parse("""[{"ref": {"name": "slack"}, "params": [{"name": "requestedFields", "value": ["text"]}]}]""");
        var signed = ListenerRig.Trigger("signed");
        signed["interceptors"] = JsonNode.Parse("""[{"ref": {"name": "github"}, "params": [{"name": "secretRef", "value": {"secretName": "s", "secretKey": "k"}}]}]""");
        var plain = ListenerRig.Trigger("plain", Plain);
        plain.Remove("bindings");
        return ListenerRig.StartAsync(
            triggers: [filtered, form, signed, ListenerRig.Trigger("raw", ListenerRig.Template.Replace("\"$(tt.params.v)\"", "\"$(tt.params.v)$(uid)\"", StringComparison.Ordinal)), plain],
            options: options => options with { ValidatesPayload = false, ReadTimeout = TimeSpan.FromSeconds(2) },
            parts: parts => parts with
            {
                Ports = parts.Ports with { BuiltIn = BuiltInInterceptors.Of(parts.Secrets, (_, _) => throw new HttpRequestException("no GitHub"), TimeProvider.System) },
            },
            objects: [.. TriggersInstall.Manifests().Where(manifest => manifest.Text("kind") == "ClusterInterceptor").Select(manifest => manifest.ToJsonString())]);
    }

    private static byte[] Request(IEnumerable<(string Name, string Value)> headers, byte[] body)
    {
        var head = new StringBuilder("POST /hook?x=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
        foreach (var (name, value) in headers.Where(header => !header.Name.Equals("host", StringComparison.OrdinalIgnoreCase)))
        {
            head.Append($"{name}: {value}\r\n");
        }

        return [.. Encoding.Latin1.GetBytes($"{head}Content-Length: {body.Length}\r\n\r\n"), .. body];
    }

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);

    /// <summary>Sends and reads to the end; where the request may end in the middle, says that nothing more comes, and may get no answer.</summary>
    private static async Task<string> SendAsync(ListenerRig rig, byte[] bytes, bool isWhole)
    {
        using var longest = new CancellationTokenSource(Longest);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, rig.Listener.Port), longest.Token);
        await using var stream = new NetworkStream(socket);
        using var received = new MemoryStream();
        try
        {
            await stream.WriteAsync(bytes, longest.Token);
            if (!isWhole)
            {
                socket.Shutdown(SocketShutdown.Send);
            }

            await stream.CopyToAsync(received, longest.Token);
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            // Hung up while we were still sending.
        }

        return Encoding.Latin1.GetString(received.ToArray());
    }
}
