using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Triggers.Interceptors;

namespace Hikigane.Server.Listener;

/// <summary>The interceptors that run in this process, with the Secrets and the connection that they need.</summary>
internal static class BuiltInInterceptors
{
    /// <param name="kube">Reads Secrets as the core interceptors' ServiceAccount, as upstream's do.</param>
    public static Func<string, Interceptor?> Of(IKube kube, GitHubGet gitHub) =>
        Of((key, cancellationToken) => ReadAsync(kube, key, cancellationToken), gitHub);

    public static Func<string, Interceptor?> Of(SecretReader secrets, GitHubGet gitHub)
    {
        var byName = new Dictionary<string, Interceptor>
        {
            ["cel"] = (request, cancellationToken) => CelInterceptor.InterceptAsync(request, secrets, cancellationToken),
            ["github"] = ReplaySignature.Signing("github", GitHub.Create(secrets, gitHub), secrets),
            ["gitlab"] = ReplaySignature.Signing("gitlab", GitLab.Create(secrets), secrets),
            ["bitbucket"] = ReplaySignature.Signing("bitbucket", Bitbucket.Create(secrets), secrets),
            ["slack"] = Slack.Create(),
        };
        return byName.GetValueOrDefault;
    }

    /// <summary>Reads Secrets with the rights of a client.</summary>
    public static SecretReader SecretsOf(IKube kube) => (key, cancellationToken) => ReadAsync(kube, key, cancellationToken);

    public static async ValueTask<SecretValue> ReadAsync(IKube kube, SecretKey key, CancellationToken cancellationToken)
    {
        try
        {
            var secret = await kube.GetAsync(Kinds.Secret, key.Namespace, key.Name, cancellationToken);
            var data = (secret.Object("data") ?? []).ToDictionary(pair => pair.Key, pair => Convert.FromBase64String(pair.Value.Text() ?? ""));
            return SecretValue.From(data, key);
        }
        catch (FormatException exception)
        {
            return SecretValue.Missing(exception.Message);
        }
        catch (KubeException exception) when (!exception.IsTransient)
        {
            return SecretValue.Missing(exception.Message);
        }
    }
}
