using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Pipelines.Names;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.Pods;

/// <summary>
/// Turns <c>script</c> of steps and sidecars into a file that the init container <c>place-scripts</c> writes.
/// As tektoncd/pipeline pkg/pod/script.go.
/// </summary>
internal sealed class ScriptPlacement(string seed)
{
    private const string Preamble = "#!/bin/sh\nset -e\n";
    private readonly StringBuilder program = new();

    public bool HasScripts { get; private set; }

    public bool IsWindows { get; private set; }

    public bool HasDebug { get; private set; }

    /// <summary>Sets the command of a container that has a script and mounts the scripts into it.</summary>
    public void Place(JsonObject source, JsonObject container, string baseName)
    {
        if (source.Text("script") is not { Length: > 0 } script)
        {
            return;
        }

        HasScripts = true;
        var cleaned = script.Trim();
        var file = $"/tekton/scripts/{baseName}-{ChildNames.Suffix(seed + baseName)}";
        if (cleaned.StartsWith("#!win", StringComparison.Ordinal))
        {
            IsWindows = true;
            PlaceWindows(script, file, container);
        }
        else
        {
            var text = cleaned.StartsWith("#!", StringComparison.Ordinal) ? script : Preamble + script;
            program.Append(CultureInfo.InvariantCulture, $"scriptfile=\"{file}\"\ntouch ${{scriptfile}} && chmod +x ${{scriptfile}}\n")
                .Append("cat > ${scriptfile} << '_EOF_'\n").Append(Convert.ToBase64String(Encoding.UTF8.GetBytes(text)))
                .Append("\n_EOF_\n/tekton/bin/entrypoint decode-script \"${scriptfile}\"\n");
            container["command"] = new JsonArray(file);
        }

        PodParts.List(container, "volumeMounts").Add(PodParts.Mount("tekton-internal-scripts", "/tekton/scripts", isReadOnly: true));
    }

    /// <summary>Adds the scripts with which a person lets a halted step go on.</summary>
    public void PlaceDebug(int steps, bool onFailure, bool beforeStep)
    {
        HasDebug = true;
        if (onFailure)
        {
            AddDebug("continue", steps, "touch ${tektonRun}/${stepNumber}/out # Mark step as success\n\techo \"0\" > ${tektonRun}/${stepNumber}/out.breakpointexit", "");
            AddDebug("fail-continue", steps, "touch ${tektonRun}/${stepNumber}/out.err # Mark step as a failure\n\techo \"1\" > ${tektonRun}/${stepNumber}/out.breakpointexit", "");
        }

        if (beforeStep)
        {
            AddDebug("beforestep-continue", steps, "echo \"0\" > ${tektonRun}/${stepNumber}/out.beforestepexit", "before step ");
            AddDebug("beforestep-fail-continue", steps, "echo \"1\" > ${tektonRun}/${stepNumber}/out.beforestepexit.err", "before step ");
        }
    }

    /// <summary>The init container, or null when there is nothing to place.</summary>
    public JsonObject? Container(PodImages images)
    {
        if (!HasScripts && !HasDebug)
        {
            return null;
        }

        var container = new JsonObject
        {
            ["name"] = "place-scripts",
            ["image"] = IsWindows ? images.ShellWindows : images.Shell,
            ["command"] = new JsonArray(IsWindows ? "pwsh" : "sh"),
            ["args"] = new JsonArray(IsWindows ? "-Command" : "-c", program.ToString()),
            ["volumeMounts"] = new JsonArray(
                PodParts.Mount("tekton-internal-scripts", "/tekton/scripts"), PodParts.Mount("tekton-internal-bin", "/tekton/bin")),
        };
        if (HasDebug)
        {
            PodParts.List(container, "volumeMounts").Add(PodParts.Mount("tekton-internal-debug-scripts", "/tekton/debug/scripts"));
        }

        return container;
    }

    private void PlaceWindows(string script, string file, JsonObject container)
    {
        var words = script.Split('\n')[0].Split(' ');
        string[] command;
        string[] args;
        if (words.Length > 1)
        {
            command = [words[1]];
            file += words[1].StartsWith("powershell", StringComparison.Ordinal) ? ".ps1" : "";
            args = [.. words[2..], file];
        }
        else
        {
            file += ".cmd";
            script = string.Join('\n', script.Split('\n')[1..]);
            command = [file];
            args = [];
        }

        program.Append(CultureInfo.InvariantCulture, $"@\"\n{script}\n\"@ | Out-File -FilePath {file}\n");
        container["command"] = PodParts.Texts(command);
        container["args"] = PodParts.Texts([.. args, .. PodParts.TextsOf(container["args"])]);
    }

    private void AddDebug(string name, int steps, string act, string kind)
    {
        var end = $"debug-{name}-heredoc-randomly-generated-{ChildNames.Suffix(seed + name)}";
        program.Append(CultureInfo.InvariantCulture, $"tmpfile=\"/tekton/debug/scripts/debug-{name}\"\ntouch ${{tmpfile}} && chmod +x ${{tmpfile}}\n")
            .Append(CultureInfo.InvariantCulture, $"cat > ${{tmpfile}} << '{end}'\n{Preamble}\nnumberOfSteps={steps}\n")
            .Append("debugInfo=/tekton/debug/info\ntektonRun=/tekton/run\n\npostFile=\"$(ls ${debugInfo} | grep -E '[0-9]+' | tail -1)\"\n")
            .Append("stepNumber=\"$(echo ${postFile} | sed 's/[^0-9]*//g')\"\n\nif [ $stepNumber -lt $numberOfSteps ]; then\n\t")
            .Append(act).Append("\n\techo \"Executing step $stepNumber...\"\nelse\n")
            .Append(CultureInfo.InvariantCulture, $"\techo \"Last step (no. $stepNumber) has already been executed, {kind}breakpoint exiting !\"\n\texit 0\nfi\n{end}\n");
    }
}
