using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace Gateway;

/// <summary>
/// A counter whose tags have few values. To count costs an addition; tags are made when somebody reads the metrics, not with each message.
/// </summary>
/// <typeparam name="T">What the tags are made of.</typeparam>
internal sealed class TaggedCounter<T> where T : notnull
{
    private readonly ConcurrentDictionary<T, StrongBox<long>> _counts = new();

    public TaggedCounter(Meter meter, string name, string description, Func<T, KeyValuePair<string, object?>[]> tags) =>
        meter.CreateObservableCounter(name, () => _counts.Select(count => new Measurement<long>(Volatile.Read(ref count.Value.Value), tags(count.Key))), description: description);

    public void Add(T what) => Interlocked.Increment(ref _counts.GetOrAdd(what, _ => new StrongBox<long>()).Value);
}
