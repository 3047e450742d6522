using Microsoft.EntityFrameworkCore;

namespace Gateway.Store;

/// <summary>Which messages a list has: what is null does not matter. Times are Unix milliseconds of the acceptance, the later one excluded.</summary>
public sealed record MessageFilter
{
    /// <summary>api_key of the sending account.</summary>
    public string? Account { get; init; }
    public string? Recipient { get; init; }
    public string? Originator { get; init; }
    public MessageState? State { get; init; }
    public long? Since { get; init; }
    public long? Until { get; init; }
}

/// <summary>Which webhooks a list has: what is null does not matter.</summary>
public sealed record WebhookFilter
{
    public string? Account { get; init; }
    public WebhookState? State { get; init; }
}

/// <summary>Rows, those with the highest ids first. <see cref="Next"/>: behind it (lower) there may be more; null at the end.</summary>
public sealed record ListPart<T>(IReadOnlyList<T> Rows, long? Next);

/// <summary>
/// Lists for people, the newest first, going down the primary key. For most filters there is no index, since every message would pay for it: a
/// part of a list then looks at a bounded number of rows, so it takes milliseconds whatever the tables hold, and may have fewer rows than asked for,
/// or none, with more behind it. When the database cannot be reached, they throw <see cref="StoreUnavailableException"/>.
/// </summary>
public sealed class Lists
{
    /// <summary>So many rows of a table one part looks at.</summary>
    internal const int Window = 20_000;

    private readonly StoreDatabase _database;

    internal Lists(StoreDatabase database) => _database = database;

    /// <summary>Messages of both tables with ids below <paramref name="below"/> (null: all).</summary>
    public Task<ListPart<ShortMessageRow>> MessagesAsync(MessageFilter filter, long? below, int limit, CancellationToken cancel) =>
        MessagesAsync(filter, below, limit, Window, cancel);

    internal Task<ListPart<ShortMessageRow>> MessagesAsync(MessageFilter filter, long? below, int limit, int window, CancellationToken cancel)
    {
        var first = filter.Since is { } since ? MessageId.FirstOf(since) : 0;
        var end = Math.Min(below ?? long.MaxValue, filter.Until is { } until ? MessageId.FirstOf(until) : long.MaxValue);
        return _database.ReadAsync(async db =>
        {
            // In this order, because a row moves from the one to the other: it is seen twice rather than never.
            var working = await PartAsync(db.ShortMessages, indexed: false);
            var history = filter.State < MessageState.Delivered ? ([], null) : await PartAsync(db.History, indexed: filter.Recipient is not null);
            // Both are complete only down to the higher of the two places where they stopped.
            var floor = working.Floor > history.Floor ? working.Floor : history.Floor ?? working.Floor;
            List<ShortMessageRow> rows =
            [
                .. working.Rows.Concat(history.Rows).Where(row => row.Id >= (floor ?? 0)).DistinctBy(row => row.Id).OrderByDescending(row => row.Id).Take(limit),
            ];
            return new ListPart<ShortMessageRow>(rows, rows.Count == limit ? rows[^1].Id : floor);
        });

        async Task<(List<ShortMessageRow> Rows, long? Floor)> PartAsync(IQueryable<ShortMessageRow> table, bool indexed)
        {
            var floor = indexed ? null : await FloorOf(table, first, end, window).FirstOrDefaultAsync(cancel);
            return (await Matching(table, filter, floor ?? first, end).Take(limit).ToListAsync(cancel), floor);
        }
    }

    /// <summary>Webhooks with ids below <paramref name="below"/> (null: all).</summary>
    public Task<ListPart<WebhookRow>> WebhooksAsync(WebhookFilter filter, long? below, int limit, CancellationToken cancel) =>
        WebhooksAsync(filter, below, limit, Window, cancel);

    internal Task<ListPart<WebhookRow>> WebhooksAsync(WebhookFilter filter, long? below, int limit, int window, CancellationToken cancel) =>
        _database.ReadAsync(async db =>
        {
            var end = below ?? long.MaxValue;
            var floor = await FloorOf(db.Webhooks, end, window).FirstOrDefaultAsync(cancel);
            var rows = await Matching(db.Webhooks, filter, floor ?? 0, end).Take(limit).ToListAsync(cancel);
            return new ListPart<WebhookRow>(rows, rows.Count == limit ? rows[^1].Id : floor);
        });

    /// <summary>Null when there is none.</summary>
    public Task<WebhookRow?> FindWebhookAsync(long id, CancellationToken cancel) =>
        _database.ReadAsync(db => new ValueTask<WebhookRow?>(db.Webhooks.AsNoTracking().FirstOrDefaultAsync(webhook => webhook.Id == id, cancel)));

    internal static IQueryable<long?> FloorOf(IQueryable<ShortMessageRow> table, long first, long end, int window) =>
        table.Where(m => m.Id >= first && m.Id < end).OrderByDescending(m => m.Id).Skip(window - 1).Take(1).Select(m => (long?)m.Id);

    internal static IQueryable<long?> FloorOf(IQueryable<WebhookRow> table, long end, int window) =>
        table.Where(w => w.Id < end).OrderByDescending(w => w.Id).Skip(window - 1).Take(1).Select(w => (long?)w.Id);

    internal static IQueryable<ShortMessageRow> Matching(IQueryable<ShortMessageRow> table, MessageFilter filter, long first, long end)
    {
        var rows = table.AsNoTracking().Where(m => m.Id >= first && m.Id < end);
        if (filter.Recipient is { } recipient) rows = rows.Where(m => m.Recipient == recipient);
        if (filter.Account is { } account) rows = rows.Where(m => m.Account == account);
        if (filter.Originator is { } originator) rows = rows.Where(m => m.Originator == originator);
        if (filter.State is { } state) rows = rows.Where(m => m.State == state);
        return rows.OrderByDescending(m => m.Id);
    }

    internal static IQueryable<WebhookRow> Matching(IQueryable<WebhookRow> table, WebhookFilter filter, long first, long end)
    {
        var rows = table.AsNoTracking().Where(w => w.Id >= first && w.Id < end);
        if (filter.Account is { } account) rows = rows.Where(w => w.Account == account);
        if (filter.State is { } state) rows = rows.Where(w => w.State == state);
        return rows.OrderByDescending(w => w.Id);
    }
}
