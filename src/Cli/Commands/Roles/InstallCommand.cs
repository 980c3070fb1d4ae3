using System.CommandLine;
using Hikigane.Kube;
using Hikigane.Resources.Json;
using Hikigane.Resources.Yaml;
using Hikigane.Server.Install;

namespace Hikigane.Cli.Commands.Roles;

/// <summary><c>hikigane install</c>: prints what a cluster needs, or applies it.</summary>
internal static class InstallCommand
{
    public static Command Create()
    {
        var image = new Option<string>("--image") { Description = "Image of all roles and listeners; its entry point is hikigane", HelpName = "IMAGE", Required = true };
        var ns = new Option<string>("--system-namespace") { Description = "Where to install", HelpName = "NAME", DefaultValueFactory = _ => "tekton-pipelines" };
        var apply = new Option<bool>("--apply") { Description = "Apply to the cluster instead of printing YAML" };
        var kubeconfig = new Option<string?>("--kubeconfig") { Description = "Kubeconfig of the cluster; without it what kubectl would read", HelpName = "FILE" };
        var context = new Option<string?>("--context") { Description = "Context of the kubeconfig", HelpName = "NAME" };
        var command = new Command("install", "Print or apply what a cluster needs: definitions, roles, a Deployment for each part")
        {
            image, ns, apply, kubeconfig, context,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var manifests = ClusterInstall.Manifests(parsed.GetValue(ns)!, parsed.GetValue(image)!);
            if (!parsed.GetValue(apply))
            {
                Console.Out.Write(YamlWriter.WriteAll(manifests));
                return ExitCode.Done;
            }

            using var kube = new HttpKube(Kubeconfig.Load(parsed.GetValue(kubeconfig) ?? Kubeconfig.DefaultPath, parsed.GetValue(context)));
            await ClusterInstall.ApplyAsync(
                kube, manifests, manifest => Console.WriteLine($"{manifest.Text("kind")!.ToLowerInvariant()}/{manifest.Name()} applied"), TimeProvider.System, cancellationToken);
            return ExitCode.Done;
        });
        return command;
    }
}
