using System.Collections.Concurrent;
using Hikigane.Expressions.Cel;

namespace Hikigane.Triggers.Interceptors;

/// <summary>
/// The compiled expressions of one environment, kept by their text. What an expression compiles to depends on its text and on the environment
/// and on nothing else, so none is ever stale: a trigger that changes has other text, and one text is compiled once however many triggers hold
/// it. Bounded in entries and in characters; what is still used outlives what is not. Any thread may ask.
/// </summary>
/// <param name="most">Most programs that are kept.</param>
/// <param name="mostCharacters">Most characters of all texts together; a longer text is compiled each time.</param>
internal sealed class CelPrograms(CelEnvironment environment, int most = 4096, int mostCharacters = 8 * 1024 * 1024)
{
    private readonly Lock gate = new();

    // Two generations of half the size each: a program that is used moves to the young one, the old one is dropped as a whole.
    private volatile Generation young = new();
    private volatile Generation old = new();

    /// <summary>How many programs are kept.</summary>
    public int Count => young.Programs.Count + old.Programs.Count;

    public CelCompilation Of(string source)
    {
        if (young.Programs.TryGetValue(source, out var known))
        {
            return known;
        }

        var isKnown = old.Programs.TryGetValue(source, out known);
        if (!isKnown)
        {
            var (program, problem) = CelProgram.Compile(source, environment);
            known = new CelCompilation(program, problem);
        }

        return source.Length > mostCharacters / 2 ? known! : Keep(source, known!);
    }

    private CelCompilation Keep(string source, CelCompilation compiled)
    {
        lock (gate)
        {
            if (young.Programs.TryGetValue(source, out var first))
            {
                return first;
            }

            if (young.Programs.Count >= most / 2 || young.Characters + source.Length > mostCharacters / 2)
            {
                old = young;
                young = new Generation();
            }
            else
            {
                old.Programs.TryRemove(source, out _);
            }

            young.Characters += source.Length;
            return young.Programs[source] = compiled;
        }
    }

    private sealed class Generation
    {
        public ConcurrentDictionary<string, CelCompilation> Programs { get; } = new(StringComparer.Ordinal);

        /// <summary>Of all texts; read and written under the gate.</summary>
        public int Characters { get; set; }
    }
}

/// <summary>What compiling gave: a program, or the problem that there is with the text.</summary>
internal sealed record CelCompilation(CelProgram? Program, CelProblem? Problem);
