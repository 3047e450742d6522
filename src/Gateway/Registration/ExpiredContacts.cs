using Gateway.Store;
using Microsoft.EntityFrameworkCore;

namespace Gateway.Registration;

/// <summary>
/// Deletes the rows of contacts that have expired without a word: nobody reads them any more. The oldest first, in small steps with pauses, so that
/// neither a reader nor the writer notices.
/// </summary>
public sealed partial class ExpiredContacts(GatewayStore store, TimeProvider time, ILogger<ExpiredContacts> log) : BackgroundService
{
    private const int RowsAtOnce = 1_000;
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>All that have expired by now; how many rows went.</summary>
    internal async Task<int> PurgeAsync(CancellationToken cancel)
    {
        for (var purged = 0; ;)
        {
            var now = time.GetUtcNow().ToUnixTimeMilliseconds();
            var until = await store.ReadAsync(db => new ValueTask<long?>(db.Contacts.Where(contact => contact.ExpiresAt <= now)
                .OrderBy(contact => contact.ExpiresAt).Skip(RowsAtOnce - 1).Select(contact => (long?)contact.ExpiresAt).FirstOrDefaultAsync(cancel)));
            var (last, deleted) = (until ?? now, 0);
            await store.Writer.WriteAsync(new StoreChange
            {
                // The row may have been refreshed since it was read.
                Other = db => deleted = db.Contacts.Where(contact => contact.ExpiresAt <= last).ExecuteDelete(),
            }, cancel);
            purged += deleted;
            if (until is null) return purged;
            await Task.Delay(Pause, time, cancel);
        }
    }

    protected override Task ExecuteAsync(CancellationToken stopping) => time.EveryAsync(Period, () => TurnAsync(stopping), LogFailed, stopping);

    private async Task TurnAsync(CancellationToken stopping)
    {
        if (await PurgeAsync(stopping) is > 0 and var purged) LogPurged(purged);
    }

    [LoggerMessage(2051, LogLevel.Debug, "{Count} expired contacts deleted")]
    private partial void LogPurged(int count);

    [LoggerMessage(2052, LogLevel.Warning, "Expired contacts cannot be deleted now")]
    private partial void LogFailed(Exception e);
}
