using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;

namespace Gateway.Store;

/// <summary>Where a walk through due rows stands: behind this time and id. The default is the beginning.</summary>
public readonly record struct DuePosition(long DueAt, long Id);

/// <summary>A mailbox with something to do.</summary>
public readonly record struct DueRecipient(string Recipient, RouteKind Route);

/// <summary>
/// Distinct recipients among the next due rows, the longest due first. <see cref="Next"/> continues the walk; null when nothing more is
/// due. A recipient with very many due rows may come again on the next page.
/// </summary>
public sealed record DueRecipients(IReadOnlyList<DueRecipient> Recipients, DuePosition? Next);

/// <summary>
/// The queries of the queue. Each reads one index and at most its limit of rows, however many wait, so it takes as long with ten million
/// rows as with ten; times are Unix milliseconds. When the database cannot be reached, they throw <see cref="StoreUnavailableException"/>.
/// The queries are compiled once for each store, because EF compiles against one database's model.
/// </summary>
public sealed class DueMessages
{
    internal static readonly Expression<Func<GatewayDb, string, long, int, IQueryable<ShortMessageRow>>> WaitingFor =
        (db, recipient, after, limit) => db.ShortMessages.AsNoTracking()
            .Where(m => m.Recipient == recipient && m.DueAt != null && m.Id > after).OrderBy(m => m.Id).Take(limit);

    // A walk continues in two steps, each a plain range of the index; as one condition with "or" neither database sees the range.
    internal static readonly Expression<Func<GatewayDb, long, long, int, IQueryable<DueRow>>> DueAtTheTime = (db, time, afterId, limit) =>
        db.ShortMessages.Where(m => m.DueAt == time && m.Id > afterId).OrderBy(m => m.Id).Take(limit)
            .Select(m => new DueRow(m.Recipient, m.Route, m.DueAt!.Value, m.Id));

    internal static readonly Expression<Func<GatewayDb, long, long, int, IQueryable<DueRow>>> DueBetween = (db, after, now, limit) =>
        db.ShortMessages.Where(m => m.DueAt > after && m.DueAt <= now).OrderBy(m => m.DueAt).ThenBy(m => m.Id).Take(limit)
            .Select(m => new DueRow(m.Recipient, m.Route, m.DueAt!.Value, m.Id));

    internal static readonly Expression<Func<GatewayDb, long, IQueryable<ShortMessageRow>>> NotAfter = (db, id) =>
        db.ShortMessages.AsNoTracking().Where(m => m.Id <= id).OrderByDescending(m => m.Id).Take(1);

    internal static readonly Expression<Func<GatewayDb, long, IQueryable<ShortMessageRow>>> ConcludedNotAfter = (db, id) =>
        db.History.AsNoTracking().Where(m => m.Id <= id).OrderByDescending(m => m.Id).Take(1);

    internal static readonly Expression<Func<GatewayDb, string, string, long, IQueryable<ShortMessageRow>>> Repeat =
        (db, originator, foreignId, since) => db.ShortMessages.AsNoTracking()
            .Where(m => m.ForeignId == foreignId && m.Originator == originator && m.AcceptedAt >= since)
            .OrderByDescending(m => m.Id).Take(1);

    internal static readonly Expression<Func<GatewayDb, short, long, int, IQueryable<WebhookRow>>> WebhooksDue = (db, node, now, limit) =>
        db.Webhooks.AsNoTracking().Where(w => w.Node == node && w.DueAt <= now).OrderBy(w => w.DueAt).ThenBy(w => w.Id).Take(limit);

    internal static readonly Expression<Func<GatewayDb, long[], IQueryable<WebhookRow>>> WebhooksOf = (db, messageIds) =>
        db.Webhooks.AsNoTracking().Where(w => messageIds.Contains(w.MessageId) && w.DueAt != null).OrderBy(w => w.Id);

    internal static readonly Expression<Func<GatewayDb, short[], int, IQueryable<long>>> WebhooksLeft = (db, nodes, limit) =>
        db.Webhooks.Where(w => nodes.Contains(w.Node) && w.DueAt != null).Select(w => w.Id).Take(limit);

    internal static readonly Expression<Func<GatewayDb, long, IQueryable<AttemptRow>>> AttemptsOf = (db, messageId) =>
        db.Attempts.AsNoTracking().Where(a => a.MessageId == messageId).OrderBy(a => a.Id);

    private readonly StoreDatabase _database;
    private readonly Func<GatewayDb, string, long, int, IAsyncEnumerable<ShortMessageRow>> _waitingFor = EF.CompileAsyncQuery(WaitingFor);
    private readonly Func<GatewayDb, long, long, int, IAsyncEnumerable<DueRow>> _dueAtTheTime = EF.CompileAsyncQuery(DueAtTheTime);
    private readonly Func<GatewayDb, long, long, int, IAsyncEnumerable<DueRow>> _dueBetween = EF.CompileAsyncQuery(DueBetween);
    private readonly Func<GatewayDb, long, IAsyncEnumerable<ShortMessageRow>> _notAfter = EF.CompileAsyncQuery(NotAfter);
    private readonly Func<GatewayDb, long, IAsyncEnumerable<ShortMessageRow>> _concludedNotAfter = EF.CompileAsyncQuery(ConcludedNotAfter);
    private readonly Func<GatewayDb, string, string, long, IAsyncEnumerable<ShortMessageRow>> _repeat = EF.CompileAsyncQuery(Repeat);
    private readonly Func<GatewayDb, short, long, int, IAsyncEnumerable<WebhookRow>> _webhooksDue = EF.CompileAsyncQuery(WebhooksDue);
    private readonly Func<GatewayDb, long[], IAsyncEnumerable<WebhookRow>> _webhooksOf = EF.CompileAsyncQuery(WebhooksOf);
    private readonly Func<GatewayDb, short[], int, IAsyncEnumerable<long>> _webhooksLeft = EF.CompileAsyncQuery(WebhooksLeft);
    private readonly Func<GatewayDb, long, IAsyncEnumerable<AttemptRow>> _attemptsOf = EF.CompileAsyncQuery(AttemptsOf);

    private readonly Nodes _nodes;

    internal DueMessages(StoreDatabase database, Nodes nodes) => (_database, _nodes) = (database, nodes);

    /// <summary>
    /// Messages of one mailbox that are not concluded, in the order they were accepted, after the id given (0: from the first).
    /// </summary>
    public Task<List<ShortMessageRow>> WaitingForAsync(string recipient, long afterId, int limit, CancellationToken cancel) =>
        ReadAsync(db => _waitingFor(db, recipient, afterId, limit).ToListAsync(cancel));

    /// <summary>Who has something due at <paramref name="now"/>; reads at most <paramref name="limit"/> rows (1 and up).</summary>
    public async Task<DueRecipients> DueRecipientsAsync(long now, int limit, DuePosition after, CancellationToken cancel)
    {
        var rows = await ReadAsync(async db =>
        {
            var rows = after == default ? [] : await _dueAtTheTime(db, after.DueAt, after.Id, limit).ToListAsync(cancel);
            if (rows.Count < limit)
                rows.AddRange(await _dueBetween(db, after.DueAt, now, limit - rows.Count).ToListAsync(cancel));
            return rows;
        });
        var recipients = rows.Select(r => new DueRecipient(r.Recipient, r.Route)).Distinct().ToList();
        return new DueRecipients(recipients, rows.Count < limit ? null : new DuePosition(rows[^1].DueAt, rows[^1].Id));
    }

    /// <summary>
    /// The message that has this message-id, for itself or for one of its segments; long concluded ones are found in the history.
    /// </summary>
    public async Task<ShortMessageRow?> FindAsync(long id, CancellationToken cancel)
    {
        return await ReadAsync(async db => Its(await _notAfter(db, id).FirstOrDefaultAsync(cancel))
            ?? Its(await _concludedNotAfter(db, id).FirstOrDefaultAsync(cancel))
            ?? Its(await _notAfter(db, id).FirstOrDefaultAsync(cancel))); // it moved in between

        ShortMessageRow? Its(ShortMessageRow? row) => row is not null && id - row.Id < row.SegmentCount ? row : null;
    }

    /// <summary>The newest message of this sender with this foreign id that was accepted at or after <paramref name="since"/>.</summary>
    public Task<ShortMessageRow?> FindRepeatAsync(string originator, string foreignId, long since, CancellationToken cancel) =>
        ReadAsync(db => _repeat(db, originator, foreignId, since).FirstOrDefaultAsync(cancel));

    /// <summary>This node's webhooks due at <paramref name="now"/>, the longest due first.</summary>
    public Task<List<WebhookRow>> DueWebhooksAsync(long now, int limit, CancellationToken cancel) =>
        ReadAsync(db => _webhooksDue(db, _nodes.Own, now, limit).ToListAsync(cancel));

    /// <summary>
    /// This node's webhooks of these messages (<see cref="ShortMessageRow.Id"/>) that are not concluded, due or not, in the order they were written:
    /// one must wait for those before it. At most a few hundred messages at once.
    /// </summary>
    public async Task<List<WebhookRow>> PendingWebhooksAsync(long[] messageIds, CancellationToken cancel)
    {
        var pending = await ReadAsync(db => _webhooksOf(db, messageIds).ToListAsync(cancel));
        pending.RemoveAll(webhook => webhook.Node != _nodes.Own);
        return pending;
    }

    /// <summary>Ids of webhooks that are not concluded, and whose node is one of these.</summary>
    public Task<List<long>> WebhooksLeftAsync(short[] nodes, int limit, CancellationToken cancel) =>
        ReadAsync(db => _webhooksLeft(db, nodes, limit).ToListAsync(cancel));

    /// <summary>All tries of a message (<see cref="ShortMessageRow.Id"/>), in order.</summary>
    public Task<List<AttemptRow>> AttemptsOfAsync(long id, CancellationToken cancel) =>
        ReadAsync(db => _attemptsOf(db, id).ToListAsync(cancel));

    /// <summary>Whether this mailbox holds anything that is not concluded.</summary>
    public async Task<bool> AnyWaitingForAsync(string recipient, CancellationToken cancel) =>
        (await WaitingForAsync(recipient, afterId: 0, limit: 1, cancel)).Count > 0;

    private async Task<T> ReadAsync<T>(Func<GatewayDb, ValueTask<T>> read)
    {
        try
        {
            await using var db = _database.Open();
            return await read(db);
        }
        catch (Exception fault) when (_database.IsUnavailable(fault))
        {
            throw _database.Unavailable(fault);
        }
    }

    internal sealed record DueRow(string Recipient, RouteKind Route, long DueAt, long Id);
}
