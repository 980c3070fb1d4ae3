using System.Text.Json.Nodes;
using Hikigane.ApiServer.Store;
using Hikigane.Resources.Json;

namespace Hikigane.Golden.Pipelines;

/// <summary>Sends the recorded write to the embedded API, as it was sent to the real one: the object as it is stored, or the refusal.</summary>
internal static class PipelinesAdmissionJudge
{
    private static readonly string[] Removed =
        ["uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "managedFields", "namespace"];

    public static async Task<string?> JudgeAsync(JsonObject recorded)
    {
        var (input, want) = (recorded.Object("input")!, recorded.Object("want")!);
        var (code, answer) = input.Text("op") switch
        {
            "update" => await UpdateAsync(recorded.Text("id")!, input),
            "configUpdate" => await ConfigUpdateAsync(input.Object("object")!),
            _ => await CreateAsync(input),
        };
        var got = new JsonObject { ["allowed"] = code < 400 };
        if (code < 400)
        {
            got["object"] = Normalised((JsonObject)answer);
        }
        else
        {
            got["code"] = code;
            got["message"] = Normalised(answer.Text("message") ?? answer.Text() ?? "");
            got["reason"] = answer.Text("reason");
        }

        // What is not recorded is not compared.
        foreach (var key in got.Select(pair => pair.Key).Where(key => !want.ContainsKey(key)).ToList())
        {
            got.Remove(key);
        }

        return JsonDiff.Explain(want, got);
    }

    private static async Task<(int, JsonNode)> CreateAsync(JsonObject input)
    {
        var api = await RecordingApi.WithAsync(input.Object("config"));
        var manifest = input.Object("object")!;
        var validation = input.Text("fieldValidation") is { } given ? $"&fieldValidation={given}" : "";
        return await api.SendAsync(HttpMethod.Post, $"{Collection(manifest, "vec")}?dryRun=All{validation}", manifest);
    }

    private static async Task<(int, JsonNode)> ConfigUpdateAsync(JsonObject map)
    {
        var api = await RecordingApi.WithAsync(null);
        var collection = Collection(map, "tekton-pipelines");
        var patched = await api.SendAsync(HttpMethod.Patch, $"{collection}/{map.Text("metadata", "name")}?dryRun=All", map, "application/merge-patch+json");
        return patched.Code == 404 ? await api.SendAsync(HttpMethod.Post, $"{collection}?dryRun=All", map) : patched;
    }

    private static async Task<(int, JsonNode)> UpdateAsync(string id, JsonObject input)
    {
        var shipped = await RecordingApi.WithAsync(null);
        var manifest = input.Object("existing")!;
        await shipped.NamespaceAsync(id);
        var collection = Collection(manifest, id);
        var (code, created) = await shipped.SendAsync(HttpMethod.Post, collection, manifest);
        if (code != 201)
        {
            return (0, created);
        }

        var name = created.Text("metadata", "name");
        if (input.Object("existingStatus") is { } status)
        {
            await shipped.SendAsync(HttpMethod.Patch, $"{collection}/{name}/status", new JsonObject { ["status"] = status.DeepClone() }, "application/merge-patch+json");
        }

        var api = await RecordingApi.WithAsync(input.Object("config"));
        if (api != shipped)
        {
            await api.NamespaceAsync(id);
            var stored = shipped.Api.Store.Current.In($"{manifest.Text("kind")!.ToLowerInvariant()}s.tekton.dev", id).Single();
            await api.Api.Store.WriteAsync(new StoreWrite(stored.Key, 0, stored.Object.Copy()), CancellationToken.None);
        }

        var path = $"{collection}/{name}{(input.Text("subresource") is { } subresource ? "/" + subresource : "")}";
        return await api.SendAsync(HttpMethod.Patch, path, input.Object("patch"), "application/merge-patch+json");
    }

    private static string Collection(JsonObject manifest, string ns)
    {
        var (version, kind) = (manifest.Text("apiVersion")!, manifest.Text("kind")!);
        var plural = kind == "VerificationPolicy" ? "verificationpolicies" : kind.ToLowerInvariant() + "s";
        return $"{(version == "v1" ? "api/v1" : "apis/" + version)}/namespaces/{ns}/{plural}";
    }

    private static JsonObject Normalised(JsonObject answer)
    {
        var metadata = answer.Ensure("metadata");
        foreach (var name in Removed)
        {
            metadata.Remove(name);
        }

        if (metadata.Text("generateName") is { } prefix)
        {
            metadata["name"] = prefix + "<rand>";
        }

        return answer;
    }

    /// <summary>A generated name is shown without its random part.</summary>
    private static string Normalised(string message) =>
        System.Text.RegularExpressions.Regex.Replace(message, "\"Gen-[a-z0-9]{5}\"", "\"Gen-<rand>\"");
}
