using System.CommandLine;
using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources.Yaml;
using Hikigane.Server.Previews;

namespace Hikigane.Cli.Ledgers;

/// <summary>
/// Where a command finds listeners and triggers: an API by kubeconfig, the running or stopped installation of the data directory, and drafts in files
/// over these.
/// </summary>
internal sealed class ObjectsPlace
{
    private readonly Option<string?> kubeconfig = new("--kubeconfig")
    {
        Description = "API that holds the listeners; without it that of the data directory, running or not",
        HelpName = "FILE",
    };

    private readonly Option<string[]> files = new("--filename", "-f")
    {
        Description = "Drafts: manifests that count instead of those that exist; may be repeated",
        HelpName = "FILE",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(kubeconfig);
        command.Options.Add(files);
    }

    public bool HasDrafts(ParseResult parsed) => parsed.GetValue(files) is { Length: > 0 };

    /// <param name="ns">The namespace of drafts that name none.</param>
    public async Task<KnownObjects> LoadAsync(ParseResult parsed, string dataDirectory, string ns, CancellationToken cancellationToken)
    {
        var drafts = Drafts(parsed.GetValue(files) ?? []);
        var known = await ExistingAsync(parsed.GetValue(kubeconfig), dataDirectory, drafts.Count > 0, cancellationToken);
        return drafts.Count == 0 ? known : known.With(drafts, ns);
    }

    /// <summary>The API of a running installation, or one that was named; null when none answers.</summary>
    public async Task<IKube?> ApiAsync(ParseResult parsed, string dataDirectory, CancellationToken cancellationToken)
    {
        var file = parsed.GetValue(kubeconfig) ?? Path.Combine(dataDirectory, "kubeconfig");
        if (!File.Exists(file))
        {
            return null;
        }

        var kube = new HttpKube(Kubeconfig.Load(file));
        try
        {
            await kube.ListAsync(Resources.Kinds.EventListener, null, ListQuery.All, cancellationToken);
            return kube;
        }
        catch (Exception exception) when (exception is HttpRequestException or KubeException { IsTransient: true })
        {
            kube.Dispose();
            return null;
        }
    }

    private static async Task<KnownObjects> ExistingAsync(string? named, string dataDirectory, bool hasDrafts, CancellationToken cancellationToken)
    {
        if (named is not null)
        {
            return await KnownObjects.OfApiAsync(new HttpKube(Kubeconfig.Load(named)), named, cancellationToken);
        }

        var local = Path.Combine(dataDirectory, "kubeconfig");
        if (File.Exists(local))
        {
            try
            {
                return await KnownObjects.OfApiAsync(new HttpKube(Kubeconfig.Load(local)), "the running installation", cancellationToken);
            }
            catch (Exception exception) when (exception is HttpRequestException or KubeException { IsTransient: true })
            {
                // It does not run.
            }
        }

        return File.Exists(Path.Combine(dataDirectory, "objects.db")) ? await KnownObjects.OfDirectoryAsync(dataDirectory)
            : hasDrafts ? KnownObjects.BuiltIn
            : throw new CliException($"there are no listeners to decide with: nothing runs in {dataDirectory}. Give --kubeconfig, or drafts with -f");
    }

    private static List<JsonObject> Drafts(string[] files)
    {
        var drafts = new List<JsonObject>();
        foreach (var file in files)
        {
            var text = file == "-" ? Console.In.ReadToEnd() : File.Exists(file) ? File.ReadAllText(file) : throw new CliException($"{file} does not exist", ExitCode.Usage);
            var stream = YamlReader.Read(text);
            if (stream.Errors.Count > 0)
            {
                throw new CliException($"{file}: {string.Join("; ", stream.Errors)}", ExitCode.Usage);
            }

            drafts.AddRange(stream.Documents.Select(document => document.Root).OfType<JsonObject>());
        }

        return drafts;
    }
}
