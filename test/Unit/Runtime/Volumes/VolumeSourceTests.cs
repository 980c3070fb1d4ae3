using System.Text.Json.Nodes;
using Hikigane.Runtime.Volumes;

namespace Hikigane.Unit.Runtime.Volumes;

public sealed class VolumeSourceTests
{
    private static readonly JsonObject Pod = (JsonObject)JsonNode.Parse("""
        {"spec": {"volumes": [
          {"name": "settings", "configMap": {"name": "settings"}},
          {"name": "password", "secret": {"secretName": "password"}},
          {"name": "all", "projected": {"sources": [
            {"configMap": {"name": "more"}}, {"secret": {"name": "key"}}, {"serviceAccountToken": {"path": "token"}}]}}]}}
        """)!;

    [Theory]
    [InlineData(VolumeSource.ConfigMap, "settings", true)]
    [InlineData(VolumeSource.ConfigMap, "more", true)]
    [InlineData(VolumeSource.ConfigMap, "password", false)]
    [InlineData(VolumeSource.Secret, "password", true)]
    [InlineData(VolumeSource.Secret, "key", true)]
    [InlineData(VolumeSource.Secret, "settings", false)]
    public void A_pod_mounts_what_its_volumes_name(string kind, string name, bool isMounted) =>
        Assert.Equal(isMounted, new VolumeSource(kind, name).IsIn(Pod));

    [Fact]
    public void A_change_of_a_pod_concerns_only_volumes_that_show_its_fields()
    {
        Assert.False(VolumeSource.Pod.IsIn(Pod));
        Assert.True(VolumeSource.Pod.IsIn((JsonObject)JsonNode.Parse("""{"spec": {"volumes": [{"name": "info", "downwardAPI": {"items": []}}]}}""")!));
    }

    [Fact]
    public void A_look_at_all_passes_by_what_is_not_made_of_files_of_ours()
    {
        Assert.True(VolumeSource.Any.IsIn(Pod));
        Assert.False(VolumeSource.Any.IsIn((JsonObject)JsonNode.Parse("""{"spec": {"volumes": [{"name": "work", "emptyDir": {}}]}}""")!));
    }
}
