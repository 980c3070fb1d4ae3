using Hikigane.Resources.Pipelines;

namespace Hikigane.Resources.Triggers;

/// <summary>
/// The structs of the Triggers kinds, as tables (see <see cref="Shape"/>). A name before <c>~</c> only keeps apart what Go keeps apart by package;
/// <c>v1~</c> marks the core API's package.
/// </summary>
internal static class TriggersShapes
{
    private const string Shared =
        """

        v1~EnvVar: name!, value, valueFrom* EnvSource
        v1~Condition: type!, status!, severity, lastTransitionTime! any, reason, message
        v1~EphemeralContainer: name!, image, command [] string, args [] string, workingDir, ports [] ContainerPort, envFrom [] EnvFrom, env [] v1~EnvVar, resources! Resources, volumeMounts [] VolumeMount, livenessProbe* Probe, readinessProbe* Probe, startupProbe* Probe, imagePullPolicy, securityContext* SecurityContext, stdin bool, stdinOnce bool, tty bool, terminationMessagePath, terminationMessagePolicy, lifecycle* Lifecycle, volumeDevices [] VolumeDevice, targetContainerName
        v1~Container: name!, image, command [] string, args [] string, workingDir, ports [] ContainerPort, envFrom [] EnvFrom, env [] v1~EnvVar, resources! Resources, resizePolicy any, restartPolicy* string, restartPolicyRules any, volumeMounts [] VolumeMount, volumeDevices [] VolumeDevice, livenessProbe* Probe, readinessProbe* Probe, startupProbe* Probe, lifecycle* Lifecycle, terminationMessagePath, terminationMessagePolicy, imagePullPolicy, securityContext* SecurityContext, stdin bool, stdinOnce bool, tty bool
        v1~PodSpec: volumes [] Volume, initContainers [] v1~Container, containers! [] v1~Container, ephemeralContainers [] v1~EphemeralContainer, restartPolicy, terminationGracePeriodSeconds* int, activeDeadlineSeconds* int, dnsPolicy, nodeSelector map string, serviceAccountName, serviceAccount, automountServiceAccountToken* bool, nodeName, hostNetwork bool, hostPID bool, hostIPC bool, shareProcessNamespace* bool, securityContext* PodSecurityContext, imagePullSecrets [] LocalRef, hostname, subdomain, affinity* Affinity, schedulerName, tolerations [] Toleration, hostAliases [] HostAlias, priorityClassName, priority* int, dnsConfig* DnsConfig, readinessGates any, runtimeClassName* string, enableServiceLinks* bool, preemptionPolicy* string, overhead map quantity, topologySpreadConstraints [] Spread, setHostnameAsFQDN* bool, os any, hostUsers* bool, schedulingGates any, resourceClaims any, resources any, hostnameOverride* string, workloadRef any
        v1~PodSpecable: metadata! ObjectMeta, spec! v1~PodSpec
        v1~WithPodSpec: template! v1~PodSpecable
        v1~WithPod: kind, apiVersion, metadata! ObjectMeta, spec! v1~WithPodSpec
        v1~ObjectReference: kind, namespace, name, uid, apiVersion, resourceVersion, fieldPath
        v1~Param: name!, value! value
        Empty:
        Param: name!, value!
        ParamSpec: name!, description, default* string
        TriggerBindingSpec: params [] Param
        TriggerBinding: kind, apiVersion, metadata! ObjectMeta, spec! TriggerBindingSpec, status! Empty
        ClusterTriggerBinding: kind, apiVersion, metadata! ObjectMeta, spec! TriggerBindingSpec, status! Empty
        TriggerTemplateSpec: params [] ParamSpec, resourcetemplates [] TriggerResourceTemplate
        TriggerTemplate: kind, apiVersion, metadata! ObjectMeta, spec! TriggerTemplateSpec, status! Empty
        TriggerSpecBinding: name, value* string, ref, kind, apiversion
        TriggerSpecTemplate: ref* string, apiversion, spec* TriggerTemplateSpec
        InterceptorRef: name, kind, apiVersion
        InterceptorParams: name!, value! any
        WebhookInterceptor: objectRef* v1~ObjectReference, url* url, header [] v1~Param
        NamespaceSelector: matchNames [] string
        EventListenerConfig: generatedName!
        EventListenerTrigger: bindings [] *TriggerSpecBinding, template* TriggerSpecTemplate, triggerRef, name, interceptors [] *TriggerInterceptor, serviceAccountName
        TriggerSpec: bindings! [] *TriggerSpecBinding, template! TriggerSpecTemplate, name, interceptors [] *TriggerInterceptor, serviceAccountName
        Trigger: kind, apiVersion, metadata! ObjectMeta, spec! TriggerSpec
        EL~Resources: kubernetesResource* KubernetesResource, customResource* any
        EventListener: kind, apiVersion, metadata! ObjectMeta, spec! EventListenerSpec, status! EventListenerStatus

        """;

    private const string Alpha =
        """

        TriggerInterceptor: name* string, ref! InterceptorRef, params [] InterceptorParams, webhook* WebhookInterceptor, github* GitHubInterceptor, gitlab* GitLabInterceptor, cel* CELInterceptor, bitbucket* BitbucketInterceptor
        SecretRef: secretKey, secretName
        GitHubInterceptor: secretRef* SecretRef, eventTypes [] string
        GitLabInterceptor: secretRef* SecretRef, eventTypes [] string
        BitbucketInterceptor: secretRef* SecretRef, eventTypes [] string
        CELOverlay: key, expression
        CELInterceptor: filter, overlays [] CELOverlay
        KubernetesResource: replicas* int32, serviceType, spec! v1~WithPodSpec
        EventListenerSpec: serviceAccountName, triggers! [] EventListenerTrigger, namespaceSelector! NamespaceSelector, labelSelector* LabelSelector, resources! EL~Resources
        EventListenerStatus: observedGeneration int, conditions [] v1~Condition, annotations map string, address any, addresses any, configuration! EventListenerConfig
        ServiceReference: name!, namespace!, path, port* int32
        ClientConfig: caBundle bytes, url* url, service* ServiceReference
        InterceptorSpec: clientConfig! ClientConfig
        ClusterInterceptorSpec: clientConfig! ClientConfig
        InterceptorStatus: observedGeneration int, conditions [] v1~Condition, annotations map string, address any, addresses any
        Interceptor: kind, apiVersion, metadata! ObjectMeta, spec! InterceptorSpec, status! InterceptorStatus
        ClusterInterceptor: kind, apiVersion, metadata! ObjectMeta, spec! ClusterInterceptorSpec, status! InterceptorStatus

        """;

    private const string Beta =
        """

        TriggerInterceptor: name* string, ref! InterceptorRef, params [] InterceptorParams, webhook* WebhookInterceptor
        KubernetesResource: replicas* int32, serviceType, servicePort* int32, serviceLoadBalancerClass* string, spec! v1~WithPodSpec
        EventListenerTriggerSelector: namespaceSelector! NamespaceSelector, labelSelector* LabelSelector
        EventListenerTriggerGroup: name!, interceptors! [] *TriggerInterceptor, triggerSelector! EventListenerTriggerSelector
        EventListenerSpec: serviceAccountName, triggers [] EventListenerTrigger, triggerGroups [] EventListenerTriggerGroup, namespaceSelector! NamespaceSelector, labelSelector* LabelSelector, resources! EL~Resources, cloudEventURI
        EventListenerStatus: observedGeneration int, conditions [] v1~Condition, annotations map string, address any, addresses any, configuration! EventListenerConfig

        """;

    public static readonly IReadOnlyDictionary<string, Shape> V1Alpha1 = Shapes.Parse(CoreShapes.Text + Shared + Alpha);

    public static readonly IReadOnlyDictionary<string, Shape> V1Beta1 = Shapes.Parse(CoreShapes.Text + Shared + Beta);
}
