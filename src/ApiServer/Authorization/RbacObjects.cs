using System.Collections.Immutable;
using Hikigane.ApiServer.Store;
using Hikigane.Resources;

namespace Hikigane.ApiServer.Authorization;

/// <summary>All roles and bindings of one moment. Equal to another as long as none of them changed, whatever else did.</summary>
public sealed record RbacObjects(
    ImmutableSortedDictionary<ObjectKey, StoredObject> ClusterRoles, ImmutableSortedDictionary<ObjectKey, StoredObject> Roles,
    ImmutableSortedDictionary<ObjectKey, StoredObject> ClusterRoleBindings, ImmutableSortedDictionary<ObjectKey, StoredObject> RoleBindings)
{
    public static RbacObjects Of(Snapshot snapshot) => new(
        snapshot.Of(Kinds.ClusterRole.GroupResource), snapshot.Of(Kinds.Role.GroupResource),
        snapshot.Of(Kinds.ClusterRoleBinding.GroupResource), snapshot.Of(Kinds.RoleBinding.GroupResource));
}
