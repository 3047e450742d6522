using Microsoft.Extensions.Logging;

namespace Gateway.Store;

/// <summary>The group-committing writer: changes of all callers share transactions, and each caller is answered when its own is durable.</summary>
public sealed class StoreWriter : IAsyncDisposable
{
    internal StoreWriter(Func<GatewayDb> open, StoreOptions options, TimeProvider time, ILogger<StoreWriter> logger)
    {
        _ = open; _ = options; _ = time; _ = logger;
    }

    /// <summary>
    /// Accepts: false at once when <see cref="StoreOptions.MaxPendingWrites"/> changes wait, otherwise true once the change is durable.
    /// Throws what the database said to this change alone, or <see cref="StoreUnavailableException"/>.
    /// </summary>
    public ValueTask<bool> TryWriteAsync(StoreChange change) => throw new StoreUnavailableException("not yet");

    /// <summary>
    /// Progress of what was accepted: waits for room instead (as long as <paramref name="cancel"/> lets it; a change that got room is written),
    /// and completes once the change is durable.
    /// </summary>
    public ValueTask WriteAsync(StoreChange change, CancellationToken cancel) => throw new StoreUnavailableException("not yet");

    public ValueTask DisposeAsync() => default;
}
