namespace Hikigane.Pipelines.Pods;

/// <summary>Images of the containers that a TaskRun's pod has beside the user's, with upstream's defaults.</summary>
public sealed record PodImages
{
    public static readonly PodImages Default = new();

    public string Entrypoint { get; init; } = "ko://github.com/tektoncd/pipeline/cmd/entrypoint";

    public string Nop { get; init; } = "ko://github.com/tektoncd/pipeline/cmd/nop";

    public string SidecarLogResults { get; init; } = "ko://github.com/tektoncd/pipeline/cmd/sidecarlogresults";

    public string WorkingDirInit { get; init; } = "ko://github.com/tektoncd/pipeline/cmd/workingdirinit";

    public string Shell { get; init; } = "cgr.dev/chainguard/busybox@sha256:19f02276bf8dbdd62f069b922f10c65262cc34b710eea26ff928129a736be791";

    public string ShellWindows { get; init; } =
        "mcr.microsoft.com/powershell:nanoserver@sha256:b6d5ff841b78bdf2dfed7550000fd4f3437385b8fa686ec0f010be24777654d6";
}
