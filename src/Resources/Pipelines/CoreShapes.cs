namespace Hikigane.Resources.Pipelines;

/// <summary>Shapes of the parts of Kubernetes' core API that Tekton's objects embed.</summary>
internal static class CoreShapes
{
    public const string Text =
        """

        LocalRef: name
        KeyRef: name, key!, optional* bool
        OptionalRef: name, optional* bool
        FieldRef: apiVersion, fieldPath!
        ResourceFieldRef: containerName, resource!, divisor! quantity
        FileKeyRef: volumeName!, path!, key!, optional* bool
        EnvSource: fieldRef FieldRef, resourceFieldRef ResourceFieldRef, configMapKeyRef KeyRef, secretKeyRef KeyRef, fileKeyRef FileKeyRef
        EnvVar: name!, value, valueFrom EnvSource
        EnvFrom: prefix, configMapRef OptionalRef, secretRef OptionalRef
        Claim: name!, request
        Resources: limits map quantity, requests map quantity, claims [] Claim
        VolumeMount: name!, readOnly bool, recursiveReadOnly* string, mountPath!, subPath, mountPropagation* string, subPathExpr
        VolumeDevice: name!, devicePath!
        Capabilities: add [] string, drop [] string
        SELinux: user, role, type, level
        Seccomp: type!, localhostProfile* string
        WindowsOptions: gmsaCredentialSpecName* string, gmsaCredentialSpec* string, runAsUserName* string, hostProcess* bool
        SecurityContext: capabilities Capabilities, privileged* bool, seLinuxOptions SELinux, windowsOptions WindowsOptions, runAsUser* int, runAsGroup* int, runAsNonRoot* bool, readOnlyRootFilesystem* bool, allowPrivilegeEscalation* bool, procMount* string, seccompProfile Seccomp, appArmorProfile Seccomp
        Sysctl: name!, value!
        PodSecurityContext: seLinuxOptions SELinux, windowsOptions WindowsOptions, runAsUser* int, runAsGroup* int, runAsNonRoot* bool, supplementalGroups [] int, supplementalGroupsPolicy* string, fsGroup* int, sysctls [] Sysctl, fsGroupChangePolicy* string, seccompProfile Seccomp, appArmorProfile Seccomp, seLinuxChangePolicy* string
        ContainerPort: name, hostPort int, containerPort! int, protocol, hostIP
        Exec: command [] string
        HttpHeader: name!, value!
        HttpGet: path, port! any, host, scheme, httpHeaders [] HttpHeader
        TcpSocket: port! any, host
        Grpc: port! int, service* string
        Sleep: seconds! int
        Probe: exec Exec, httpGet HttpGet, tcpSocket TcpSocket, grpc Grpc, initialDelaySeconds int, timeoutSeconds int, periodSeconds int, successThreshold int, failureThreshold int, terminationGracePeriodSeconds* int
        Handler: exec Exec, httpGet HttpGet, tcpSocket TcpSocket, sleep Sleep
        Lifecycle: postStart Handler, preStop Handler, stopSignal* string
        KeyToPath: key!, path!, mode* int
        EmptyDir: medium, sizeLimit* quantity
        HostPath: path!, type* string
        SecretVolume: secretName, items [] KeyToPath, defaultMode* int, optional* bool
        ConfigMapVolume: name, items [] KeyToPath, defaultMode* int, optional* bool
        SecretProjection: name, items [] KeyToPath, optional* bool
        DownwardFile: path!, fieldRef FieldRef, resourceFieldRef ResourceFieldRef, mode* int
        DownwardVolume: items [] DownwardFile, defaultMode* int
        DownwardProjection: items [] DownwardFile
        TokenProjection: audience, expirationSeconds* int, path!
        TrustBundle: name* string, signerName* string, labelSelector any, optional* bool, path!
        Projection: secret SecretProjection, downwardAPI DownwardProjection, configMap SecretProjection, serviceAccountToken TokenProjection, clusterTrustBundle TrustBundle, podCertificate any
        Projected: sources! [] Projection, defaultMode* int
        ClaimVolume: claimName!, readOnly bool
        Csi: driver!, readOnly* bool, fsType* string, volumeAttributes map string, nodePublishSecretRef LocalRef
        TypedRef: apiGroup* string, kind!, name!, namespace* string
        VolumeResources: limits map quantity, requests map quantity
        LabelSelector: matchLabels map string, matchExpressions [] SelectorTerm
        SelectorTerm: key!, operator!, values [] string
        ClaimSpec: accessModes [] string, selector LabelSelector, resources! VolumeResources, volumeName, storageClassName* string, volumeMode* string, dataSource TypedRef, dataSourceRef TypedRef, volumeAttributesClassName* string
        ClaimStatus: phase, accessModes [] string, capacity map quantity, conditions any, allocatedResources map quantity, allocatedResourceStatuses any, currentVolumeAttributesClassName* string, modifyVolumeStatus any
        ClaimTemplate: kind, apiVersion, metadata! ObjectMeta, spec! ClaimSpec, status! ClaimStatus
        EphemeralTemplate: metadata! ObjectMeta, spec! ClaimSpec
        Ephemeral: volumeClaimTemplate EphemeralTemplate
        Image: reference, pullPolicy
        Volume: name!, hostPath HostPath, emptyDir EmptyDir, gcePersistentDisk any, awsElasticBlockStore any, gitRepo any, secret SecretVolume, nfs any, iscsi any, glusterfs any, persistentVolumeClaim ClaimVolume, rbd any, flexVolume any, cinder any, cephfs any, flocker any, downwardAPI DownwardVolume, fc any, azureFile any, configMap ConfigMapVolume, vsphereVolume any, quobyte any, azureDisk any, photonPersistentDisk any, projected Projected, portworxVolume any, scaleIO any, storageos any, csi Csi, ephemeral Ephemeral, image Image
        ObjectMeta: name, generateName, namespace, selfLink, uid, resourceVersion, generation int, creationTimestamp* any, deletionTimestamp* any, deletionGracePeriodSeconds* int, labels map string, annotations map string, ownerReferences any, finalizers [] string, managedFields any
        Toleration: key, operator, value, effect, tolerationSeconds* int
        HostAlias: ip!, hostnames [] string
        DnsOption: name, value* string
        DnsConfig: nameservers [] string, searches [] string, options [] DnsOption
        NodeTerm: matchExpressions [] SelectorTerm, matchFields [] SelectorTerm
        NodeSelector: nodeSelectorTerms! [] NodeTerm
        PreferredNode: weight! int, preference! NodeTerm
        NodeAffinity: requiredDuringSchedulingIgnoredDuringExecution NodeSelector, preferredDuringSchedulingIgnoredDuringExecution [] PreferredNode
        PodTerm: labelSelector LabelSelector, namespaces [] string, topologyKey!, namespaceSelector LabelSelector, matchLabelKeys [] string, mismatchLabelKeys [] string
        WeightedPodTerm: weight! int, podAffinityTerm! PodTerm
        PodAffinity: requiredDuringSchedulingIgnoredDuringExecution [] PodTerm, preferredDuringSchedulingIgnoredDuringExecution [] WeightedPodTerm
        Affinity: nodeAffinity NodeAffinity, podAffinity PodAffinity, podAntiAffinity PodAffinity
        Spread: maxSkew! int, topologyKey!, whenUnsatisfiable!, labelSelector LabelSelector, minDomains* int, nodeAffinityPolicy* string, nodeTaintsPolicy* string, matchLabelKeys [] string
        PodTemplate: nodeSelector map string, env [] EnvVar, tolerations [] Toleration, affinity Affinity, securityContext PodSecurityContext, volumes [] Volume, runtimeClassName* string, automountServiceAccountToken* bool, dnsPolicy* string, dnsConfig DnsConfig, enableServiceLinks* bool, priorityClassName* string, schedulerName, imagePullSecrets [] LocalRef, hostAliases [] HostAlias, hostNetwork bool, hostUsers* bool, topologySpreadConstraints [] Spread

        """;
}
