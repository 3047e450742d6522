using Microsoft.EntityFrameworkCore;

namespace Gateway.Store;

/// <summary>Where a walk through due rows stands: after this time and id. The default is the beginning.</summary>
public readonly record struct DuePosition(long DueAt, long Id);

/// <summary>A mailbox with something to do.</summary>
public readonly record struct DueRecipient(string Recipient, RouteKind Route);

/// <summary>
/// Distinct recipients among the next due rows, the longest due first. <see cref="Next"/> continues the walk; null when nothing more is due.
/// A recipient with very many due rows may come again on the next page.
/// </summary>
public sealed record DueRecipients(IReadOnlyList<DueRecipient> Recipients, DuePosition? Next);

/// <summary>The queries of the queue. Each reads an index and at most its limit of rows, however many rows wait; times are Unix milliseconds.</summary>
public sealed class DueMessages
{
    private readonly Func<GatewayDb> _open;

    internal DueMessages(Func<GatewayDb> open) => _open = open;

    /// <summary>Messages of one mailbox that are not concluded, in the order they were accepted, after the id given (0: from the first).</summary>
    public async Task<List<ShortMessageRow>> WaitingForAsync(string recipient, long afterId, int limit, CancellationToken cancel)
    {
        await using var db = _open();
        return await WaitingFor(db, recipient, afterId, limit).ToListAsync(cancel);
    }

    /// <summary>Who has something due at <paramref name="now"/>; reads at most <paramref name="limit"/> rows.</summary>
    public async Task<DueRecipients> DueRecipientsAsync(long now, int limit, DuePosition after, CancellationToken cancel)
    {
        await using var db = _open();
        var rows = await DueAtSameTime(db, after).Take(limit).ToListAsync(cancel);
        if (rows.Count < limit)
            rows.AddRange(await DueLater(db, now, after).Take(limit - rows.Count).ToListAsync(cancel));
        var recipients = rows.Select(r => new DueRecipient(r.Recipient, r.Route)).Distinct().ToList();
        return new DueRecipients(recipients, rows.Count < limit ? null : new DuePosition(rows[^1].DueAt, rows[^1].Id));
    }

    /// <summary>The message that has this message-id or a segment with it.</summary>
    public async Task<ShortMessageRow?> FindAsync(long id, CancellationToken cancel)
    {
        await using var db = _open();
        var row = await Containing(db, id).FirstOrDefaultAsync(cancel);
        return row is not null && id - row.Id < row.SegmentCount ? row : null;
    }

    /// <summary>The newest message from this sender with this foreign id that was accepted at or after <paramref name="since"/>.</summary>
    public async Task<ShortMessageRow?> FindRepeatAsync(string originator, string foreignId, long since, CancellationToken cancel)
    {
        await using var db = _open();
        return await Repeats(db, originator, foreignId, since).FirstOrDefaultAsync(cancel);
    }

    /// <summary>Webhooks due at <paramref name="now"/>, the longest due first.</summary>
    public async Task<List<WebhookRow>> DueWebhooksAsync(long now, int limit, CancellationToken cancel)
    {
        await using var db = _open();
        return await DueWebhooks(db, now).Take(limit).ToListAsync(cancel);
    }

    /// <summary>All tries of a message (<see cref="ShortMessageRow.Id"/>), in order.</summary>
    public async Task<List<AttemptRow>> AttemptsOfAsync(long id, CancellationToken cancel)
    {
        await using var db = _open();
        return await AttemptsOf(db, id).ToListAsync(cancel);
    }

    /// <summary>Nothing of this mailbox is due before <paramref name="until"/> (or its expiry, if that comes first).</summary>
    public Task HoldAsync(string recipient, long until, StoreWriter writer, CancellationToken cancel) => writer.WriteAsync(new StoreChange
    {
        Other = db => db.ShortMessages.Where(m => m.Recipient == recipient && m.DueAt < until && m.DueAt < m.ExpiresAt && m.State == MessageState.Waiting)
            .ExecuteUpdate(set => set.SetProperty(m => m.DueAt, m => m.ExpiresAt < until ? m.ExpiresAt : until)),
    }, cancel).AsTask();

    /// <summary>Everything of this mailbox is due now.</summary>
    public Task ReleaseAsync(string recipient, long now, StoreWriter writer, CancellationToken cancel) => writer.WriteAsync(new StoreChange
    {
        Other = db => db.ShortMessages.Where(m => m.Recipient == recipient && m.DueAt > now && m.State == MessageState.Waiting)
            .ExecuteUpdate(set => set.SetProperty(m => m.DueAt, now)),
    }, cancel).AsTask();

    private static IQueryable<ShortMessageRow> WaitingFor(GatewayDb db, string recipient, long afterId, int limit) =>
        db.ShortMessages.AsNoTracking().Where(m => m.Recipient == recipient && m.DueAt != null && m.Id > afterId).OrderBy(m => m.Id).Take(limit);

    private static IQueryable<DueRow> DueAtSameTime(GatewayDb db, DuePosition after) =>
        db.ShortMessages.Where(m => m.DueAt == after.DueAt && m.Id > after.Id).OrderBy(m => m.Id)
            .Select(m => new DueRow(m.Recipient, m.Route, m.DueAt!.Value, m.Id));

    private static IQueryable<DueRow> DueLater(GatewayDb db, long now, DuePosition after) =>
        db.ShortMessages.Where(m => m.DueAt > after.DueAt && m.DueAt <= now).OrderBy(m => m.DueAt).ThenBy(m => m.Id)
            .Select(m => new DueRow(m.Recipient, m.Route, m.DueAt!.Value, m.Id));

    private static IQueryable<ShortMessageRow> Containing(GatewayDb db, long id) =>
        db.ShortMessages.AsNoTracking().Where(m => m.Id <= id).OrderByDescending(m => m.Id);

    private static IQueryable<ShortMessageRow> Repeats(GatewayDb db, string originator, string foreignId, long since) =>
        db.ShortMessages.AsNoTracking().Where(m => m.ForeignId == foreignId && m.Originator == originator && m.AcceptedAt >= since)
            .OrderByDescending(m => m.Id);

    private static IQueryable<WebhookRow> DueWebhooks(GatewayDb db, long now) =>
        db.Webhooks.AsNoTracking().Where(w => w.DueAt <= now).OrderBy(w => w.DueAt).ThenBy(w => w.Id);

    private static IQueryable<AttemptRow> AttemptsOf(GatewayDb db, long id) =>
        db.Attempts.AsNoTracking().Where(a => a.MessageId == id).OrderBy(a => a.Id);

    private sealed record DueRow(string Recipient, RouteKind Route, long DueAt, long Id);
}
