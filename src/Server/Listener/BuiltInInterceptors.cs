using Hikigane.Kube;
using Hikigane.Server.Interceptors;
using Hikigane.Triggers.Interceptors;
using Hikigane.Triggers.Verdicts;

namespace Hikigane.Server.Listener;

/// <summary>The interceptors that run in this process, with the Secrets, the connection and the clock that they need.</summary>
internal static class BuiltInInterceptors
{
    public static Func<string, Interceptor?> Of(SecretReader secrets, GitHubGet gitHub, TimeProvider time)
    {
        var byName = new Dictionary<string, Interceptor>
        {
            ["cel"] = (request, cancellationToken) => CelInterceptor.InterceptAsync(request, secrets, cancellationToken),
            ["github"] = Signed("github", GitHub.Create(secrets, gitHub)),
            ["gitlab"] = Signed("gitlab", GitLab.Create(secrets)),
            ["bitbucket"] = Signed("bitbucket", Bitbucket.Create(secrets)),
            ["slack"] = Slack.Create(secrets, time.GetUtcNow),
        };
        return byName.GetValueOrDefault;

        Interceptor Signed(string name, Interceptor inner) => ReplaySignature.Signing(name, SignatureVerdict.Explaining(name, inner, secrets), secrets);
    }

    /// <summary>Reads Secrets with the rights of a client, each time anew.</summary>
    public static SecretReader SecretsOf(IKube kube) => (key, cancellationToken) => SecretCache.ReadOnceAsync(kube, key, cancellationToken);
}
