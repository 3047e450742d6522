using System.Diagnostics;
using Gateway.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Benchmarks.Store;

/// <summary>Fills a store with history, a tenth as much backlog, and opens it as a starting gateway does.</summary>
internal static class StartFigures
{
    private const long Start = 1_790_000_000_000;
    private const int Batch = 5_000;

    public static async Task RunAsync(GatewayStore store, StoreOptions options, int rows)
    {
        var filling = Stopwatch.GetTimestamp();
        await FillAsync(store, rows);
        Console.WriteLine($"filled with {rows} concluded and {rows / 10} waiting in {Stopwatch.GetElapsedTime(filling).TotalSeconds:F0} s");

        var started = Stopwatch.GetTimestamp();
        await using var again = new GatewayStore(options, TimeProvider.System, NullLoggerFactory.Instance);
        await again.MigrateAsync(CancellationToken.None);
        Console.WriteLine($"schema checked after {Stopwatch.GetElapsedTime(started).TotalMilliseconds:F0} ms");
        var due = await again.DueMessages.DueRecipientsAsync(MessageLane.Normal, Start + rows, 1_000, default, CancellationToken.None);
        Console.WriteLine($"first {due.Recipients.Count} due known after {Stopwatch.GetElapsedTime(started).TotalMilliseconds:F0} ms");
        await WriteAsync(again, [StoreFigures.Message(new MessageId(TimeProvider.System).Take(1), 1, Start)]);
        Console.WriteLine($"first message stored after {Stopwatch.GetElapsedTime(started).TotalMilliseconds:F0} ms");
        var moving = Stopwatch.GetTimestamp();
        var moved = 0;
        for (var after = 0L; await again.History.MoveAsync(after, Start + rows, CancellationToken.None) is { } step; moved += step.Moved) after = step.After;
        Console.WriteLine($"{moved} messages moved to the history, a walk past all that wait included, in {Stopwatch.GetElapsedTime(moving).TotalSeconds:F1} s");
    }

    private static async Task FillAsync(GatewayStore store, int rows)
    {
        const int Concluded = 20_000;
        var id = MessageId.FirstOf(Start);
        var step = MessageId.FirstOf(Start + 1) - id;
        for (var i = 0; i < rows / 10; i += Batch)
            await WriteAsync(store, Enumerable.Range(i, Math.Min(Batch, (rows / 10) - i)).Select(n => StoreFigures.Message(id + (n * step), n, Start + n)));
        // The history by doubling inside the database; what a move costs is measured apart.
        await WriteAsync(store, Enumerable.Range(0, Concluded).Select(n => Done(id + (n * step) + 1, n)));
        for (var after = 0L; await store.History.MoveAsync(after, Start + Concluded, CancellationToken.None) is { } walk;) after = walk.After;
        await using var db = store.Open();
        db.Database.SetCommandTimeout(TimeSpan.FromMinutes(10));
        var columns = string.Join(", ", db.History.EntityType.GetProperties().Select(p => p.Name).Where(name => name != "Id").Select(name => $"\"{name}\""));
        for (var have = Concluded; have < rows; have = Math.Min(rows, have * 2))
        {
            var text = $"INSERT INTO \"History\" (\"Id\", {columns}) SELECT \"Id\" + {{0}}, {columns} FROM \"History\" ORDER BY \"Id\" LIMIT {{1}}";
            await db.Database.ExecuteSqlRawAsync(text, have * step, Math.Min(have, rows - have));
        }
        await WriteAsync(store, Enumerable.Range(0, Concluded).Select(n => Done(id + (n * step) + 2, n)));
    }

    private static ShortMessageRow Done(long id, int recipient)
    {
        var row = StoreFigures.Message(id, recipient, Start);
        (row.State, row.DueAt, row.ConcludedAt, row.SegmentsDone, row.Attempts, row.Reason) = (MessageState.Delivered, null, Start, 1, 1, "RP-ACK");
        return row;
    }

    private static async Task WriteAsync(GatewayStore store, IEnumerable<ShortMessageRow> rows)
    {
        var change = new StoreChange();
        change.NewMessages.AddRange(rows);
        await store.Writer.WriteAsync(change, CancellationToken.None);
    }
}
