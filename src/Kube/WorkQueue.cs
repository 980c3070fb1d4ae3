using System.Threading.Channels;
using Hikigane.Resources;

namespace Hikigane.Kube;

/// <summary>
/// Keys to reconcile. A key waits at most once, however often it is added; while it is worked on it is not handed out again, and an
/// addition meanwhile hands it out once more afterwards. Any thread may call. As client-go util/workqueue.
/// </summary>
public sealed class WorkQueue : IDisposable
{
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(1);

    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly Channel<ObjectKey> ready = Channel.CreateUnbounded<ObjectKey>();

    // With the time stamp since when.
    private readonly Dictionary<ObjectKey, long> waiting = [];
    private readonly Dictionary<ObjectKey, long> working = [];
    private readonly Dictionary<ObjectKey, int> failures = [];
    private readonly Dictionary<ObjectKey, (DateTimeOffset At, ITimer Timer)> alarms = [];

    /// <param name="name">Under which the queue is measured.</param>
    public WorkQueue(TimeProvider time, string name)
    {
        this.time = time;
        Tag = new KeyValuePair<string, object?>("name", name);
        KubeMetrics.Add(this);
    }

    internal KeyValuePair<string, object?> Tag { get; }

    /// <summary>How many keys wait.</summary>
    internal int Depth
    {
        get
        {
            lock (gate)
            {
                return waiting.Count;
            }
        }
    }

    /// <summary>For how many seconds keys are worked on: together, and the one that takes longest.</summary>
    internal (double Sum, double Longest) Work
    {
        get
        {
            lock (gate)
            {
                var seconds = working.Values.Select(since => time.GetElapsedTime(since).TotalSeconds).ToList();
                return (seconds.Sum(), seconds.DefaultIfEmpty().Max());
            }
        }
    }

    public void Add(ObjectKey key)
    {
        lock (gate)
        {
            if (!waiting.TryAdd(key, time.GetTimestamp()))
            {
                return;
            }

            if (!working.ContainsKey(key))
            {
                ready.Writer.TryWrite(key);
            }
        }

        KubeMetrics.Adds.Add(1, Tag);
    }

    /// <summary>Adds a key at a time; the earliest of several wins.</summary>
    public void AddAt(ObjectKey key, DateTimeOffset at)
    {
        var delay = at - time.GetUtcNow();
        if (delay <= TimeSpan.Zero)
        {
            Add(key);
            return;
        }

        lock (gate)
        {
            if (alarms.TryGetValue(key, out var alarm))
            {
                if (alarm.At <= at)
                {
                    return;
                }

                alarm.Timer.Dispose();
            }

            // A timer holds at most about 49 days; whatever wakes early just looks and sleeps again.
            var due = delay < TimeSpan.FromDays(40) ? delay : TimeSpan.FromDays(40);
            alarms[key] = (at, time.CreateTimer(_ => Ring(key, at), null, due, Timeout.InfiniteTimeSpan));
        }
    }

    /// <summary>Adds a key after a delay that doubles with each failure.</summary>
    public void AddFailed(ObjectKey key)
    {
        int count;
        KubeMetrics.Retries.Add(1, Tag);
        lock (gate)
        {
            count = failures[key] = failures.GetValueOrDefault(key) + 1;
        }

        var delay = FirstBackoff * Math.Pow(2, Math.Min(count - 1, 20));
        AddAt(key, time.GetUtcNow() + (delay < LongestBackoff ? delay : LongestBackoff));
    }

    /// <summary>Ends the series of failures of a key.</summary>
    public void Forget(ObjectKey key)
    {
        lock (gate)
        {
            failures.Remove(key);
        }
    }

    public async ValueTask<ObjectKey> TakeAsync(CancellationToken cancellationToken)
    {
        var key = await ready.Reader.ReadAsync(cancellationToken);
        var now = time.GetTimestamp();
        long since;
        lock (gate)
        {
            waiting.Remove(key, out since);
            working[key] = now;
        }

        KubeMetrics.QueueDuration.Record(time.GetElapsedTime(since, now).TotalSeconds, Tag);
        return key;
    }

    /// <summary>Says that the work on a key taken is over.</summary>
    public void Done(ObjectKey key)
    {
        long since;
        lock (gate)
        {
            working.Remove(key, out since);
            if (waiting.ContainsKey(key))
            {
                ready.Writer.TryWrite(key);
            }
        }

        KubeMetrics.ProcessDuration.Record(time.GetElapsedTime(since).TotalSeconds, Tag);
    }

    /// <summary>Whether nothing waits and nothing is worked on. Alarms that are set do not count.</summary>
    public bool IsIdle
    {
        get
        {
            lock (gate)
            {
                return waiting.Count == 0 && working.Count == 0;
            }
        }
    }

    public void Dispose()
    {
        KubeMetrics.Remove(this);
        lock (gate)
        {
            foreach (var alarm in alarms.Values)
            {
                alarm.Timer.Dispose();
            }

            alarms.Clear();
        }
    }

    private void Ring(ObjectKey key, DateTimeOffset at)
    {
        lock (gate)
        {
            if (alarms.TryGetValue(key, out var alarm) && alarm.At == at)
            {
                alarms.Remove(key);
            }
        }

        Add(key);
    }
}
