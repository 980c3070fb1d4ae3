using System.Text.Json.Nodes;
using Hikigane.Kit;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Server.Https;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Hikigane.Unit.Server.Https;

public sealed class ServingSecretTests
{
    private static readonly ServingName Name = new("default", "certs", "hook");
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private readonly CancellationToken cancellationToken = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_certificate_is_made_once_and_shared()
    {
        await using var api = await EmbeddedApi.InMemory(time);
        var (first, second) = (Of(api), Of(api));

        await first.RefreshAsync(cancellationToken);
        await second.RefreshAsync(cancellationToken);

        Assert.Equal(first.Certificate!.Thumbprint, second.Certificate!.Thumbprint);
        Assert.True(first.Certificate.MatchesHostname("hook.default.svc"));
        var secret = await api.Kube.GetAsync(Kinds.Secret, "default", "certs", cancellationToken);
        Assert.Subset(
            secret.Object("data")!.Select(pair => pair.Key).ToHashSet(), new HashSet<string> { "server-key.pem", "server-cert.pem", "ca-cert.pem" });
    }

    [Fact]
    public async Task A_certificate_is_renewed_before_it_ends_and_those_who_trust_need_not_notice()
    {
        await using var api = await EmbeddedApi.InMemory(time);
        var secret = Of(api);
        await secret.RefreshAsync(cancellationToken);
        var (thumbprint, bundle) = (secret.Certificate!.Thumbprint, secret.Bundle);

        time.Advance(ServingKeys.Life - ServingKeys.Renewal + TimeSpan.FromHours(1));
        await secret.RefreshAsync(cancellationToken);

        Assert.NotEqual(thumbprint, secret.Certificate.Thumbprint);
        Assert.Equal(bundle, secret.Bundle);
    }

    [Theory]
    [InlineData("""{"data": {}}""")]
    [InlineData("""{"data": {"server-key.pem": "bm8=", "server-cert.pem": "bm8=", "ca-cert.pem": "bm8="}}""")]
    [InlineData("""{"data": {"server-key.pem": "bm8=", "server-cert.pem": "bm8=", "ca-cert.pem": "bm8=", "ca-key.pem": "bm8="}}""")]
    public async Task What_is_no_certificate_is_replaced(string given)
    {
        await using var api = await EmbeddedApi.InMemory(time);
        var manifest = (JsonObject)JsonNode.Parse(given)!;
        manifest["apiVersion"] = "v1";
        manifest["kind"] = "Secret";
        manifest["metadata"] = new JsonObject { ["name"] = "certs", ["namespace"] = "default" };
        await api.CreateAsync(Kinds.Secret, manifest);
        var secret = Of(api);

        await secret.RefreshAsync(cancellationToken);

        Assert.True(secret.Certificate!.MatchesHostname("hook.default.svc"));
    }

    private ServingSecret Of(EmbeddedApi api) => new(api.Kube, Name, time, NullLogger<ServingSecret>.Instance);
}
