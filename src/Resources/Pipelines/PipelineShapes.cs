namespace Hikigane.Resources.Pipelines;

/// <summary>Shapes of Tekton's own kinds. As tektoncd/pipeline pkg/apis/pipeline/{v1,v1beta1,v1alpha1}.</summary>
internal static class PipelineShapes
{
    public const string Shared =
        """

        Property: type
        Param: name!, value! value
        ParamSpec: name!, type, description, properties map Property, default* value, enum [] string
        TaskResult: name!, type, properties map Property, description, value* value
        StepResult: name!, type, properties map Property, description
        PipelineResult: name!, type, description!, value! value
        When: input, operator, values [] string, cel
        WorkspaceDeclaration: name!, description, mountPath, readOnly bool, optional bool
        WorkspaceUsage: name!, mountPath!
        WorkspaceBinding: name!, subPath, volumeClaimTemplate ClaimTemplate, persistentVolumeClaim ClaimVolume, emptyDir EmptyDir, configMap ConfigMapVolume, secret SecretVolume, projected Projected, csi Csi
        PipelineWorkspace: name!, description, optional bool
        TaskWorkspace: name!, workspace, subPath
        StreamConfig: path
        StepRef: name, resolver, params [] Param
        Metadata: labels map string, annotations map string
        Include: name, params [] Param
        Matrix: params [] Param, include [] Include
        Timeouts: pipeline* duration, tasks* duration, finally* duration
        Breakpoints: onFailure, beforeSteps [] string
        Debug: breakpoints Breakpoints
        RefSource: uri, digest map string, entryPoint
        CustomRunSpec: customRef TaskRef, customSpec EmbeddedRun, params [] Param, status, statusMessage, retries int, serviceAccountName, timeout* duration, workspaces [] WorkspaceBinding
        EmbeddedRun: apiVersion, kind, metadata! Metadata, spec! raw
        CustomRun: kind, apiVersion, metadata any, spec! CustomRunSpec, status! any
        StepActionSpec: description, image, command [] string, args [] string, env [] EnvVar, script, workingDir, params [] ParamSpec, results [] StepResult, securityContext SecurityContext, volumeMounts [] VolumeMount
        StepAction: kind, apiVersion, metadata any, spec! StepActionSpec
        ResourcePattern: pattern!
        SecretRef: name, namespace
        KeyRefData: secretRef SecretRef, data, kms, hashAlgorithm
        Authority: name!, key KeyRefData
        VerificationPolicySpec: resources! [] ResourcePattern, authorities! [] Authority, mode
        VerificationPolicy: kind, apiVersion, metadata! any, spec! VerificationPolicySpec
        ResolutionRequestSpec: params any, url
        ResolutionRequest: kind, apiVersion, metadata any, spec ResolutionRequestSpec, status! any

        """;

    public const string V1 =
        """

        TaskRef: name, kind, apiVersion, resolver, params [] Param
        PipelineRef: name, apiVersion, resolver, params [] Param
        StepCore: image, command [] string, args [] string, workingDir, envFrom [] EnvFrom, env [] EnvVar, computeResources! Resources, volumeMounts [] VolumeMount, volumeDevices [] VolumeDevice, imagePullPolicy, securityContext SecurityContext
        StepTemplate: ...StepCore
        Step: name!, displayName, ...StepCore, script, timeout* duration, workspaces [] WorkspaceUsage, onError, stdoutConfig StreamConfig, stderrConfig StreamConfig, ref StepRef, params [] Param, results [] StepResult, when [] When
        Sidecar: name!, ...StepCore, ports [] ContainerPort, livenessProbe Probe, readinessProbe Probe, startupProbe Probe, lifecycle Lifecycle, terminationMessagePath, terminationMessagePolicy, stdin bool, stdinOnce bool, tty bool, script, workspaces [] WorkspaceUsage, restartPolicy* string
        TaskSpec: params [] ParamSpec, displayName, description, steps [] Step, volumes [] Volume, stepTemplate StepTemplate, sidecars [] Sidecar, workspaces [] WorkspaceDeclaration, results [] TaskResult
        EmbeddedTask: apiVersion, kind, spec! any, metadata! Metadata, ...TaskSpec
        PipelineTask: name, displayName, description, taskRef TaskRef, taskSpec EmbeddedTask, pipelineRef PipelineRef, pipelineSpec PipelineSpec, when [] When, retries int, runAfter [] string, params [] Param, matrix Matrix, workspaces [] TaskWorkspace, timeout* duration, onError
        PipelineSpec: displayName, description, tasks [] PipelineTask, params [] ParamSpec, workspaces [] PipelineWorkspace, results [] PipelineResult, finally [] PipelineTask
        StepSpecs: name!, computeResources! Resources
        TaskRunSpec: debug Debug, params [] Param, serviceAccountName!, taskRef TaskRef, taskSpec TaskSpec, status, statusMessage, retries int, timeout* duration, podTemplate PodTemplate, workspaces [] WorkspaceBinding, stepSpecs [] StepSpecs, sidecarSpecs [] StepSpecs, computeResources Resources, managedBy* string
        TaskRunTemplate: podTemplate PodTemplate, serviceAccountName
        PipelineTaskRunSpec: pipelineTaskName, serviceAccountName, podTemplate PodTemplate, stepSpecs [] StepSpecs, sidecarSpecs [] StepSpecs, metadata Metadata, computeResources Resources, timeout* duration
        PipelineRunSpec: pipelineRef PipelineRef, pipelineSpec PipelineSpec, params [] Param, status, timeouts Timeouts, taskRunTemplate! TaskRunTemplate, workspaces [] WorkspaceBinding, taskRunSpecs [] PipelineTaskRunSpec, managedBy* string
        TaskRunStatus: conditions any, observedGeneration int, annotations map string, podName!, startTime* any, completionTime* any, steps any, retriesStatus any, results any, artifacts any, sidecars any, taskSpec TaskSpec, provenance any, spanContext any
        PipelineRunStatus: conditions any, observedGeneration int, annotations map string, startTime* any, completionTime* any, results any, pipelineSpec PipelineSpec, skippedTasks any, childReferences any, finallyStartTime* any, provenance any, spanContext any
        Task: kind, apiVersion, metadata any, spec! TaskSpec
        Pipeline: kind, apiVersion, metadata any, spec! PipelineSpec
        TaskRun: kind, apiVersion, metadata any, spec! TaskRunSpec, status! TaskRunStatus
        PipelineRun: kind, apiVersion, metadata any, spec! PipelineRunSpec, status! PipelineRunStatus

        """;

    public const string V1Beta1 =
        """

        TaskRef: name, kind, apiVersion, bundle, resolver, params [] Param
        PipelineRef: name, apiVersion, bundle, resolver, params [] Param
        StepCore: image, command [] string, args [] string, workingDir, envFrom [] EnvFrom, env [] EnvVar, resources! Resources, volumeMounts [] VolumeMount, volumeDevices [] VolumeDevice, imagePullPolicy, securityContext SecurityContext
        ContainerRest: ports [] ContainerPort, livenessProbe Probe, readinessProbe Probe, startupProbe Probe, lifecycle Lifecycle, terminationMessagePath, terminationMessagePolicy, stdin bool, stdinOnce bool, tty bool
        StepTemplate: name, ...StepCore, ...ContainerRest
        Step: name!, displayName, ...StepCore, ...ContainerRest, script, timeout* duration, workspaces [] WorkspaceUsage, onError, stdoutConfig StreamConfig, stderrConfig StreamConfig, ref StepRef, params [] Param, results [] StepResult, when [] When
        Sidecar: name!, ...StepCore, ...ContainerRest, script, workspaces [] WorkspaceUsage, restartPolicy* string
        TaskResource: name!, type!, description, targetPath, optional bool
        TaskResources: inputs [] TaskResource, outputs [] TaskResource
        TaskSpec: resources TaskResources, params [] ParamSpec, displayName, description, steps [] Step, volumes [] Volume, stepTemplate StepTemplate, sidecars [] Sidecar, workspaces [] WorkspaceDeclaration, results [] TaskResult
        EmbeddedTask: apiVersion, kind, spec! any, metadata! Metadata, ...TaskSpec
        PipelineTaskResources: inputs any, outputs any
        PipelineTask: name, displayName, description, taskRef TaskRef, taskSpec EmbeddedTask, pipelineRef PipelineRef, pipelineSpec PipelineSpec, when [] When, retries int, runAfter [] string, resources PipelineTaskResources, params [] Param, matrix Matrix, workspaces [] TaskWorkspace, timeout* duration, onError
        PipelineSpec: displayName, description, resources any, tasks [] PipelineTask, params [] ParamSpec, workspaces [] PipelineWorkspace, results [] PipelineResult, finally [] PipelineTask
        Overrides: name!, resources! Resources
        TaskRunSpec: debug Debug, params [] Param, resources any, serviceAccountName!, taskRef TaskRef, taskSpec TaskSpec, status, statusMessage, retries int, timeout* duration, podTemplate PodTemplate, workspaces [] WorkspaceBinding, stepOverrides [] Overrides, sidecarOverrides [] Overrides, computeResources Resources, managedBy* string
        PipelineTaskRunSpec: pipelineTaskName, taskServiceAccountName, taskPodTemplate PodTemplate, stepOverrides [] Overrides, sidecarOverrides [] Overrides, metadata Metadata, computeResources Resources, timeout* duration
        PipelineRunSpec: pipelineRef PipelineRef, pipelineSpec PipelineSpec, resources any, params [] Param, serviceAccountName, status, timeouts Timeouts, timeout* duration, podTemplate PodTemplate, workspaces [] WorkspaceBinding, taskRunSpecs [] PipelineTaskRunSpec, managedBy* string
        TaskRunStatus: conditions any, observedGeneration int, annotations map string, podName!, startTime* any, completionTime* any, steps any, cloudEvents any, retriesStatus any, resourcesResult any, taskResults any, sidecars any, taskSpec TaskSpec, provenance any, spanContext any
        PipelineRunStatus: conditions any, observedGeneration int, annotations map string, startTime* any, completionTime* any, taskRuns any, runs any, pipelineResults any, pipelineSpec PipelineSpec, skippedTasks any, childReferences any, finallyStartTime* any, provenance any, spanContext any
        Task: kind, apiVersion, metadata any, spec! TaskSpec
        Pipeline: kind, apiVersion, metadata any, spec! PipelineSpec
        TaskRun: kind, apiVersion, metadata any, spec! TaskRunSpec, status! TaskRunStatus
        PipelineRun: kind, apiVersion, metadata any, spec! PipelineRunSpec, status! PipelineRunStatus

        """;
}
