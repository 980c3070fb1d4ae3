using Hikigane.ApiServer.Authorization;
using Hikigane.ApiServer.Store;
using Hikigane.Resources.Json;
using Hikigane.Resources.Yaml;

namespace Hikigane.Unit.ApiServer.Authorization;

public sealed class RbacAuthorizerTests : IAsyncDisposable
{
    private static readonly Subject Account = Subject.OfServiceAccount("ns", "sa");

    private readonly MemoryStore store = new();
    private readonly RbacAuthorizer authorizer;

    public RbacAuthorizerTests() => authorizer = new RbacAuthorizer(() => RbacObjects.Of(store.Current));

    public ValueTask DisposeAsync() => store.DisposeAsync();

    [Fact]
    public async Task A_binding_counts_in_its_namespace_and_from_the_moment_it_is_there()
    {
        await Add("roles", "{metadata: {name: reader, namespace: ns}, rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]}");
        var before = May("get", "pods", "ns");
        await Add("rolebindings", "{metadata: {name: b, namespace: ns}, roleRef: {kind: Role, name: reader}, subjects: [{kind: ServiceAccount, name: sa}]}");

        Assert.False(before);
        Assert.True(May("get", "pods", "ns"));
        Assert.False(May("get", "pods", "other"));
        Assert.False(May("delete", "pods", "ns"));
    }

    [Fact]
    public async Task An_aggregated_role_has_the_rules_of_those_that_its_expressions_select()
    {
        await Add("clusterroles", "{metadata: {name: parts, labels: {tier: a}}, rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]}");
        await Add("clusterroles", "{metadata: {name: others, labels: {tier: z}}, rules: [{apiGroups: [''], resources: [secrets], verbs: [get]}]}");
        await Add(
            "clusterroles",
            "{metadata: {name: whole}, aggregationRule: {clusterRoleSelectors: [{matchExpressions: [{key: tier, operator: In, values: [a, b]}]}]}}");
        await Add("clusterrolebindings", "{metadata: {name: b}, roleRef: {kind: ClusterRole, name: whole}, subjects: [{kind: Group, name: 'system:serviceaccounts:ns'}]}");

        Assert.True(May("get", "pods", "anywhere"));
        Assert.False(May("get", "secrets", "anywhere"));
    }

    [Fact]
    public async Task A_role_that_changes_changes_what_its_holders_may()
    {
        await Add("clusterroles", "{metadata: {name: r}, rules: []}");
        await Add("clusterrolebindings", "{metadata: {name: b}, roleRef: {kind: ClusterRole, name: r}, subjects: [{kind: User, name: 'system:serviceaccount:ns:sa'}]}");
        var before = May("list", "pods", "ns");
        await Add("clusterroles", "{metadata: {name: r}, rules: [{apiGroups: [''], resources: [pods], verbs: [list]}]}");

        Assert.Equal((false, true), (before, May("list", "pods", "ns")));
    }

    private bool May(string verb, string resource, string ns) => authorizer.Decide(Account, new AccessAttributes(verb, "", resource, "", ns)).IsAllowed;

    private async Task Add(string plural, string yaml)
    {
        var manifest = YamlReader.ReadObject(yaml, out _)!;
        var key = new StoreKey($"{plural}.rbac.authorization.k8s.io", manifest.Namespace(), manifest.Name());
        await store.WriteAsync(new StoreWrite(key, store.Current.Find(key)?.Revision ?? 0, manifest), CancellationToken.None);
    }
}
