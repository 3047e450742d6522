using Gateway.Store;
using Microsoft.EntityFrameworkCore;

namespace Gateway.Registration;

/// <summary>
/// Deletes the rows of contacts that have expired without a word: nobody reads them any more. It walks over the table in small steps with pauses, so
/// that neither a reader nor the writer notices, and begins again a while after it has come to the end.
/// </summary>
public sealed partial class ExpiredContacts(GatewayStore store, TimeProvider time, ILogger<ExpiredContacts> log) : BackgroundService
{
    private const int RowsAtOnce = 1_000;
    private static readonly TimeSpan Between = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Once over the whole table; how many rows went.</summary>
    internal async Task<int> PurgeAsync(CancellationToken cancel)
    {
        var purged = 0;
        for (var after = 0L; ;)
        {
            var (from, now) = (after, time.GetUtcNow().ToUnixTimeMilliseconds());
            var step = await store.ReadAsync(db => new ValueTask<List<Expiry>>(db.Contacts.Where(contact => contact.Id > from)
                .OrderBy(contact => contact.Id).Take(RowsAtOnce).Select(contact => new Expiry(contact.Id, contact.ExpiresAt)).ToListAsync(cancel)));
            if (step.Count == 0) return purged;
            after = step[^1].Id;
            if (step.Exists(contact => contact.ExpiresAt <= now))
            {
                var (until, deleted) = (after, 0);
                // The row may have been refreshed since it was read.
                await store.Writer.WriteAsync(new StoreChange
                {
                    Other = db => deleted = db.Contacts.Where(contact => contact.Id > from && contact.Id <= until && contact.ExpiresAt <= now).ExecuteDelete(),
                }, cancel);
                purged += deleted;
            }
            if (step.Count < RowsAtOnce) return purged;
            await Task.Delay(Pause, time, cancel);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stopping)
    {
        while (true)
        {
            await Task.Delay(Between, time, stopping);
            try
            {
                if (await PurgeAsync(stopping) is > 0 and var purged) LogPurged(purged);
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                LogFailed(e);
            }
        }
    }

    private sealed record Expiry(long Id, long ExpiresAt);

    [LoggerMessage(2021, LogLevel.Debug, "{Count} expired contacts deleted")]
    private partial void LogPurged(int count);

    [LoggerMessage(2022, LogLevel.Warning, "Expired contacts cannot be deleted now")]
    private partial void LogFailed(Exception e);
}
