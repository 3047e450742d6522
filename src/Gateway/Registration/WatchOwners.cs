using System.Data.Common;
using Gateway.Store;
using Microsoft.EntityFrameworkCore;

namespace Gateway.Registration;

/// <summary>
/// Which node watches which subscriber: <see cref="WatchRow.Node"/>. A third-party REGISTER makes the node that hears it the watcher; the first
/// message for an unknown subscriber does so only where nobody watches. Whoever has lost a watch finds out when he next has something to tell, and
/// drops his subscription then. A gateway without a cluster owns what it watches and asks nobody.
/// </summary>
public sealed partial class WatchOwners(GatewayStore store, TimeProvider time, ILogger<WatchOwners> log)
{
    private const int Page = 500;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>Asked in the transaction that writes what the network told; null: no need to ask.</summary>
    internal Func<GatewayDb, bool>? MayTell(string subscriber)
    {
        if (!store.Nodes.Clustered) return null;
        var own = store.Nodes.Own;
        return db => !db.Watches.Any(row => row.Subscriber == subscriber && row.Node != own);
    }

    /// <summary>False when another node watches already.</summary>
    /// <param name="seconds">How long the claim stands without a REGISTER.</param>
    internal async Task<bool> ClaimAsync(Watch watch, int seconds, CancellationToken cancel)
    {
        if (store.Nodes.Clustered && !await WriteClaimAsync(watch, seconds, cancel)) return false;
        lock (watch.Lock) watch.Owned = true;
        return true;
    }

    private async Task<bool> WriteClaimAsync(Watch watch, int seconds, CancellationToken cancel)
    {
        var (own, dead) = (store.Nodes.Own, await store.Nodes.DeadAsync(cancel));
        var now = time.GetUtcNow();
        var claimed = false;
        try
        {
            await store.Writer.WriteAsync(new StoreChange
            {
                Other = db =>
                {
                    var row = db.Watches.Find(watch.Subscriber);
                    claimed = row is null || row.Node == own || row.ExpiresAt <= now.ToUnixTimeMilliseconds() || dead.Contains(row.Node);
                    if (!claimed) return;
                    if (row is null) db.Watches.Add(row = new WatchRow { Subscriber = watch.Subscriber });
                    (row.PublicUserIdentity, row.Scscf, row.Node) = (watch.Identity, watch.Scscf, own);
                    row.ExpiresAt = now.AddSeconds(seconds).ToUnixTimeMilliseconds();
                },
            }, cancel);
        }
        catch (Exception e) when (e is DbException or DbUpdateException)
        {
            LogLate(watch.Identity, e); // another node's row came in between
            return false;
        }
        return claimed;
    }

    /// <summary>Until it is stopped: once a second, what nodes that are dead have watched becomes ours, unless another node was first.</summary>
    internal async Task TakeOverAsync(Func<List<WatchRow>, Task> begin, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Period, time);
        do
        {
            try
            {
                while (await TakePageAsync(stopping) is { Count: > 0 } taken) await begin(taken);
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                LogAway(e);
            }
        }
        while (await timer.WaitForNextTickAsync(stopping));
    }

    private async Task<List<WatchRow>> TakePageAsync(CancellationToken stopping)
    {
        var (own, dead) = (store.Nodes.Own, await store.Nodes.DeadAsync(stopping));
        await using var db = store.Open();
        var left = await db.Watches.Where(row => dead.Contains(row.Node)).Select(row => row.Subscriber).Take(Page).ToListAsync(stopping);
        if (left.Count == 0) return [];
        await store.Writer.WriteAsync(new StoreChange
        {
            Other = other => other.Watches.Where(row => left.Contains(row.Subscriber) && dead.Contains(row.Node))
                .ExecuteUpdate(set => set.SetProperty(row => row.Node, own)),
        }, stopping);
        LogTaken(left.Count);
        return await db.Watches.AsNoTracking().Where(row => left.Contains(row.Subscriber) && row.Node == own).ToListAsync(stopping);
    }

    [LoggerMessage(2021, LogLevel.Information, "{Count} watches of a node that is gone are looked after from here")]
    private partial void LogTaken(int count);

    [LoggerMessage(2022, LogLevel.Information, "{Identity} is watched by another node")]
    private partial void LogLate(string identity, Exception e);

    [LoggerMessage(2023, LogLevel.Error, "Looking for watches that nobody has failed; tried again in a second")]
    private partial void LogAway(Exception e);
}
