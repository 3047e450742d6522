using System.Diagnostics;
using Gateway.Store;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Gateway.Tests.Store;

public sealed class SqliteDurabilityTests : TestStore
{
    private readonly SqliteFolder _folder = new();
    private readonly SqliteFolder _image = new();

    [Fact]
    public async Task What_was_answered_is_there_when_the_process_dies_at_that_moment()
    {
        var written = new List<long>();
        for (var i = 1; i <= 200; i++)
        {
            await WriteAsync(Message(i));
            written.Add(i);
        }
        await WriteAsync(Delivered(7));
        using var open = await WriterGate.CloseAsync(Store.Writer, Cancel);
        var unanswered = WriteAsync(Message(1000));

        // The files as the system has them, with the writer in the middle of a transaction.
        foreach (var suffix in new[] { "", "-wal" })
            File.Copy(_folder.File + suffix, _image.File + suffix);
        open.Open();
        await unanswered;

        await Store.DisposeAsync();
        Options.ConnectionString = _image.Options.ConnectionString;
        await OpenAsync();
        await Store.MigrateAsync(Cancel);
        await using var db = Store.Open();
        Assert.Equal(written, await db.ShortMessages.OrderBy(m => m.Id).Select(m => m.Id).ToListAsync(Cancel));
        Assert.Equal(MessageState.Delivered, (await ReadAsync(7)).State);
    }

    [Fact]
    public async Task The_log_stays_short_under_load()
    {
        var text = new string('x', 1000);
        var longest = 0L;
        for (var i = 0; i < 1200; i++)
        {
            var change = new StoreChange();
            for (var j = 0; j < 100; j++)
            {
                var row = Message((i * 100) + j + 1, dueAt: null);
                row.Text = text;
                change.NewMessages.Add(row);
            }
            await Store.Writer.WriteAsync(change, Cancel);
            longest = Math.Max(longest, new FileInfo(_folder.File + "-wal").Length);
        }
        // 120,000 rows of more than a thousand octets went through it.
        Assert.InRange(longest, 1 << 20, 100 << 20);
        await using var db = Store.Open();
        Assert.Equal(120_000, await db.ShortMessages.CountAsync(Cancel));
    }

    [Fact]
    public async Task A_database_that_somebody_keeps_locked_is_unavailable_and_then_comes_back()
    {
        Options.ConnectionString += ";Default Timeout=1";
        await ReopenAsync();
        await using (var other = new SqliteConnection(_folder.Options.ConnectionString))
        {
            await other.OpenAsync(Cancel);
            await using var held = other.BeginTransaction();
            await Assert.ThrowsAsync<StoreUnavailableException>(() => WriteAsync(Message(1)));
            await held.RollbackAsync(Cancel);
        }
        await Eventually.SucceedsAsync(() => WriteAsync(Message(2)), Cancel);
        Assert.Null(await Store.DueMessages.FindAsync(1, Cancel));
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
        _image.Dispose();
    }

    private protected override Task<StoreOptions> NewDatabaseAsync() => Task.FromResult(_folder.Options);
}

[Trait("Category", "Postgres")]
public sealed class PostgresDurabilityTests : TestStore
{
    private readonly PostgresCluster _cluster = new(); // its own, because it crashes

    [Fact]
    public async Task A_lost_server_is_told_quickly_nothing_answered_is_lost_and_the_writer_finds_it_again()
    {
        for (var i = 1; i <= 50; i++)
            await WriteAsync(Message(i));
        await _cluster.CrashAsync(Cancel);

        var asked = Stopwatch.GetTimestamp();
        await Assert.ThrowsAsync<StoreUnavailableException>(() => WriteAsync(Message(100)));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => WriteAsync(Message(101)));
        Assert.False(await Store.IsReadyAsync(Cancel));
        Assert.InRange(Stopwatch.GetElapsedTime(asked), TimeSpan.Zero, TimeSpan.FromSeconds(5));

        await _cluster.StartAsync(Cancel);
        await Eventually.SucceedsAsync(() => WriteAsync(Message(200)), Cancel);
        Assert.True(await Store.IsReadyAsync(Cancel));
        await using var db = Store.Open();
        var stored = await db.ShortMessages.OrderBy(m => m.Id).Select(m => m.Id).ToListAsync(Cancel);
        Assert.Equal([.. Enumerable.Range(1, 50).Select(i => (long)i), 200], stored);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    private protected override async Task<StoreOptions> NewDatabaseAsync() =>
        new() { Provider = StoreProvider.Postgres, ConnectionString = await _cluster.NewDatabaseAsync(Cancel) };
}

internal static class Eventually
{
    /// <summary>Tries again while the store is unavailable, for at most 30 seconds.</summary>
    public static async Task SucceedsAsync(Func<Task> act, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await act();
                return;
            }
            catch (StoreUnavailableException) when (Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(30))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancel);
            }
        }
    }
}
