using System.Text.Json.Nodes;
using Hikigane.Resources.Triggers;

namespace Hikigane.Unit.Resources.Triggers;

public sealed class ListenerEdgeTests
{
    [Fact]
    public void Without_annotations_everything_is_as_upstream()
    {
        var (edge, errors) = ListenerEdge.Read(null);

        Assert.Empty(errors);
        Assert.Equal(ListenerEdge.Open with { AllowFrom = edge.AllowFrom, TrustedProxies = edge.TrustedProxies }, edge);
    }

    [Fact]
    public void Every_annotation_is_read()
    {
        var (edge, errors) = Read(
            ("max-body-bytes", "1Mi"), ("max-header-bytes", "8Ki"), ("read-timeout", "1m30s"), ("rate-limit", "0.5"), ("rate-burst", "3"),
            ("rate-limit-per-address", "10"), ("allow-from", "192.0.2.9/24, 2001:db8::/32,198.51.100.7"), ("trusted-proxies", "10.0.0.1"),
            ("bearer-token-secret", "door/token"), ("client-ca-secret", "ca/ca.crt"), ("deduplicate", "true"), ("wait", "500ms"));

        Assert.Empty(errors);
        Assert.Equal(1 << 20, edge.MaxBodyBytes);
        Assert.Equal(8192, edge.MaxHeaderBytes);
        Assert.Equal(TimeSpan.FromSeconds(90), edge.ReadTimeout);
        Assert.Equal(new RateLimit(0.5, 3), edge.Rate);
        Assert.Equal(new RateLimit(10, 10), edge.AddressRate);
        Assert.Equal(["192.0.2.0/24", "2001:db8::/32", "198.51.100.7/32"], edge.AllowFrom.Select(network => network.ToString()));
        Assert.Equal(new SecretEntry("door", "token"), edge.BearerToken);
        Assert.Equal(new SecretEntry("ca", "ca.crt"), edge.ClientAuthority);
        Assert.True(edge.Deduplicates);
        Assert.Equal(TimeSpan.FromMilliseconds(500), edge.Wait);
    }

    [Theory]
    [InlineData("max-body-bytes", "0", "must be a number of bytes from 1 to 1073741824")]
    [InlineData("max-body-bytes", "2Gi", "must be a number of bytes")]
    [InlineData("max-body-bytes", "1KiKi", "must be a number of bytes")]
    [InlineData("max-header-bytes", "255", "must be a number of bytes from 256 to 1048576")]
    [InlineData("read-timeout", "5", "must be a duration from 100ms to 10m")]
    [InlineData("read-timeout", "99ms", "must be a duration from 100ms to 10m")]
    [InlineData("read-timeout", "99999999999999999999s", "must be a duration")]
    [InlineData("rate-limit", "-1", "must be a number of requests per second")]
    [InlineData("rate-limit", "NaN", "must be a number of requests per second")]
    [InlineData("rate-burst", "5", "needs listener.hikigane.dev/rate-limit")]
    [InlineData("allow-from", "10.1", "'10.1' is none")]
    [InlineData("allow-from", "", "'' is none")]
    [InlineData("allow-from", "10.0.0.0/33", "'10.0.0.0/33' is none")]
    [InlineData("trusted-proxies", "010.0.0.1", "'010.0.0.1' is none")]
    [InlineData("bearer-token-secret", "door", "as SECRET/KEY")]
    [InlineData("deduplicate", "yes", "must have value 'true' or 'false'")]
    [InlineData("wait", "6s", "be a duration up to 5s")]
    [InlineData("alow-from", "10.0.0.0/8", "is not known; there are max-body-bytes,")]
    public void What_makes_no_sense_is_said(string name, string value, string error)
    {
        var (_, errors) = Read((name, value));

        Assert.Contains(error, Assert.Single(errors), StringComparison.Ordinal);
        Assert.StartsWith(ListenerEdge.Prefix + name, errors[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Admission_says_all_of_it_at_once()
    {
        var listener = JsonNode.Parse("""
            {"apiVersion": "triggers.tekton.dev/v1beta1", "kind": "EventListener",
             "metadata": {"name": "el", "annotations": {"listener.hikigane.dev/rate-limit": "many", "listener.hikigane.dev/client-ca-secret": "ca/ca.crt"}},
             "spec": {"labelSelector": {}}}
            """)!.AsObject();

        var verdict = TriggersAdmission.Review(new TriggersReview("CREATE", "EventListener", "v1beta1", listener), null);

        Assert.Equal(
            """
            validation failed: invalid value: listener.hikigane.dev/client-ca-secret needs a listener that serves TLS: set the envs TLS_CERT and TLS_KEY: metadata.annotations
            invalid value: listener.hikigane.dev/rate-limit must be a number of requests per second above 0 and up to 1000000, such as 10 or 0.5: metadata.annotations
            """,
            verdict.Error);
    }

    private static (ListenerEdge Edge, IReadOnlyList<string> Errors) Read(params (string Name, string Value)[] annotations) =>
        ListenerEdge.Read(new JsonObject(annotations.Select(one => KeyValuePair.Create<string, JsonNode?>(ListenerEdge.Prefix + one.Name, one.Value))));
}
