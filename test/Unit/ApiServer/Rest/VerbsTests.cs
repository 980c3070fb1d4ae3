using System.Text.Json.Nodes;
using Hikigane.Kit;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Microsoft.Extensions.Time.Testing;

namespace Hikigane.Unit.ApiServer.Rest;

/// <summary>The behaviour of the verbs that controllers and clients rely on, through the in-process client.</summary>
public sealed class VerbsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static JsonObject ConfigMap(string name, string value = "1") => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "ConfigMap",
        ["metadata"] = new JsonObject { ["name"] = name },
        ["data"] = new JsonObject { ["a"] = value },
    };

    private static JsonObject TaskRun(string name) => new()
    {
        ["apiVersion"] = "tekton.dev/v1",
        ["kind"] = "TaskRun",
        ["metadata"] = new JsonObject { ["name"] = name },
        ["spec"] = new JsonObject { ["unknownField"] = 1.50m },
    };

    private static Task<EmbeddedApi> Start() => EmbeddedApi.InMemory(new FakeTimeProvider());

    [Fact]
    public async Task A_write_that_changes_nothing_keeps_its_version()
    {
        await using var api = await Start();
        var created = await api.Kube.CreateAsync(Kinds.ConfigMap, "default", ConfigMap("a"), Token);

        var updated = await api.Kube.UpdateAsync(Kinds.ConfigMap, created, Token);

        Assert.Equal(created.ResourceVersion(), updated.ResourceVersion());
    }

    [Fact]
    public async Task A_second_writer_with_an_old_version_gets_a_conflict()
    {
        await using var api = await Start();
        var old = await api.Kube.CreateAsync(Kinds.ConfigMap, "default", ConfigMap("a"), Token);
        var changed = old.Copy();
        changed.Ensure("data")["a"] = "2";
        await api.Kube.UpdateAsync(Kinds.ConfigMap, changed, Token);

        var late = old.Copy();
        late.Ensure("data")["a"] = "3";
        var refusal = await Assert.ThrowsAsync<KubeException>(() => api.Kube.UpdateAsync(Kinds.ConfigMap, late, Token));

        Assert.True(refusal.IsConflict);
        Assert.Equal("Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again", refusal.Message);
    }

    [Fact]
    public async Task Status_and_spec_are_written_apart_and_the_generation_counts_specs()
    {
        await using var api = await Start();
        var run = (await api.Kube.CreateAsync(Kinds.TaskRun, "default", TaskRun("r"), Token)).Copy();
        run["status"] = new JsonObject { ["podName"] = "p" };
        run.Ensure("spec")["timeout"] = "1h";

        var viaMain = (await api.Kube.UpdateAsync(Kinds.TaskRun, run, Token)).Copy();
        viaMain["status"] = new JsonObject { ["podName"] = "p" };
        viaMain.Ensure("spec")["timeout"] = "2h";
        var viaStatus = await api.Kube.UpdateAsync(Kinds.TaskRun, viaMain, Token, "status");

        Assert.Equal("p", viaStatus.Text("status", "podName"));
        Assert.Equal("1h", viaStatus.Text("spec", "timeout"));
        Assert.Equal(2, viaStatus.Integer("metadata", "generation"));
        Assert.Contains("1.50", viaStatus.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watch_sees_every_change_after_its_version_in_order()
    {
        await using var api = await Start();
        var list = await api.Kube.ListAsync(Kinds.ConfigMap, "default", ListQuery.All, Token);
        await api.Kube.CreateAsync(Kinds.ConfigMap, "default", ConfigMap("a"), Token);
        await api.Kube.PatchAsync(Kinds.ConfigMap, new ObjectKey("default", "a"), new Patch(PatchKind.Merge, JsonNode.Parse("""{"data":{"b":"2"}}""")!), Token);
        await api.Kube.DeleteAsync(Kinds.ConfigMap, new ObjectKey("default", "a"), DeleteQuery.Default, Token);

        var seen = new List<WatchEvent>();
        await foreach (var change in api.Kube.WatchAsync(Kinds.ConfigMap, "default", new WatchQuery(list.ResourceVersion), Token))
        {
            seen.Add(change);
            if (seen.Count == 3)
            {
                break;
            }
        }

        Assert.Equal([WatchEventType.Added, WatchEventType.Modified, WatchEventType.Deleted], seen.Select(one => one.Type));
        Assert.True(seen[2].Object.ResourceVersion() > seen[1].Object.ResourceVersion());
    }

    [Fact]
    public async Task An_object_with_a_finalizer_goes_with_the_last_finalizer()
    {
        await using var api = await Start();
        var held = ConfigMap("a");
        held.Ensure("metadata")["finalizers"] = new JsonArray("x/y");
        await api.Kube.CreateAsync(Kinds.ConfigMap, "default", held, Token);

        await api.Kube.DeleteAsync(Kinds.ConfigMap, new ObjectKey("default", "a"), DeleteQuery.Default, Token);
        var marked = await api.Kube.GetAsync(Kinds.ConfigMap, "default", "a", Token);
        await api.Kube.PatchAsync(Kinds.ConfigMap, new ObjectKey("default", "a"), new Patch(PatchKind.Merge, JsonNode.Parse("""{"metadata":{"finalizers":null}}""")!), Token);

        Assert.True(marked.IsBeingDeleted());
        var refusal = await Assert.ThrowsAsync<KubeException>(() => api.Kube.GetAsync(Kinds.ConfigMap, "default", "a", Token));
        Assert.Equal("configmaps \"a\" not found", refusal.Message);
    }

    [Fact]
    public async Task An_applier_takes_back_what_it_no_longer_applies_and_meets_others_in_conflict()
    {
        await using var api = await Start();
        var key = new ObjectKey("default", "a");
        Patch Apply(string data, string manager, bool force = false) =>
            new(PatchKind.Apply, JsonNode.Parse($$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{{data}}}""")!, manager, force);
        await api.Kube.PatchAsync(Kinds.ConfigMap, key, Apply("""{"a":"1","b":"2"}""", "m1"), Token);

        var second = await api.Kube.PatchAsync(Kinds.ConfigMap, key, Apply("""{"a":"1"}""", "m1"), Token);
        var refusal = await Assert.ThrowsAsync<KubeException>(() => api.Kube.PatchAsync(Kinds.ConfigMap, key, Apply("""{"a":"9"}""", "m2"), Token));
        var forced = await api.Kube.PatchAsync(Kinds.ConfigMap, key, Apply("""{"a":"9"}""", "m2", force: true), Token);

        Assert.Null(second.Text("data", "b"));
        Assert.Equal("Apply failed with 1 conflict: conflict with \"m1\": .data.a", refusal.Message);
        Assert.Equal("9", forced.Text("data", "a"));
    }

    [Fact]
    public async Task A_strategic_patch_merges_containers_by_name()
    {
        await using var api = await Start();
        var pod = JsonNode.Parse("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"a","image":"x"},{"name":"b","image":"y"}]}}""")!.AsObject();
        await api.Kube.CreateAsync(Kinds.Pod, "default", pod, Token);

        var patch = JsonNode.Parse("""{"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}],"containers":[{"name":"b","image":"z"}]}}""")!;
        var patched = await api.Kube.PatchAsync(Kinds.Pod, new ObjectKey("default", "p"), new Patch(PatchKind.Strategic, patch), Token);

        Assert.Equal("""[{"name":"b","image":"z"},{"name":"a","image":"x"}]""", patched["spec"]!["containers"]!.ToJsonString());
    }

    [Theory]
    [InlineData("app=web,tier!=db", true)]
    [InlineData("app in (api, web)", true)]
    [InlineData("app notin (web)", false)]
    [InlineData("!app", false)]
    [InlineData("missing", false)]
    public async Task Labels_select(string selector, bool isFound)
    {
        await using var api = await Start();
        var one = ConfigMap("a");
        one.Ensure("metadata", "labels")["app"] = "web";
        await api.Kube.CreateAsync(Kinds.ConfigMap, "default", one, Token);

        var list = await api.Kube.ListAsync(Kinds.ConfigMap, null, new ListQuery(selector), Token);

        Assert.Equal(isFound, list.Items.Count == 1);
    }
}
