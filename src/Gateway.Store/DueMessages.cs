using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;

namespace Gateway.Store;

/// <summary>
/// Where a walk through due or expired rows stands: behind this time (of DueAt or ExpiresAt) and id (0: behind all of that time). The default is the
/// beginning.
/// </summary>
public readonly record struct DuePosition(long Time, long Id);

/// <summary>A place in a mailbox's queue: by lane, then by id. The default is before the first.</summary>
public readonly record struct QueuePosition(MessageLane Lane, long Id) : IComparable<QueuePosition>
{
    public static QueuePosition Of(ShortMessageRow row) => new(row.Lane, row.Id);

    public int CompareTo(QueuePosition other) => Lane != other.Lane ? Lane.CompareTo(other.Lane) : Id.CompareTo(other.Id);
    public static bool operator <(QueuePosition left, QueuePosition right) => left.CompareTo(right) < 0;
    public static bool operator >(QueuePosition left, QueuePosition right) => left.CompareTo(right) > 0;
    public static bool operator <=(QueuePosition left, QueuePosition right) => left.CompareTo(right) <= 0;
    public static bool operator >=(QueuePosition left, QueuePosition right) => left.CompareTo(right) >= 0;
}

/// <summary>A mailbox with something to do.</summary>
public readonly record struct DueRecipient(string Recipient, RouteKind Route);

/// <summary>
/// Distinct recipients among the next due rows, the longest due first. <see cref="Next"/> continues the walk; null when nothing more is
/// due. A recipient with very many due rows may come again on the next page.
/// </summary>
public sealed record DueRecipients(IReadOnlyList<DueRecipient> Recipients, DuePosition? Next);

/// <summary>A message whose time is over.</summary>
public sealed record ExpiredMessage(long Id, string Recipient, long ExpiresAt);

/// <summary>Messages that are not concluded and whose time is over, the longest expired first; <see cref="Next"/> as above.</summary>
public sealed record ExpiredMessages(IReadOnlyList<ExpiredMessage> Messages, DuePosition? Next);

/// <summary>
/// The queries of the queue. Each reads one index and at most its limit of rows, however many wait, so it takes as long with ten million
/// rows as with ten; times are Unix milliseconds. When the database cannot be reached, they throw <see cref="StoreUnavailableException"/>.
/// The queries are compiled once for each store, because EF compiles against one database's model.
/// </summary>
public sealed class DueMessages
{
    // A walk continues in two steps, each a plain range of the index; as one condition with "or" neither database sees the range.
    internal static readonly Expression<Func<GatewayDb, string, MessageLane, long, int, IQueryable<ShortMessageRow>>> WaitingInLane =
        (db, recipient, lane, afterId, limit) => db.ShortMessages.AsNoTracking()
            .Where(m => m.Recipient == recipient && m.Lane == lane && m.DueAt != null && m.Id > afterId).OrderBy(m => m.Id).Take(limit);

    internal static readonly Expression<Func<GatewayDb, string, MessageLane, int, IQueryable<ShortMessageRow>>> WaitingFromLane =
        (db, recipient, lane, limit) => db.ShortMessages.AsNoTracking()
            .Where(m => m.Recipient == recipient && m.Lane >= lane && m.DueAt != null).OrderBy(m => m.Lane).ThenBy(m => m.Id).Take(limit);

    internal static readonly Expression<Func<GatewayDb, MessageLane, long, long, int, IQueryable<DueRow>>> DueAtTheTime =
        (db, lane, time, afterId, limit) =>
            db.ShortMessages.Where(m => m.Lane == lane && m.DueAt == time && m.Id > afterId).OrderBy(m => m.Id).Take(limit)
                .Select(m => new DueRow(m.Recipient, m.Route, m.DueAt!.Value, m.Id, m.ExpiresAt));

    internal static readonly Expression<Func<GatewayDb, MessageLane, long, long, int, IQueryable<DueRow>>> DueBetween =
        (db, lane, after, now, limit) =>
            db.ShortMessages.Where(m => m.Lane == lane && m.DueAt > after && m.DueAt <= now).OrderBy(m => m.DueAt).ThenBy(m => m.Id)
                .Take(limit).Select(m => new DueRow(m.Recipient, m.Route, m.DueAt!.Value, m.Id, m.ExpiresAt));

    internal static readonly Expression<Func<GatewayDb, long, long, int, IQueryable<ExpiredMessage>>> ExpiredAtTheTime = (db, time, afterId, limit) =>
        db.ShortMessages.Where(m => m.ExpiresAt == time && m.Id > afterId && m.DueAt != null).OrderBy(m => m.Id).Take(limit)
            .Select(m => new ExpiredMessage(m.Id, m.Recipient, m.ExpiresAt));

    internal static readonly Expression<Func<GatewayDb, long, long, int, IQueryable<ExpiredMessage>>> ExpiredBetween = (db, after, now, limit) =>
        db.ShortMessages.Where(m => m.ExpiresAt > after && m.ExpiresAt <= now && m.DueAt != null).OrderBy(m => m.ExpiresAt).ThenBy(m => m.Id)
            .Take(limit).Select(m => new ExpiredMessage(m.Id, m.Recipient, m.ExpiresAt));

    internal static readonly Expression<Func<GatewayDb, long[], IQueryable<ShortMessageRow>>> ByIds = (db, ids) =>
        db.ShortMessages.AsNoTracking().Where(m => ids.Contains(m.Id));

    internal static readonly Expression<Func<GatewayDb, long, IQueryable<ShortMessageRow>>> NotAfter = (db, id) =>
        db.ShortMessages.AsNoTracking().Where(m => m.Id <= id).OrderByDescending(m => m.Id).Take(1);

    internal static readonly Expression<Func<GatewayDb, long, IQueryable<ShortMessageRow>>> ConcludedNotAfter = (db, id) =>
        db.History.AsNoTracking().Where(m => m.Id <= id).OrderByDescending(m => m.Id).Take(1);

    internal static readonly Expression<Func<GatewayDb, string, string, long, IQueryable<ShortMessageRow>>> Repeat =
        (db, originator, foreignId, since) => db.ShortMessages.AsNoTracking()
            .Where(m => m.ForeignId == foreignId && m.Originator == originator && m.AcceptedAt >= since)
            .OrderByDescending(m => m.Id).Take(1);

    internal static readonly Expression<Func<GatewayDb, string, string, IQueryable<IdempotencyKeyRow>>> KeyOf = (db, account, key) =>
        db.IdempotencyKeys.AsNoTracking().Where(k => k.Account == account && k.Key == key);

    internal static readonly Expression<Func<GatewayDb, long, int, IQueryable<long?>>> OldestKeys = (db, until, place) =>
        db.IdempotencyKeys.Where(k => k.AcceptedAt <= until).OrderBy(k => k.AcceptedAt).Skip(place).Take(1).Select(k => (long?)k.AcceptedAt);

    internal static readonly Expression<Func<GatewayDb, short, long, int, IQueryable<WebhookRow>>> WebhooksDue = (db, node, now, limit) =>
        db.Webhooks.AsNoTracking().Where(w => w.Node == node && w.DueAt <= now).OrderBy(w => w.DueAt).ThenBy(w => w.Id).Take(limit);

    internal static readonly Expression<Func<GatewayDb, long[], IQueryable<WebhookRow>>> WebhooksOf = (db, messageIds) =>
        db.Webhooks.AsNoTracking().Where(w => messageIds.Contains(w.MessageId) && w.DueAt != null).OrderBy(w => w.Id);

    internal static readonly Expression<Func<GatewayDb, short[], int, IQueryable<long>>> WebhooksLeft = (db, nodes, limit) =>
        db.Webhooks.Where(w => nodes.Contains(w.Node) && w.DueAt != null).Select(w => w.Id).Take(limit);

    internal static readonly Expression<Func<GatewayDb, long, IQueryable<AttemptRow>>> AttemptsOf = (db, messageId) =>
        db.Attempts.AsNoTracking().Where(a => a.MessageId == messageId).OrderBy(a => a.Id);

    private readonly StoreDatabase _database;
    private readonly Func<GatewayDb, string, MessageLane, long, int, IAsyncEnumerable<ShortMessageRow>> _waitingInLane =
        EF.CompileAsyncQuery(WaitingInLane);
    private readonly Func<GatewayDb, string, MessageLane, int, IAsyncEnumerable<ShortMessageRow>> _waitingFromLane =
        EF.CompileAsyncQuery(WaitingFromLane);
    private readonly Func<GatewayDb, MessageLane, long, long, int, IAsyncEnumerable<DueRow>> _dueAtTheTime = EF.CompileAsyncQuery(DueAtTheTime);
    private readonly Func<GatewayDb, MessageLane, long, long, int, IAsyncEnumerable<DueRow>> _dueBetween = EF.CompileAsyncQuery(DueBetween);
    private readonly Func<GatewayDb, long, long, int, IAsyncEnumerable<ExpiredMessage>> _expiredAtTheTime = EF.CompileAsyncQuery(ExpiredAtTheTime);
    private readonly Func<GatewayDb, long, long, int, IAsyncEnumerable<ExpiredMessage>> _expiredBetween = EF.CompileAsyncQuery(ExpiredBetween);
    private readonly Func<GatewayDb, long[], IAsyncEnumerable<ShortMessageRow>> _byIds = EF.CompileAsyncQuery(ByIds);
    private readonly Func<GatewayDb, long, IAsyncEnumerable<ShortMessageRow>> _notAfter = EF.CompileAsyncQuery(NotAfter);
    private readonly Func<GatewayDb, long, IAsyncEnumerable<ShortMessageRow>> _concludedNotAfter = EF.CompileAsyncQuery(ConcludedNotAfter);
    private readonly Func<GatewayDb, string, string, long, IAsyncEnumerable<ShortMessageRow>> _repeat = EF.CompileAsyncQuery(Repeat);
    private readonly Func<GatewayDb, string, string, IAsyncEnumerable<IdempotencyKeyRow>> _keyOf = EF.CompileAsyncQuery(KeyOf);
    private readonly Func<GatewayDb, long, int, IAsyncEnumerable<long?>> _oldestKeys = EF.CompileAsyncQuery(OldestKeys);
    private readonly Func<GatewayDb, short, long, int, IAsyncEnumerable<WebhookRow>> _webhooksDue = EF.CompileAsyncQuery(WebhooksDue);
    private readonly Func<GatewayDb, long[], IAsyncEnumerable<WebhookRow>> _webhooksOf = EF.CompileAsyncQuery(WebhooksOf);
    private readonly Func<GatewayDb, short[], int, IAsyncEnumerable<long>> _webhooksLeft = EF.CompileAsyncQuery(WebhooksLeft);
    private readonly Func<GatewayDb, long, IAsyncEnumerable<AttemptRow>> _attemptsOf = EF.CompileAsyncQuery(AttemptsOf);

    private readonly Nodes _nodes;

    internal DueMessages(StoreDatabase database, Nodes nodes) => (_database, _nodes) = (database, nodes);

    /// <summary>
    /// Messages of one mailbox that are not concluded, by lane and in each as they were accepted, behind the position given.
    /// </summary>
    public Task<List<ShortMessageRow>> WaitingForAsync(string recipient, QueuePosition after, int limit, CancellationToken cancel) =>
        ReadAsync(async db =>
        {
            if (after == default)
                return await _waitingFromLane(db, recipient, default, limit).ToListAsync(cancel);
            var rows = await _waitingInLane(db, recipient, after.Lane, after.Id, limit).ToListAsync(cancel);
            if (rows.Count < limit && after.Lane < MessageLane.Bulk)
                rows.AddRange(await _waitingFromLane(db, recipient, after.Lane + 1, limit - rows.Count).ToListAsync(cancel));
            return rows;
        });

    /// <summary>
    /// Who has something of this lane due at <paramref name="now"/> whose time is not over (<see cref="ExpiredAsync"/>); reads at most
    /// <paramref name="limit"/> rows (1 and up).
    /// </summary>
    public async Task<DueRecipients> DueRecipientsAsync(MessageLane lane, long now, int limit, DuePosition after, CancellationToken cancel)
    {
        var rows = await ReadAsync(async db =>
        {
            var rows = after.Id == 0 ? [] : await _dueAtTheTime(db, lane, after.Time, after.Id, limit).ToListAsync(cancel);
            if (rows.Count < limit)
                rows.AddRange(await _dueBetween(db, lane, after.Time, now, limit - rows.Count).ToListAsync(cancel));
            return rows;
        });
        var recipients = rows.Where(r => r.ExpiresAt > now).Select(r => new DueRecipient(r.Recipient, r.Route)).Distinct().ToList();
        return new DueRecipients(recipients, rows.Count < limit ? null : new DuePosition(rows[^1].DueAt, rows[^1].Id));
    }

    /// <summary>Messages of all lanes that are not concluded and whose time is over at <paramref name="now"/>; at most <paramref name="limit"/> (1 and up).</summary>
    public async Task<ExpiredMessages> ExpiredAsync(long now, int limit, DuePosition after, CancellationToken cancel)
    {
        var messages = await ReadAsync(async db =>
        {
            var messages = after.Id == 0 ? [] : await _expiredAtTheTime(db, after.Time, after.Id, limit).ToListAsync(cancel);
            if (messages.Count < limit)
                messages.AddRange(await _expiredBetween(db, after.Time, now, limit - messages.Count).ToListAsync(cancel));
            return messages;
        });
        return new ExpiredMessages(messages, messages.Count < limit ? null : new DuePosition(messages[^1].ExpiresAt, messages[^1].Id));
    }

    /// <summary>Those of these messages (<see cref="ShortMessageRow.Id"/>) that are not concluded, in no order. At most a few hundred at once.</summary>
    public async Task<List<ShortMessageRow>> WaitingAsync(long[] ids, CancellationToken cancel)
    {
        var rows = await ReadAsync(db => _byIds(db, ids).ToListAsync(cancel));
        rows.RemoveAll(row => row.DueAt is null); // here: in the query it would tempt PostgreSQL to read all that wait
        return rows;
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

    /// <summary>The highest id of a segment that was ever stored and is kept; 0: none.</summary>
    public Task<long> LastIdAsync(CancellationToken cancel) => ReadAsync(async db =>
        Math.Max(await LastOf(db.ShortMessages).FirstOrDefaultAsync(cancel), await LastOf(db.History).FirstOrDefaultAsync(cancel)));

    private static IQueryable<long> LastOf(IQueryable<ShortMessageRow> rows) =>
        rows.OrderByDescending(row => row.Id).Select(row => row.Id + row.SegmentCount - 1);

    /// <summary>What an account's key stands for, however old.</summary>
    public Task<IdempotencyKeyRow?> FindKeyAsync(string account, string key, CancellationToken cancel) =>
        ReadAsync(db => _keyOf(db, account, key).FirstOrDefaultAsync(cancel));

    /// <summary>Of the keys taken up to <paramref name="until"/>, when the one at this place was, counted from the oldest (0); null: there are fewer.</summary>
    public Task<long?> OldestKeyAsync(long until, int place, CancellationToken cancel) =>
        ReadAsync(db => _oldestKeys(db, until, place).FirstOrDefaultAsync(cancel));

    /// <summary>This node's webhooks due at <paramref name="now"/>, the longest due first.</summary>
    public Task<List<WebhookRow>> DueWebhooksAsync(long now, int limit, CancellationToken cancel) =>
        ReadAsync(db => _webhooksDue(db, _nodes.Own, now, limit).ToListAsync(cancel));

    /// <summary>
    /// All nodes' webhooks of these messages (<see cref="ShortMessageRow.Id"/>) that are not concluded, due or not, in the order they were written:
    /// one must wait for those before it. At most a few hundred messages at once.
    /// </summary>
    public Task<List<WebhookRow>> PendingWebhooksAsync(long[] messageIds, CancellationToken cancel) =>
        ReadAsync(db => _webhooksOf(db, messageIds).ToListAsync(cancel));

    /// <summary>Ids of webhooks that are not concluded, and whose node is one of these.</summary>
    public Task<List<long>> WebhooksLeftAsync(short[] nodes, int limit, CancellationToken cancel) =>
        ReadAsync(db => _webhooksLeft(db, nodes, limit).ToListAsync(cancel));

    /// <summary>All tries of a message (<see cref="ShortMessageRow.Id"/>), in order.</summary>
    public Task<List<AttemptRow>> AttemptsOfAsync(long id, CancellationToken cancel) =>
        ReadAsync(db => _attemptsOf(db, id).ToListAsync(cancel));

    /// <summary>Whether this mailbox holds anything that is not concluded.</summary>
    public async Task<bool> AnyWaitingForAsync(string recipient, CancellationToken cancel) =>
        (await WaitingForAsync(recipient, after: default, limit: 1, cancel)).Count > 0;

    private Task<T> ReadAsync<T>(Func<GatewayDb, ValueTask<T>> read) => _database.ReadAsync(read);

    internal sealed record DueRow(string Recipient, RouteKind Route, long DueAt, long Id, long ExpiresAt);
}
