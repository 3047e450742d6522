using System.Diagnostics;

namespace Gateway.Tests.Support;

/// <summary>What has come in at a fake peer, in order. A test takes what it expects out of it, and waits for it with a deadline.</summary>
internal sealed class Arrivals<T>(string of) where T : class
{
    private readonly Lock _lock = new();
    private readonly List<T> _kept = [];
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Add(T item)
    {
        TaskCompletionSource more;
        lock (_lock)
        {
            _kept.Add(item);
            (more, _more) = (_more, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        more.SetResult();
    }

    /// <summary>The oldest that matches, taken out; what does not match stays.</summary>
    public async Task<T> NextAsync(Func<T, bool> match, CancellationToken cancel, TimeSpan? within = null)
    {
        var limit = within ?? Deadline.Answer;
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            Task more;
            lock (_lock)
            {
                if (_kept.FindIndex(item => match(item)) is >= 0 and var at)
                {
                    var found = _kept[at];
                    _kept.RemoveAt(at);
                    return found;
                }
                more = _more.Task;
            }
            var left = limit - Stopwatch.GetElapsedTime(start);
            if (left <= TimeSpan.Zero || await Task.WhenAny(more, Task.Delay(left, TimeProvider.System, cancel)) != more)
            {
                cancel.ThrowIfCancellationRequested();
                throw new TimeoutException(
                    $"Nothing that matches came to {of} within {limit.TotalSeconds} s. There is:\n{string.Join("\n", Snapshot())}");
            }
        }
    }

    public Task<T> NextAsync(CancellationToken cancel, TimeSpan? within = null) => NextAsync(_ => true, cancel, within);

    /// <summary>What is there now and was not taken.</summary>
    public IReadOnlyList<T> Snapshot()
    {
        lock (_lock) return [.. _kept];
    }
}
