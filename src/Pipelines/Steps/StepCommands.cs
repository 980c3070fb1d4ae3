using System.Text;

namespace Hikigane.Pipelines.Steps;

/// <summary>The entrypoint's subcommands, which prepare a pod before its steps (cmd/entrypoint/subcommands).</summary>
public static class StepCommands
{
    /// <summary>Whether arguments (without the program's name) start with a subcommand.</summary>
    public static bool Recognises(IReadOnlyList<string> words) => words.Count > 0 && words[0] switch
    {
        "init" => words.Count >= 3,
        "cp" => words.Count == 3,
        "decode-script" => words.Count == 2,
        "step-init" => true,
        _ => false,
    };

    public static IEnumerable<StepAction> Run(IReadOnlyList<string> words) => words[0] switch
    {
        "init" => Initialise(words[1], words[2], [.. words.Skip(3)]),
        "cp" => Copy(words[1], words[2]),
        "decode-script" => DecodeScript(words[1]),
        _ => Links([.. words.Skip(1)], "Setup /step directories"),
    };

    private static IEnumerable<StepAction> Initialise(string source, string target, IReadOnlyList<string> steps)
    {
        var copy = new StepAction.CopyFile(source, target);
        yield return copy;
        foreach (var action in copy.Error is null ? Links(steps, "Entrypoint initialization") : Fail($"cp error: {copy.Error}"))
        {
            yield return action;
        }
    }

    private static IEnumerable<StepAction> Copy(string source, string target)
    {
        var copy = new StepAction.CopyFile(source, target);
        yield return copy;
        foreach (var action in copy.Error is null ? Succeed($"Copied {source} to {target}") : Fail($"cp error: {copy.Error}"))
        {
            yield return action;
        }
    }

    private static IEnumerable<StepAction> Links(IReadOnlyList<string> steps, string done)
    {
        for (var i = 0; i < steps.Count; i++)
        {
            yield return new StepAction.Link($"/tekton/steps/{steps[i]}", $"/tekton/run/{i}/status");
            yield return new StepAction.Link($"/tekton/steps/{i}", $"/tekton/run/{i}/status");
        }

        foreach (var action in Succeed(done))
        {
            yield return action;
        }
    }

    private static IEnumerable<StepAction> DecodeScript(string path)
    {
        var read = new StepAction.ReadFile(path);
        yield return read;
        var prefix = $"decode-script error: error decoding script file \"{path}\": ";
        if (read.Content is null)
        {
            foreach (var action in Fail(prefix + $"error reading from script file \"{path}\": open {path}: no such file or directory"))
            {
                yield return action;
            }

            yield break;
        }

        var (script, badAt) = Decode(Encoding.UTF8.GetString(read.Content));
        if (script is null)
        {
            foreach (var action in Fail(prefix + $"error decoding script file \"{path}\": illegal base64 data at input byte {badAt}"))
            {
                yield return action;
            }

            yield break;
        }

        yield return new StepAction.WriteFile(path, script, mode: 0);
        foreach (var action in Succeed($"Decoded script {path}"))
        {
            yield return action;
        }
    }

    /// <summary>Line ends are passed over, as Go's decoder does; the place of the first bad byte otherwise.</summary>
    public static (byte[]? Bytes, int BadAt) Decode(string text)
    {
        var bytes = new byte[text.Length];
        if (Convert.TryFromBase64String(text.ReplaceLineEndings(""), bytes, out var written))
        {
            return (bytes[..written], 0);
        }

        var bad = text.TakeWhile(character => char.IsAsciiLetterOrDigit(character) || character is '+' or '/' or '\n' or '\r').Count();
        return (null, bad);
    }

    private static IEnumerable<StepAction> Succeed(string message) => [new StepAction.Say(message), new StepAction.Exit(0)];

    private static IEnumerable<StepAction> Fail(string message) => [new StepAction.Say(message), new StepAction.Exit(1)];
}
