using Hikigane.Kube;

namespace Hikigane.Runtime.Workloads;

/// <summary>The controllers that a cluster would bring along, for the embedded mode: one list, for the wiring.</summary>
public static class WorkloadControllers
{
    /// <param name="volumes">Directory below which claims get theirs.</param>
    /// <param name="certificateAuthority">The API server's CA, PEM.</param>
    public static IReadOnlyList<IController> All(ObjectCaches caches, TimeProvider time, string volumes, string certificateAuthority)
    {
        var kube = caches.Kube;
        return
        [
            new NamespaceContentController(kube, certificateAuthority),
            new SchedulerController(kube, caches, Events("default-scheduler"), time),
            new DeploymentController(kube, Applier("deployment-controller"), time),
            new ReplicaSetController(kube, Applier("replicaset-controller"), Events("replicaset-controller"), time),
            new StatefulSetController(kube, Applier("statefulset-controller"), time),
            new EndpointsController(kube, caches),
            new VolumeClaimController(kube, Events("persistentvolume-controller"), volumes),
        ];

        EventRecorder Events(string component) => new(kube, time, component);

        PlanApplier Applier(string component) => new(kube, Events(component));
    }
}
