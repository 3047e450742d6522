using Microsoft.EntityFrameworkCore;

namespace Gateway.Store;

/// <summary>
/// Concluded messages leave the table that deliveries work on, and after the retention they are gone for good. Both go in small steps, each a
/// range of ids and a transaction shared with whatever else is written, so that nobody waits for them. Ids grow with time, so ranges of ids are
/// ranges of time, and no index is kept for this. Several nodes may do it at once; a row is moved once.
/// </summary>
public sealed class History
{
    private const int Page = 200;
    private const int MaxKeptPages = 16;
    private static readonly long MailboxKept = (long)TimeSpan.FromDays(7).TotalMilliseconds;

    private readonly StoreDatabase _database;
    private readonly StoreWriter _writer;
    private string? _move;

    internal History(StoreDatabase database, StoreWriter writer) => (_database, _writer) = (database, writer);

    /// <summary>
    /// One step of a walk through the messages with ids behind <paramref name="after"/> (0: from the first): those concluded at or before
    /// <paramref name="concludedBy"/> (Unix milliseconds) move. Returns where the walk goes on and how many moved, null at its end.
    /// </summary>
    public async Task<(long After, int Moved)?> MoveAsync(long after, long concludedBy, CancellationToken cancel)
    {
        var end = MessageId.FirstOf(concludedBy); // nothing is concluded before it is accepted
        List<(long Id, bool Concluded)> page;
        await using (var db = _database.Open())
        {
            page = [.. (await db.ShortMessages.Where(m => m.Id > after && m.Id < end).OrderBy(m => m.Id).Take(Page)
                .Select(m => new { m.Id, Concluded = m.State >= MessageState.Delivered && m.ConcludedAt <= concludedBy }).ToListAsync(cancel))
                .Select(m => (m.Id, m.Concluded))];
        }
        if (page.Count == 0)
            return null;
        var last = page[^1].Id;
        var moved = 0;
        if (page.Exists(m => m.Concluded))
        {
            await _writer.WriteAsync(new StoreChange
            {
                Other = db =>
                {
                    db.Database.ExecuteSqlRaw(_move ??= MoveText(db), after, last, concludedBy);
                    // What another node concludes between the two statements, with a time from before an outage, is left for the next walk.
                    moved = db.ShortMessages
                        .Where(m => m.Id > after && m.Id <= last && m.State >= MessageState.Delivered && m.ConcludedAt <= concludedBy
                            && db.History.Any(copy => copy.Id == m.Id))
                        .ExecuteDelete();
                },
            }, cancel);
        }
        return (last, moved);
    }

    /// <summary>
    /// One step of forgetting messages accepted before <paramref name="before"/> (Unix milliseconds), their attempts, and webhooks made before
    /// it. False when nothing is left to forget. What waits is never forgotten.
    /// </summary>
    public async Task<bool> ForgetAsync(long before, CancellationToken cancel)
    {
        var end = MessageId.FirstOf(before);
        List<long> messages, attempts, webhooks, rejections;
        await using (var db = _database.Open())
        {
            messages = await db.History.Where(m => m.Id < end).OrderBy(m => m.Id).Take(Page).Select(m => m.Id).ToListAsync(cancel);
            attempts = await db.Attempts.Where(a => a.MessageId < end).OrderBy(a => a.MessageId).ThenBy(a => a.Id).Take(Page)
                .Select(a => a.Id).ToListAsync(cancel);
            webhooks = await OldWebhooksAsync(db, before, cancel);
            rejections = await db.Rejections.OrderBy(r => r.Id).Take(Page).Where(r => r.ReceivedAt < before).Select(r => r.Id).ToListAsync(cancel);
        }
        if (messages.Count + attempts.Count + webhooks.Count + rejections.Count == 0)
            return false;
        await _writer.WriteAsync(new StoreChange
        {
            Other = db =>
            {
                db.History.Where(m => messages.Contains(m.Id)).ExecuteDelete();
                db.Attempts.Where(a => attempts.Contains(a.Id)).ExecuteDelete();
                db.Webhooks.Where(w => webhooks.Contains(w.Id)).ExecuteDelete();
                db.Rejections.Where(r => rejections.Contains(r.Id)).ExecuteDelete();
            },
        }, cancel);
        return true;
    }

    /// <summary>The oldest come first, but for dead ones that were wanted again: younger than their ids, they are passed over.</summary>
    private static async Task<List<long>> OldWebhooksAsync(GatewayDb db, long before, CancellationToken cancel)
    {
        var after = 0L;
        for (var pages = 0; pages < MaxKeptPages; pages++)
        {
            var page = await db.Webhooks.Where(w => w.Id > after).OrderBy(w => w.Id).Take(Page)
                .Select(w => new { w.Id, Old = w.CreatedAt < before && w.State >= WebhookState.Delivered }).ToListAsync(cancel);
            var old = page.Where(w => w.Old).Select(w => w.Id).ToList();
            if (old.Count > 0 || page.Count < Page)
                return old;
            after = page[^1].Id;
        }
        return [];
    }

    /// <summary>
    /// One step of a walk through the mailboxes behind <paramref name="after"/> (empty: from the first): those nobody has taken for a week go.
    /// Returns where the walk goes on, null at its end.
    /// </summary>
    public async Task<string?> ForgetMailboxesAsync(string after, long now, CancellationToken cancel)
    {
        List<MailboxRow> page;
        await using (var db = _database.Open())
        {
            page = await db.Mailboxes.AsNoTracking().Where(m => m.Recipient.CompareTo(after) > 0).OrderBy(m => m.Recipient).Take(Page).ToListAsync(cancel);
        }
        var old = page.FindAll(m => m.Epoch < now - MailboxKept).ConvertAll(m => m.Recipient);
        if (old.Count > 0)
        {
            await _writer.WriteAsync(new StoreChange
            {
                Other = db => db.Mailboxes.Where(m => old.Contains(m.Recipient) && m.Epoch < now - MailboxKept).ExecuteDelete(),
            }, cancel);
        }
        return page.Count == 0 ? null : page[^1].Recipient;
    }

    private static string MoveText(GatewayDb db)
    {
        var columns = string.Join(", ", db.History.EntityType.GetProperties().Select(property => $"\"{property.GetColumnName()}\""));
        return $$"""
            INSERT INTO "History" ({{columns}}) SELECT {{columns}} FROM "ShortMessages"
            WHERE "Id" > {0} AND "Id" <= {1} AND "State" >= {{(int)MessageState.Delivered}} AND "ConcludedAt" <= {2}
            ON CONFLICT ("Id") DO NOTHING
            """;
    }
}
