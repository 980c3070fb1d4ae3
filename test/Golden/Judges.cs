using System.Text.Json.Nodes;
using Hikigane.Golden.Pipelines;
using Hikigane.Golden.Triggers;

namespace Hikigane.Golden;

/// <summary>Runs one recorded case through the code that has to give its answer: null when it agrees, else what differs.</summary>
public delegate Task<string?> Judge(JsonObject recorded);

/// <summary>Which code answers which recorded file. A file without a judge counts 0.</summary>
public static class Judges
{
    public static readonly IReadOnlyDictionary<string, Judge?> ByFile = new Dictionary<string, Judge?>(
        CelSpec.CelSpecJudge.Files.Select(file => KeyValuePair.Create<string, Judge?>(file, CelSpec.CelSpecJudge.JudgeAsync)))
    {
        ["triggers/cel.jsonl"] = CelJudge.JudgeAsync,
        ["triggers/interceptors.jsonl"] = InterceptorsJudge.JudgeAsync,
        ["triggers/bindings.jsonl"] = BindingsJudge.JudgeAsync,
        ["triggers/sink-http.jsonl"] = SinkHttpJudge.JudgeAsync,
        ["triggers/admission.jsonl"] = TriggersAdmissionJudge.JudgeAsync,
        ["triggers/eventlistener-objects.jsonl"] = EventListenerObjectsJudge.JudgeAsync,
        ["pipelines/taskrun-pod.jsonl"] = TaskRunPodJudge.JudgeAsync,
        ["pipelines/taskrun-status.jsonl"] = TaskRunStatusJudge.JudgeAsync,
        ["pipelines/pipelinerun.jsonl"] = PipelineRunJudge.JudgeAsync,
        ["pipelines/admission.jsonl"] = PipelinesAdmissionJudge.JudgeAsync,
        ["pipelines/conversion.jsonl"] = ConversionJudge.JudgeAsync,
        ["pipelines/entrypoint.jsonl"] = EntrypointJudge.JudgeAsync,
        ["pipelines/substitution.jsonl"] = SubstitutionJudge.JudgeAsync,
    };
}
