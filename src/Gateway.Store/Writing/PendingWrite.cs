using System.Threading.Tasks.Sources;

namespace Gateway.Store;

/// <summary>
/// A change in the writer's queue, and the one thing its caller awaits: it ends, with true, when the change is durable, or when it has failed. Each is
/// used once, so none can answer for another.
/// </summary>
internal sealed class PendingWrite(StoreChange change) : IValueTaskSource<bool>, IValueTaskSource
{
    // The writer's thread has more to do than what follows from an answer.
    private ManualResetValueTaskSourceCore<bool> _end = new() { RunContinuationsAsynchronously = true };

    public StoreChange Change { get; } = change;

    /// <summary>It is in the line of those that are hurried, as well as in its own.</summary>
    public bool Hurried { get; set; }

    /// <summary>It is in a batch; where it still stands in line it is passed over.</summary>
    public bool Taken { get; set; }

    /// <summary>To be awaited once.</summary>
    public ValueTask<bool> Durable => new(this, _end.Version);

    /// <inheritdoc cref="Durable"/>
    public ValueTask End => new(this, _end.Version);

    public void Succeed() => _end.SetResult(true);

    public void Fail(Exception fault) => _end.SetException(fault);

    /// <summary>Only the writer ends it, so what it sees here stays.</summary>
    public bool HasEnded => _end.GetStatus(_end.Version) != ValueTaskSourceStatus.Pending;

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _end.GetStatus(token);
    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _end.GetStatus(token);
    bool IValueTaskSource<bool>.GetResult(short token) => _end.GetResult(token);
    void IValueTaskSource.GetResult(short token) => _end.GetResult(token);

    void IValueTaskSource<bool>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _end.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _end.OnCompleted(continuation, state, token, flags);
}
