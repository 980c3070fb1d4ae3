using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Yaml;
using Hikigane.Server;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hikigane.Integration;

/// <summary>One control plane for all example folders: they are applied one after the other, and taken away again.</summary>
public sealed class ExamplesPlane : IAsyncLifetime
{
    private readonly string directory = Directory.CreateTempSubdirectory("hikigane-examples-").FullName;

    public ControlPlane Plane { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var options = new UpOptions { DataDirectory = Path.Combine(directory, "data"), IsInMemory = true, AllowsNoSandbox = true };
        Plane = await ControlPlane.StartAsync(options, TimeProvider.System, NullLoggerFactory.Instance, TestContext.Current.CancellationToken);

        // As the examples' README says for those that choose a node: kubectl label node NODE app=test
        var nodes = await Plane.Admin.ListAsync(Kinds.Node, null, ListQuery.All, TestContext.Current.CancellationToken);
        var label = new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["app"] = "test" } } };
        foreach (var node in nodes.Items)
        {
            await Plane.Admin.PatchAsync(Kinds.Node, node.Key(), new Patch(PatchKind.Merge, label), TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Plane.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }
}

/// <summary>
/// The example folders of Tekton Triggers: apply, wait until the listeners are ready, post the event of <c>curl.sh</c>, and the object is there.
/// </summary>
public sealed class TheExamples(ExamplesPlane fixture) : IClassFixture<ExamplesPlane>
{
    private static readonly string[] ClusterKinds =
        ["Namespace", "ClusterRole", "ClusterRoleBinding", "ClusterTriggerBinding", "ClusterInterceptor", "CustomResourceDefinition"];

    /// <summary>Folders whose event needs api.github.com: without it the verdict has to say so.</summary>
    private static readonly string[] NeedInternet = ["github-add-changed-files-pr", "github-owners"];

    /// <summary>There is no controller for these: the folder's CronJob is played by the test, which posts what it would post.</summary>
    private static readonly string[] NotServed = ["CronJob"];

    private readonly IKube kube = fixture.Plane.Admin;
    private readonly CancellationToken cancellationToken = TestContext.Current.CancellationToken;

    public static TheoryData<string> Folders()
    {
        var folders = new TheoryData<string>();
        foreach (var root in Root() is { } there ? new[] { "v1alpha1", "v1beta1" }.Select(version => Path.Combine(there, version)) : [])
        {
            foreach (var folder in Directory.EnumerateDirectories(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
                .Where(folder => Directory.EnumerateFiles(folder, "*.yaml").Any()))
            {
                folders.Add(Path.GetRelativePath(Root()!, folder));
            }
        }

        if (folders.Count == 0)
        {
            folders.Add("");
        }

        return folders;
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public async Task Every_example_folder_works_as_it_is(string folder)
    {
        Assert.SkipWhen(folder.Length == 0, "the examples are not there: ../shared/conformance/triggers/examples");
        var manifests = Manifests(Path.Combine(Root()!, folder));
        try
        {
            await ApplyAsync(manifests);
            foreach (var listener in manifests.Where(one => one.Text("kind") == "EventListener"))
            {
                try
                {
                    await ReadyAsync(listener);
                }
                catch (OperationCanceledException)
                {
                    var deployment = await FindAsync(Kinds.Deployment, new ObjectKey(NamespaceOf(listener), "el-" + listener.Name()));
                    var pods = await kube.ListAsync(Kinds.Pod, NamespaceOf(listener), new ListQuery($"eventlistener={listener.Name()}"), cancellationToken);
                    Assert.Fail($"{listener.Name()} is not ready: {deployment?["status"]?.ToJsonString()} {string.Join('\n', pods.Items.Select(pod => pod["status"]?.ToJsonString()))}");
                }
            }

            if (Script(folder) is { } script)
            {
                await PostAsync(folder, script, manifests.First(one => one.Text("kind") == "EventListener"));
            }
        }
        finally
        {
            await DeleteAsync(manifests);
        }
    }

    private static string? Root()
    {
        var beside = Path.GetFullPath(Path.Combine(Repository.Root, "..", "shared", "conformance", "triggers", "examples"));
        return Directory.Exists(beside) ? beside : null;
    }

    private async Task ApplyAsync(IReadOnlyList<JsonObject> manifests)
    {
        if (manifests.Any(one => one.At("spec", "resources", "customResource") is not null))
        {
            await kube.PatchAsync(Kinds.CustomResourceDefinition, KnativeServices.Key(), Apply(KnativeServices), cancellationToken);
            await Waits.UntilAsync(IsServedAsync, cancellationToken);
        }

        foreach (var manifest in manifests)
        {
            var type = TypeOf(manifest);
            await kube.PatchAsync(type, new ObjectKey(type.IsNamespaced ? NamespaceOf(manifest) : "", manifest.Name()), Apply(manifest), cancellationToken);
        }
    }

    private async Task ReadyAsync(JsonObject listener)
    {
        var isCustom = listener.At("spec", "resources", "customResource") is not null;
        var wanted = isCustom ? KnativeService : Kinds.Deployment;
        await Waits.UntilAsync(
            async () =>
            {
                var found = await FindAsync(wanted, new ObjectKey(NamespaceOf(listener), "el-" + listener.Name()));
                return found is not null && (isCustom || found.Integer("status", "readyReplicas") >= 1);
            },
            cancellationToken);
        if (isCustom)
        {
            // What Knative would say.
            var service = (await FindAsync(wanted, new ObjectKey(NamespaceOf(listener), "el-" + listener.Name())))!.Copy();
            service["status"] = JsonNode.Parse("""{"url": "http://el.example", "conditions": [{"type": "Ready", "status": "True"}]}""");
            await kube.UpdateAsync(wanted, service, cancellationToken);
        }

        await Waits.UntilAsync(
            async () => (await FindAsync(Kinds.EventListener, new ObjectKey(NamespaceOf(listener), listener.Name())))?.Condition("Ready").Text("status") == "True",
            cancellationToken);
    }

    /// <summary>How the folder's event is posted; null when it has none.</summary>
    private static string? Script(string folder)
    {
        var path = Path.Combine(Root()!, folder, "curl.sh");
        return File.Exists(path) ? File.ReadAllText(path) : Path.GetFileName(folder) == "cron" ? "curl -X POST --data {}" : null;
    }

    private async Task PostAsync(string folder, string script, JsonObject listener)
    {
        if (listener.At("spec", "resources", "customResource") is not null)
        {
            // Nobody runs Knative's pods here.
            return;
        }

        var request = CurlScript.Read(script, path => File.ReadAllText(Path.Combine(Root()!, "..", path)));
        using var client = new HttpClient();
        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri(fixture.Plane.ListenersAddress, $"{NamespaceOf(listener)}/{listener.Name()}"));
        message.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(request.Body));
        foreach (var (name, value) in request.Headers)
        {
            if (!message.Headers.TryAddWithoutValidation(name, value))
            {
                message.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        using var answer = await client.SendAsync(message, cancellationToken);
        var body = await answer.Content.ReadAsStringAsync(cancellationToken);
        Assert.True((int)answer.StatusCode == 202, $"{(int)answer.StatusCode}: {body}");
        var eventId = JsonNode.Parse(body).Text("eventID")!;
        await Waits.UntilAsync(() => Task.FromResult(fixture.Plane.Ledger.Find(eventId)?.DecidedAt is not null), cancellationToken);
        var delivery = fixture.Plane.Ledger.Find(eventId)!;
        if (NeedInternet.Contains(Path.GetFileName(folder)) && delivery.Triggers.Any(trigger => trigger.Created.Count == 0))
        {
            Assert.All(delivery.Triggers, trigger => Assert.NotEqual("", trigger.Cause));
            return;
        }

        var created = delivery.Triggers.SelectMany(trigger => trigger.Created).ToList();
        Assert.True(created.Count > 0, string.Join('\n', delivery.Triggers.Select(trigger => $"{trigger.Name}: {trigger.Outcome} {trigger.Cause} {trigger.Message}")));
        foreach (var one in created)
        {
            var stored = await FindAsync(TypeOf(one.ApiVersion, one.Kind), new ObjectKey(one.Namespace, one.Name));
            Assert.Equal(eventId, stored?.Label("triggers.tekton.dev/triggers-eventid"));
        }
    }

    private async Task DeleteAsync(IReadOnlyList<JsonObject> manifests)
    {
        foreach (var manifest in manifests.Reverse())
        {
            var type = TypeOf(manifest);
            try
            {
                await kube.DeleteAsync(type, new ObjectKey(type.IsNamespaced ? NamespaceOf(manifest) : "", manifest.Name()), DeleteQuery.Default, cancellationToken);
            }
            catch (KubeException exception) when (exception.IsNotFound)
            {
            }
        }
    }

    /// <summary>What the folder holds, and what its README has a person make first: the ServiceAccount, a certificate.</summary>
    private static List<JsonObject> Manifests(string folder)
    {
        var files = Directory.EnumerateFiles(folder, "*.yaml").Order(StringComparer.Ordinal).ToList();
        if (!files.Any(file => Path.GetFileName(file).Contains("rbac", StringComparison.Ordinal)))
        {
            files.Insert(0, Path.Combine(folder, "..", "eventlisteners", "rbac.yaml"));
        }

        var manifests = files
            .SelectMany(file => YamlReader.Read(File.ReadAllText(file)).Documents.Select(document => document.Root).OfType<JsonObject>())
            .Where(manifest => !NotServed.Contains(manifest.Text("kind")!)).ToList();
        if (manifests.Any(manifest => manifest["spec"]?.ToJsonString().Contains("tls-secret-key", StringComparison.Ordinal) == true))
        {
            manifests.Insert(0, Certificate("tls-secret-key"));
        }

        return manifests;
    }

    private static JsonObject Certificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=el", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(100));
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Secret",
            ["metadata"] = new JsonObject { ["name"] = name },
            ["stringData"] = new JsonObject { ["tls.crt"] = certificate.ExportCertificatePem(), ["tls.key"] = key.ExportPkcs8PrivateKeyPem() },
        };
    }

    private async Task<JsonObject?> FindAsync(ResourceType type, ObjectKey key)
    {
        try
        {
            return await kube.GetAsync(type, key.Namespace, key.Name, cancellationToken);
        }
        catch (KubeException exception) when (exception.IsNotFound)
        {
            return null;
        }
    }

    private async Task<bool> IsServedAsync()
    {
        try
        {
            await kube.ListAsync(KnativeService, "default", ListQuery.All, cancellationToken);
            return true;
        }
        catch (KubeException exception) when (exception.IsNotFound)
        {
            return false;
        }
    }

    private static Patch Apply(JsonObject manifest) => new(PatchKind.Apply, manifest.Copy(), "kubectl", Force: true);

    private static string NamespaceOf(JsonObject manifest) => manifest.Namespace() is { Length: > 0 } ns ? ns : "default";

    private static ResourceType TypeOf(JsonObject manifest) => TypeOf(manifest.Text("apiVersion")!, manifest.Text("kind")!);

    private static ResourceType TypeOf(string apiVersion, string kind)
    {
        var parts = apiVersion.Split('/');
        return new ResourceType(parts.Length == 1 ? "" : parts[0], parts[^1], kind.ToLowerInvariant() + "s", kind, !ClusterKinds.Contains(kind));
    }

    private static readonly ResourceType KnativeService = new("serving.knative.dev", "v1", "services", "Service");

    private static readonly JsonObject KnativeServices = (JsonObject)JsonNode.Parse("""
        {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "services.serving.knative.dev"},
         "spec": {"group": "serving.knative.dev", "scope": "Namespaced", "names": {"plural": "services", "singular": "service", "kind": "Service", "listKind": "ServiceList"},
                  "versions": [{"name": "v1", "served": true, "storage": true,
                                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]}}
        """)!;
}

/// <summary>A call of curl, as the examples write it.</summary>
internal sealed record CurlScript(IReadOnlyList<(string Name, string Value)> Headers, string Body)
{
    /// <summary>Reads the words of the script; <c>@file</c> is read through <paramref name="file"/>.</summary>
    public static CurlScript Read(string script, Func<string, string> file)
    {
        var words = Words(script);
        var headers = new List<(string, string)>();
        var body = "";
        for (var i = 0; i < words.Count; i++)
        {
            switch (words[i])
            {
                case "-H":
                    var pair = words[++i].Split(':', 2);
                    headers.Add((pair[0].Trim(), pair[1].Trim()));
                    break;
                case "-d" or "--data" or "--data-binary":
                    var isBinary = words[i] == "--data-binary";
                    var word = words[++i];
                    body = !word.StartsWith('@') ? word : isBinary ? file(word[1..]) : file(word[1..]).ReplaceLineEndings("");
                    break;
                case "-X":
                    i++;
                    break;
            }
        }

        if (!headers.Exists(header => header.Item1.Equals("Content-Type", StringComparison.OrdinalIgnoreCase)))
        {
            headers.Add(("Content-Type", "application/x-www-form-urlencoded"));
        }

        return new CurlScript(headers, body);
    }

    private static List<string> Words(string script)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var isWord = false;
        var quote = '\0';
        for (var i = 0; i < script.Length; i++)
        {
            var next = script[i];
            if (quote != '\0')
            {
                if (next == quote)
                {
                    quote = '\0';
                }
                else
                {
                    word.Append(next);
                }
            }
            else if (next is '\'' or '"')
            {
                (quote, isWord) = (next, true);
            }
            else if (next == '\\' && i + 1 < script.Length)
            {
                i++;
                if (script[i] != '\n')
                {
                    word.Append(script[i]);
                    isWord = true;
                }
            }
            else if (char.IsWhiteSpace(next))
            {
                End();
            }
            else
            {
                word.Append(next);
                isWord = true;
            }
        }

        End();
        return words;

        void End()
        {
            if (isWord)
            {
                words.Add(word.ToString());
                word.Clear();
                isWord = false;
            }
        }
    }
}
