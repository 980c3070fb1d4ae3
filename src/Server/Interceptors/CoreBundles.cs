using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.Server.Interceptors;

/// <summary>
/// Tells listeners whom to trust: writes the authority into <c>caBundle</c> of the ClusterInterceptors that stand for the built-in ones.
/// As tektoncd/triggers pkg/interceptors/server.
/// </summary>
internal sealed class CoreBundles(IKube kube)
{
    public static readonly IReadOnlyList<string> Names = ["bitbucket", "cel", "github", "gitlab", "slack"];

    public async Task WriteAsync(string caBundle, CancellationToken cancellationToken)
    {
        foreach (var name in Names)
        {
            try
            {
                var existing = await kube.GetAsync(Kinds.ClusterInterceptor, null, name, cancellationToken);
                if (existing.Object("spec", "clientConfig", "service") is not null && existing.Text("spec", "clientConfig", "caBundle") != caBundle)
                {
                    var updated = existing.Copy();
                    updated.Ensure("spec", "clientConfig")["caBundle"] = caBundle;
                    await kube.UpdateAsync(Kinds.ClusterInterceptor, updated, cancellationToken);
                }
            }
            catch (KubeException exception) when (exception.IsNotFound || exception.IsConflict)
            {
                // One that nobody wants any more, or that somebody is just changing: looked at again in a minute.
            }
        }
    }
}
