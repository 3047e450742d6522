using Gateway.Store;
using Microsoft.EntityFrameworkCore;

namespace Gateway.Acceptance;

/// <summary>
/// Removes what <see cref="Repeats"/> remembers when its time is over: once a minute, the oldest first, in transactions small enough that nobody
/// waits for them.
/// </summary>
public sealed partial class KeyPurge(GatewayStore store, TimeProvider time, ILogger<KeyPurge> log) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);
    private const int Batch = 500;

    protected override Task ExecuteAsync(CancellationToken stopping) => time.EveryAsync(Period, () => PurgeAsync(Batch, stopping), LogFailed, stopping);

    /// <param name="batch">About how many rows go in one transaction (1 and up).</param>
    /// <param name="cancel">Leaves the rest to the next time.</param>
    internal async Task PurgeAsync(int batch, CancellationToken cancel)
    {
        var over = (time.GetUtcNow() - Repeats.KeyLifetime).ToUnixTimeMilliseconds();
        while (await store.DueMessages.OldestKeyAsync(over, place: 0, cancel) is not null)
        {
            var last = await store.DueMessages.OldestKeyAsync(over, batch - 1, cancel) ?? over;
            await store.Writer.WriteAsync(new StoreChange { Other = db => db.IdempotencyKeys.Where(key => key.AcceptedAt <= last).ExecuteDelete() }, cancel);
        }
    }

    [LoggerMessage(3101, LogLevel.Warning, "Removing old idempotency keys failed; tried again in a minute")]
    private partial void LogFailed(Exception e);
}
