namespace Hikigane.ApiServer.Authorization;

/// <summary>Who asks: the name and groups that rules are matched with.</summary>
public sealed record Subject(string Name, IReadOnlyCollection<string> Groups)
{
    public const string Masters = "system:masters";
    public const string ServiceAccountPrefix = "system:serviceaccount:";

    /// <summary>The user that a ServiceAccount is.</summary>
    public static Subject OfServiceAccount(string ns, string name) =>
        new($"{ServiceAccountPrefix}{ns}:{name}", ["system:serviceaccounts", $"system:serviceaccounts:{ns}", "system:authenticated"]);
}

/// <summary>What is asked for. <see cref="Path"/> is set for requests that are about no resource, and then nothing else counts.</summary>
/// <param name="Namespace">Empty for cluster scope.</param>
public sealed record AccessAttributes(
    string Verb, string Group = "", string Resource = "", string Subresource = "", string Namespace = "", string Name = "", string? Path = null)
{
    public string FullResource => Subresource.Length == 0 ? Resource : $"{Resource}/{Subresource}";
}

/// <summary>The outcome, with the sentence that reviews give as reason.</summary>
public sealed record Access(bool IsAllowed, string Reason = "");
