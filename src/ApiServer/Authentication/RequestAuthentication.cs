using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.ApiServer.Authorization;
using Hikigane.ApiServer.Rest;
using Hikigane.Kube;
using Hikigane.Resources.Json;
using Microsoft.AspNetCore.Http;

namespace Hikigane.ApiServer.Authentication;

/// <summary>
/// Who asks: client certificate, bearer token (the administrator's, or a ServiceAccount's), else anonymous; then impersonation. A token that is no good
/// is refused, never taken for anonymous.
/// </summary>
public sealed class RequestAuthentication(ServiceAccountTokens tokens, string? adminToken, RbacAuthorizer authorizer)
{
    private const string Authenticated = "system:authenticated";
    private static readonly Caller Anonymous = new("system:anonymous", ["system:unauthenticated"]);

    /// <summary>The caller of a request; null refuses it with 401.</summary>
    public async ValueTask<Caller?> CallerAsync(HttpContext context)
    {
        var agent = context.Request.Headers.UserAgent.ToString().Split('/')[0];
        var certificate = context.Request.IsHttps ? await context.Connection.GetClientCertificateAsync() : null;
        var caller = certificate is not null ? OfCertificate(certificate) : OfHeader(context.Request.Headers.Authorization.ToString());
        return caller is null ? null : Impersonated(caller, context.Request.Headers) with { Agent = agent.Length > 0 ? agent : "unknown" };
    }

    /// <summary>The caller that a token stands for, or null.</summary>
    public Caller? OfToken(string token)
    {
        if (adminToken is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(token), Encoding.UTF8.GetBytes(adminToken)))
        {
            return Caller.System;
        }

        if (tokens.Check(token) is not { } claims)
        {
            return null;
        }

        var about = claims.Object("kubernetes.io");
        var subject = Subject.OfServiceAccount(about.Text("namespace") ?? "", about.Text("serviceaccount", "name") ?? "");
        var extra = new Dictionary<string, IReadOnlyList<string>> { ["authentication.kubernetes.io/credential-id"] = [$"JTI={claims.Text("jti")}"] };
        if (about.Object("pod") is { } pod)
        {
            extra["authentication.kubernetes.io/pod-name"] = [pod.Text("name") ?? ""];
            extra["authentication.kubernetes.io/pod-uid"] = [pod.Text("uid") ?? ""];
        }

        return new Caller(subject.Name, [.. subject.Groups]) { Uid = about.Text("serviceaccount", "uid") ?? "", Extra = extra };
    }

    /// <summary>Answers a TokenReview.</summary>
    public JsonObject Review(JsonObject review)
    {
        var answer = review.Copy();
        answer["status"] = OfToken(review.Text("spec", "token") ?? "") is { } caller
            ? new JsonObject { ["authenticated"] = true, ["user"] = UserOf(caller), ["audiences"] = new JsonArray(ServiceAccountTokens.Issuer) }
            : new JsonObject { ["user"] = new JsonObject(), ["error"] = "invalid bearer token" };
        return answer;
    }

    /// <summary>A caller as <c>userInfo</c>.</summary>
    public static JsonObject UserOf(Caller caller)
    {
        var user = new JsonObject { ["username"] = caller.Name };
        if (caller.Uid.Length > 0)
        {
            user["uid"] = caller.Uid;
        }

        user["groups"] = new JsonArray([.. caller.Groups.Select(group => (JsonNode)group)]);
        if (caller.Extra.Count > 0)
        {
            user["extra"] = new JsonObject(caller.Extra.Select(pair =>
                KeyValuePair.Create(pair.Key, (JsonNode?)new JsonArray([.. pair.Value.Select(value => (JsonNode)value)]))));
        }

        return user;
    }

    private Caller? OfHeader(string header)
    {
        if (header.Length == 0)
        {
            return Anonymous;
        }

        return header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? OfToken(header[7..].Trim()) : null;
    }

    /// <summary>The handshake has checked that our authority signed it.</summary>
    private static Caller OfCertificate(X509Certificate2 certificate)
    {
        var names = certificate.SubjectName.EnumerateRelativeDistinguishedNames().Where(name => !name.HasMultipleElements).ToList();
        var groups = names.Where(name => name.GetSingleElementType().Value == "2.5.4.10").Select(name => name.GetSingleElementValue() ?? "");
        return new Caller(certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false), [.. groups, Authenticated]);
    }

    private Caller Impersonated(Caller caller, IHeaderDictionary headers)
    {
        var (name, groups) = (headers["Impersonate-User"].ToString(), headers["Impersonate-Group"].OfType<string>().ToList());
        if (name.Length == 0)
        {
            return headers.Keys.Any(key => key.StartsWith("Impersonate-", StringComparison.OrdinalIgnoreCase))
                ? throw new KubeException(400, "BadRequest", "requested to impersonate groups, uid or extra without impersonating a user")
                : caller;
        }

        var account = name.StartsWith(Subject.ServiceAccountPrefix, StringComparison.Ordinal) ? name[Subject.ServiceAccountPrefix.Length..].Split(':') : [];
        if (account.Length == 2)
        {
            Require(caller, new AccessAttributes("impersonate", "", "serviceaccounts", Namespace: account[0], Name: account[1]));
        }
        else
        {
            Require(caller, new AccessAttributes("impersonate", "", "users", Name: name));
        }

        foreach (var group in groups)
        {
            Require(caller, new AccessAttributes("impersonate", "", "groups", Name: group));
        }

        IEnumerable<string> implied = account.Length == 2 && groups.Count == 0 ? Subject.OfServiceAccount(account[0], account[1]).Groups : [Authenticated];
        return new Caller(name, name == Anonymous.Name ? [.. groups.Concat(Anonymous.Groups).Distinct()] : [.. groups.Concat(implied).Distinct()]);
    }

    private void Require(Caller caller, AccessAttributes asked)
    {
        if (!authorizer.Decide(new Subject(caller.Name, caller.Groups), asked).IsAllowed)
        {
            var scope = asked.Namespace.Length > 0 ? $"in the namespace \"{asked.Namespace}\"" : "at the cluster scope";
            throw new KubeException(
                403, "Forbidden", $"{asked.Resource} \"{asked.Name}\" is forbidden: User \"{caller.Name}\" cannot impersonate resource \"{asked.Resource}\" in API group \"\" {scope}",
                new JsonObject { ["name"] = asked.Name, ["kind"] = asked.Resource });
        }
    }
}
