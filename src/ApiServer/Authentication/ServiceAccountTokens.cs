using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Authentication;

/// <summary>Reads one object now, or null: what token checks need of the store.</summary>
public delegate JsonObject? ObjectOf(ResourceType type, string ns, string name);

/// <summary>
/// Issues and checks the JWTs of ServiceAccounts (ES256). A token counts while its signature, issuer and times are right and its ServiceAccount, and
/// the pod it is bound to, still exist with the same uid. Any thread may call.
/// </summary>
public sealed class ServiceAccountTokens : IDisposable
{
    public const string Issuer = "https://kubernetes.default.svc";

    /// <summary>As the header of a token and the published key name it.</summary>
    public const string Algorithm = "ES256";

    private const int MinSeconds = 600;
    private const int DefaultSeconds = 3600;
    private const int MaxSeconds = 365 * 86400;

    private readonly ECDsa key;
    private readonly string keyId;
    private readonly ObjectOf objects;
    private readonly TimeProvider time;

    /// <summary>Uses the key of a data directory, made when missing; a key of this process alone where there is no directory.</summary>
    public ServiceAccountTokens(string? directory, ObjectOf objects, TimeProvider time)
    {
        (this.objects, this.time) = (objects, time);
        key = Open(directory);
        keyId = Base64Url.EncodeToString(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));
    }

    /// <summary>Answers a TokenRequest for a ServiceAccount.</summary>
    public JsonObject Answer(JsonObject request, JsonObject account)
    {
        var seconds = request.Integer("spec", "expirationSeconds") ?? DefaultSeconds;
        if (seconds < MinSeconds)
        {
            throw new Kube.KubeException(
                422, "Invalid", $"TokenRequest.authentication.k8s.io \"{account.Name()}\" is invalid: spec.expirationSeconds: Invalid value: {seconds}: may not specify a duration less than 10 minutes");
        }

        var audiences = request.Items("spec", "audiences").Select(item => item.Text()).OfType<string>().ToList();
        var expires = time.GetUtcNow().AddSeconds(Math.Min(seconds, MaxSeconds));
        var answer = request.Copy();
        answer.Ensure("spec")["expirationSeconds"] = seconds;
        answer["status"] = new JsonObject
        {
            ["token"] = Issue(account, audiences, expires, request.Object("spec", "boundObjectRef")),
            ["expirationTimestamp"] = expires.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"),
        };
        return answer;
    }

    /// <summary>The claims of a valid token; null for any other.</summary>
    public JsonObject? Check(string token)
    {
        var parts = token.Split('.');
        if (parts.Length != 3 || !TryDecode(parts[0], out var head) || !TryDecode(parts[1], out var body) || !TryDecode(parts[2], out var signature)
            || Parse(head).Text("alg") != Algorithm
            || !key.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), signature, HashAlgorithmName.SHA256))
        {
            return null;
        }

        var claims = Parse(body);
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var isCurrent = claims.Text("iss") == Issuer && claims.Integer("exp") > now && claims.Integer("nbf") <= now + 10
            && claims.Items("aud").Any(audience => audience.Text() == Issuer);
        return claims is not null && isCurrent && Exists(claims) ? claims : null;
    }

    /// <summary>The public key, as <c>/openid/v1/jwks</c> publishes it.</summary>
    public JsonObject PublicKeys()
    {
        var parameters = key.ExportParameters(includePrivateParameters: false);
        return new JsonObject
        {
            ["keys"] = new JsonArray(new JsonObject
            {
                ["use"] = "sig",
                ["kty"] = "EC",
                ["kid"] = keyId,
                ["alg"] = Algorithm,
                ["crv"] = "P-256",
                ["x"] = Base64Url.EncodeToString(parameters.Q.X),
                ["y"] = Base64Url.EncodeToString(parameters.Q.Y),
            }),
        };
    }

    public void Dispose() => key.Dispose();

    private string Issue(JsonObject account, List<string> audiences, DateTimeOffset expires, JsonObject? bound)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var about = new JsonObject
        {
            ["namespace"] = account.Namespace(),
            ["serviceaccount"] = new JsonObject { ["name"] = account.Name(), ["uid"] = account.Uid() },
        };
        if (bound.Text("kind") is { } kind)
        {
            about[kind.ToLowerInvariant()] = new JsonObject { ["name"] = bound.Text("name"), ["uid"] = bound.Text("uid") };
        }

        var claims = new JsonObject
        {
            ["aud"] = new JsonArray([.. (audiences.Count == 0 ? [Issuer] : audiences).Select(audience => (JsonNode)audience)]),
            ["exp"] = expires.ToUnixTimeSeconds(),
            ["iat"] = now,
            ["iss"] = Issuer,
            ["jti"] = Guid.NewGuid().ToString(),
            ["kubernetes.io"] = about,
            ["nbf"] = now,
            ["sub"] = $"system:serviceaccount:{account.Namespace()}:{account.Name()}",
        };
        var head = new JsonObject { ["alg"] = Algorithm, ["kid"] = keyId };
        var signed = $"{Encode(head)}.{Encode(claims)}";
        return $"{signed}.{Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256))}";
    }

    private bool Exists(JsonObject claims)
    {
        var about = claims.Object("kubernetes.io");
        var ns = about.Text("namespace") ?? "";
        return Is(Kinds.ServiceAccount, about.Object("serviceaccount"))
            && (about.Object("pod") is not { } pod || Is(Kinds.Pod, pod));

        bool Is(ResourceType type, JsonObject? named) =>
            named.Text("name") is { } name && objects(type, ns, name) is { } found && found.Uid() == named.Text("uid");
    }

    private static ECDsa Open(string? directory)
    {
        var path = directory is null ? null : Path.Combine(directory, "sa.p256.key");
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (path is not null && File.Exists(path))
        {
            key.ImportFromPem(File.ReadAllText(path));
        }
        else if (path is not null)
        {
            Directory.CreateDirectory(directory!);
            Rest.ServingCertificates.WritePrivate(path, key.ExportPkcs8PrivateKeyPem() + "\n");
        }

        return key;
    }

    private static string Encode(JsonObject part) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(part.ToJsonString()));

    private static bool TryDecode(string part, out byte[] bytes)
    {
        bytes = Base64Url.IsValid(part) ? Base64Url.DecodeFromChars(part) : [];
        return bytes.Length > 0;
    }

    private static JsonObject? Parse(byte[] json)
    {
        try
        {
            return JsonNode.Parse(json) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
