using System.Text;
using System.Text.Json.Nodes;

namespace Hikigane.Pipelines.Steps;

/// <summary>
/// Credential flags → files below <c>/tekton/creds</c>, copied into the home folder (pkg/credentials/{dockercreds,gitcreds}).
/// A secret that cannot be read is a usage error.
/// </summary>
internal sealed class StepCredentials(IReadOnlyList<(string Flag, string Value)> flags)
{
    private const string Folder = "/tekton/creds";
    private const int Private = 0x180;

    private readonly Dictionary<string, string> secrets = [];

    /// <summary>The usage error, or null; known when all of <see cref="Write"/> was taken.</summary>
    public string? Error { get; private set; }

    public IEnumerable<StepAction> Write(string home)
    {
        foreach (var (flag, value) in flags)
        {
            foreach (var action in Load(flag, value))
            {
                yield return action;
            }

            if (Error is not null)
            {
                yield break;
            }
        }

        var files = Files().ToList();
        foreach (var (path, content) in files)
        {
            yield return new StepAction.WriteFile($"{Folder}/{path}", Encoding.UTF8.GetBytes(content), Private);
        }

        foreach (var top in files.Select(file => file.Path.Split('/')[0]).Distinct().Where(_ => home.Length > 0))
        {
            yield return new StepAction.CopyOver($"{Folder}/{top}", $"{home.TrimEnd('/')}/{top}");
        }
    }

    private IEnumerable<StepAction> Load(string flag, string value)
    {
        var (secret, url) = Split(value);
        if (url.Length == 0 && flag is "basic-git" or "ssh-git" or "basic-docker" && !value.Contains('=', StringComparison.Ordinal))
        {
            Error = $"invalid value \"{value}\" for flag -{flag}: expect entries of the form secret=url, got: {value}";
            yield break;
        }

        string[] keys = flag switch
        {
            "ssh-git" => ["ssh-privatekey"],
            "docker-config" => [".dockerconfigjson"],
            "docker-cfg" => [".dockercfg"],
            _ => ["username", "password"],
        };
        if (flag == "basic-git" && flags.Count(one => one.Flag == flag && Split(one.Value).Url == url) > 1)
        {
            Error = $"invalid value \"{value}\" for flag -{flag}: multiple entries for url: {url}";
            yield break;
        }

        foreach (var key in keys)
        {
            var read = new StepAction.ReadFile($"/tekton/creds-secrets/{secret}/{key}");
            yield return read;
            if (read.Content is null)
            {
                Error = $"invalid value \"{value}\" for flag -{flag}: open {read.Path}: no such file or directory";
                yield break;
            }

            secrets[$"{secret}/{key}"] = Encoding.UTF8.GetString(read.Content);
        }

        if (flag == "ssh-git")
        {
            var known = new StepAction.ReadFile($"/tekton/creds-secrets/{secret}/known_hosts");
            yield return known;
            if (known.Content is not null)
            {
                secrets[$"{secret}/known_hosts"] = Encoding.UTF8.GetString(known.Content);
            }
        }
    }

    private IEnumerable<(string Path, string Content)> Files()
    {
        var docker = Docker();
        if (docker is not null)
        {
            yield return (".docker/config.json", docker);
        }

        var basic = Of("basic-git").ToList();
        var ssh = Of("ssh-git").ToList();
        var configuration = GitConfiguration(basic, ssh);
        if (configuration.Length > 0)
        {
            yield return (".gitconfig", configuration);
        }

        if (basic.Count > 0)
        {
            yield return (".git-credentials", string.Concat(basic.Select(one => CredentialLine(one.Secret, one.Url))));
        }

        foreach (var file in ssh.Count > 0 ? Ssh(ssh) : [])
        {
            yield return file;
        }
    }

    private IEnumerable<(string Secret, string Url)> Of(string flag) => flags.Where(one => one.Flag == flag).Select(one => Split(one.Value));

    private string? Docker()
    {
        var entries = new JsonObject();
        foreach (var (secret, _) in Of("docker-cfg"))
        {
            Merge(entries, Parsed($"{secret}/.dockercfg"));
        }

        foreach (var (secret, _) in Of("docker-config"))
        {
            Merge(entries, Parsed($"{secret}/.dockerconfigjson")?["auths"] as JsonObject);
        }

        foreach (var (secret, url) in Of("basic-docker"))
        {
            var (user, password) = (secrets[$"{secret}/username"], secrets[$"{secret}/password"]);
            entries[url] = new JsonObject
            {
                ["username"] = user,
                ["password"] = password,
                ["auth"] = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")),
                ["email"] = "not@val.id",
            };
        }

        return entries.Count == 0 ? null : new JsonObject { ["auths"] = entries }.ToJsonString(Relaxed);
    }

    private static readonly System.Text.Json.JsonSerializerOptions Relaxed =
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private JsonObject? Parsed(string secret)
    {
        try
        {
            return JsonNode.Parse(secrets[secret]) as JsonObject;
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }

    private static void Merge(JsonObject into, JsonObject? from)
    {
        foreach (var (key, value) in from ?? [])
        {
            into[key] = value?.DeepClone();
        }
    }

    private string GitConfiguration(List<(string Secret, string Url)> basic, List<(string Secret, string Url)> ssh)
    {
        var text = new StringBuilder(basic.Count > 0 ? "[credential]\n\thelper = store\n" : "");
        foreach (var (secret, url) in basic)
        {
            text.Append($"[credential \"{url}\"]\n\tusername = {secrets[$"{secret}/username"]}\n");
            if (Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.AbsolutePath.Trim('/').Length > 0)
            {
                text.Append("\tuseHttpPath = true\n");
            }
        }

        foreach (var host in ssh.Select(one => SshHost.Parse(one.Url)).Where(host => host.Repository.Length > 0))
        {
            var repository = host.Repository.EndsWith(".git", StringComparison.Ordinal) ? host.Repository : host.Repository + ".git";
            text.Append($"[url \"git@{host.Alias}:{repository}\"]\n\tinsteadOf = git@{host.Name}:{repository}\n");
            text.Append($"[url \"ssh://{host.Alias}/{repository}\"]\n\tinsteadOf = ssh://{host.Name}/{repository}\n");
        }

        return text.ToString();
    }

    private string CredentialLine(string secret, string url)
    {
        var scheme = url.IndexOf("://", StringComparison.Ordinal);
        return $"{url[..(scheme + 3)]}{Uri.EscapeDataString(secrets[$"{secret}/username"])}:{Uri.EscapeDataString(secrets[$"{secret}/password"])}@{url[(scheme + 3)..]}\n";
    }

    private IEnumerable<(string Path, string Content)> Ssh(List<(string Secret, string Url)> ssh)
    {
        var text = new StringBuilder();
        foreach (var (host, group) in ssh.Select(one => (SshHost.Parse(one.Url), one.Secret)).GroupBy(one => one.Item1).Select(same => (same.Key, same.Select(one => one.Secret)))
            .OrderBy(one => one.Key.Repository.Length > 0))
        {
            text.Append($"Host {host.Alias}\n    HostName {host.Name}\n    Port {host.Port}\n");
            foreach (var secret in group)
            {
                text.Append($"    IdentityFile {Folder}/.ssh/id_{secret}\n");
            }
        }

        yield return (".ssh/config", text.ToString());
        foreach (var (secret, _) in ssh)
        {
            yield return ($".ssh/id_{secret}", secrets[$"{secret}/ssh-privatekey"]);
        }

        var known = ssh.Select(one => secrets.GetValueOrDefault($"{one.Secret}/known_hosts")).OfType<string>().ToList();
        if (known.Count > 0)
        {
            yield return (".ssh/known_hosts", string.Join('\n', known));
        }
    }

    private static (string Secret, string Url) Split(string value)
    {
        var parts = value.Split('=', 2);
        return (parts[0], parts.Length > 1 ? parts[1] : "");
    }
}

/// <summary>A host, or a repository on one, that a key is for.</summary>
internal sealed record SshHost(string Name, string Port, string Repository)
{
    public string Alias => Repository.Length == 0 ? Name : $"{Name}--{(Repository.EndsWith(".git", StringComparison.Ordinal) ? Repository[..^4] : Repository).Replace("/", "--", StringComparison.Ordinal)}";

    public static SshHost Parse(string url)
    {
        var parts = url.Split('/', 2);
        var host = parts[0].Split(':', 2);
        return new SshHost(host[0], host.Length > 1 ? host[1] : "22", parts.Length > 1 ? parts[1] : "");
    }
}
