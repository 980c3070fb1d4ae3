using Hikigane.ApiServer.Rest;
using Hikigane.Kube;
using Microsoft.AspNetCore.Http;

namespace Hikigane.ApiServer.Streaming;

/// <summary>The subresources of a pod that stream: authorized like any other, then handed to the kubelet.</summary>
public sealed class PodSubresources(ObjectApi api, IPodStreams pods)
{
    /// <summary>Serves log, port-forward, exec and attach; false for anything else.</summary>
    public async ValueTask<bool> ServeAsync(HttpContext context, Caller caller, Target target)
    {
        if (target.Type != Resources.Kinds.Pod || target.Subresource is not ("log" or "portforward" or "exec" or "attach"))
        {
            return false;
        }

        // Upgrades by GET count as creates too where clients may choose: Kubernetes asks for "get" on GET and "create" on POST.
        api.Check(caller, context.Request.Method == "POST" ? "create" : "get", target);
        var pod = api.Store.Current.Find(target.Key)?.Object ?? throw Errors.NotFound(target.Type, target.Name);
        await (target.Subresource switch
        {
            "log" => LogRequest.ServeAsync(context, pods, pod, api.Time),
            "portforward" => StreamUpgrade.PortForwardAsync(context, pods, pod),
            "attach" => StreamUpgrade.AttachAsync(context, pods, pod),
            _ => StreamUpgrade.ExecAsync(context, pods, pod),
        });
        return true;
    }
}
