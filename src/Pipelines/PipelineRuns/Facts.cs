using Hikigane.Pipelines.Variables;

namespace Hikigane.Pipelines.PipelineRuns;

/// <summary>Why a task is skipped, in upstream's words.</summary>
internal static class SkipReasons
{
    public const string When = "When Expressions evaluated to false";
    public const string Parent = "Parent Tasks were skipped";
    public const string Results = "Results were missing";
    public const string Stopping = "PipelineRun was stopping";
    public const string Cancelled = "PipelineRun was gracefully cancelled";
    public const string Stopped = "PipelineRun was gracefully stopped";
    public const string Timeout = "PipelineRun timeout has been reached";
    public const string TasksTimeout = "PipelineRun Tasks timeout has been reached";
    public const string FinallyTimeout = "PipelineRun Finally timeout has been reached";
    public const string EmptyMatrix = "Matrix Parameters have an empty array";
}

/// <summary>What is known about a run at one moment: which tasks are over, skipped, or may start. As tektoncd/pipeline PipelineRunFacts.</summary>
internal sealed class Facts(IReadOnlyList<TaskState> states, Graph graph, RunClock clock, string? specStatus)
{
    private readonly Dictionary<string, TaskState> byName = states.ToDictionary(state => state.Name);
    private readonly Dictionary<string, string?> skips = [];

    public IReadOnlyList<TaskState> States => states;

    public RunClock Clock => clock;

    public bool IsGracefullyCancelled => specStatus == "CancelledRunFinally";

    public bool IsGracefullyStopped => specStatus == "StoppedRunFinally";

    public bool IsStopping => states.Any(state => !state.IsFinal && (state.IsCancelled || (state.IsFailure && !state.ContinuesOnError)));

    public bool AreTasksDone => states.Where(state => !state.IsFinal).All(IsDone);

    public bool AreFinalTasksDone => states.Where(state => state.IsFinal).All(IsDone);

    /// <summary>Whether the order of the graph lets a task be decided: everything before it is over or skipped.</summary>
    public bool ParentsAreDone(TaskState state) => state.IsFinal || graph.Before(state.Name).All(name => IsDone(byName[name]));

    public bool IsDone(TaskState state) => state.IsOverall || Skip(state) is not null;

    public TaskState? Find(string name) => byName.GetValueOrDefault(name);

    /// <summary>Why a task is skipped; null when it is not, or not yet known.</summary>
    public string? Skip(TaskState state)
    {
        if (skips.TryGetValue(state.Name, out var known))
        {
            return known;
        }

        var reason = state.IsScheduled || state.InvalidReference is not null ? null : state.IsFinal ? SkipFinal(state) : SkipTask(state);
        return skips[state.Name] = reason;
    }

    /// <summary>
    /// While a run is stopping: tasks that count as done though one before them is still running. Upstream's graph refuses to go on until that one
    /// has ended (dag.GetCandidateTasks), and the status stays as it was.
    /// </summary>
    public IReadOnlyList<string> DoneBeforeTheirTime()
    {
        if (IsGracefullyCancelled || !(IsStopping || IsGracefullyStopped))
        {
            return [];
        }

        var done = states.Where(state => !state.IsFinal && IsDone(state)).Select(state => state.Name).ToHashSet();
        var reached = new HashSet<string>();
        bool grows;
        do
        {
            grows = false;
            foreach (var name in done.Where(name => !reached.Contains(name) && (graph.Before(name).Count == 0 || graph.Before(name).Any(reached.Contains))).ToList())
            {
                grows |= reached.Add(name);
            }
        }
        while (grows);

        return [.. done.Where(name => !reached.Contains(name)).Order(StringComparer.Ordinal)];
    }

    /// <summary>The tasks that may start now.</summary>
    public IReadOnlyList<TaskState> Startable()
    {
        if (!AreTasksDone)
        {
            return IsStopping || IsGracefullyCancelled || IsGracefullyStopped || clock.HasTimedOut || clock.HaveTasksTimedOut
                ? []
                : [.. states.Where(state => !state.IsFinal && !state.IsScheduled && !IsDone(state) && ParentsAreDone(state))];
        }

        return clock.HasTimedOut ? [] : [.. states.Where(state => state.IsFinal && !state.IsScheduled && !IsDone(state))];
    }

    /// <summary>Values of the results that a task refers to; what is missing is named.</summary>
    public Replacements Results(TaskState consumer, out ResultReference? missing)
    {
        var replacements = new Replacements();
        missing = null;
        foreach (var reference in ResultReference.Places(consumer.Task).SelectMany(ResultReference.In))
        {
            if (Find(reference.Task) is not { } producer)
            {
                continue;
            }

            if (producer.Result(reference.Result) is not { } value || !Add(replacements, reference, value))
            {
                missing ??= reference;
            }
        }

        return replacements;
    }

    /// <summary>Adds a value under the spellings a reference uses; false when the reference's key or index is not in it.</summary>
    public static bool Add(Replacements replacements, ResultReference reference, ParamValue value)
    {
        var stem = $"{reference.Expression[..reference.Expression.IndexOf('.', StringComparison.Ordinal)]}.{reference.Task}.results.{reference.Result}";
        switch (value)
        {
            case ParamValue.List list:
                replacements.Arrays[stem] = list.Values;
                for (var i = 0; i < list.Values.Count; i++)
                {
                    replacements.Strings[$"{stem}[{i}]"] = list.Values[i];
                }

                return reference.Key is null && (!int.TryParse(reference.Index, out var index) || index < list.Values.Count);
            case ParamValue.Map map:
                replacements.Objects[stem] = map.Values;
                foreach (var (key, member) in map.Values)
                {
                    replacements.Strings[$"{stem}.{key}"] = member;
                }

                return reference.Key is null || map.Values.ContainsKey(reference.Key);
            default:
                replacements.Strings[stem] = value.AsText;
                return reference.Key is null && reference.Index is null or "*";
        }
    }

    private string? SkipTask(TaskState state)
    {
        if (IsStopping)
        {
            return SkipReasons.Stopping;
        }

        if (IsGracefullyCancelled || IsGracefullyStopped)
        {
            return IsGracefullyCancelled ? SkipReasons.Cancelled : SkipReasons.Stopped;
        }

        var parents = graph.Before(state.Name).Select(name => byName[name]).ToList();
        var areDone = parents.All(IsDone);
        if (areDone && !HasMissingResults(state) && !Whens.AllHold(state, this))
        {
            return SkipReasons.When;
        }

        if (parents.Any(parent => Skip(parent) is { } reason && reason != SkipReasons.When))
        {
            return SkipReasons.Parent;
        }

        return areDone && HasMissingResults(state) ? SkipReasons.Results
            : clock.HasTimedOut ? SkipReasons.Timeout
            : areDone && clock.HaveTasksTimedOut ? SkipReasons.TasksTimeout
            : areDone && Matrices.IsEmpty(state, this) ? SkipReasons.EmptyMatrix : null;
    }

    private string? SkipFinal(TaskState state) =>
        !AreTasksDone ? null
        : HasMissingResults(state) ? SkipReasons.Results
        : !Whens.AllHold(state, this) ? SkipReasons.When
        : clock.HasTimedOut ? SkipReasons.Timeout
        : clock.HasFinallyTimedOut ? SkipReasons.FinallyTimeout
        : Matrices.IsEmpty(state, this) ? SkipReasons.EmptyMatrix : null;

    private bool HasMissingResults(TaskState state)
    {
        _ = Results(state, out var missing);
        if (missing is null || Find(missing.Task) is not { } producer)
        {
            return false;
        }

        return state.IsFinal || state.ContinuesOnError || Skip(producer) is not null || (producer.IsFailure && producer.ContinuesOnError);
    }
}
