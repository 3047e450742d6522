using System.Diagnostics.Metrics;
using Gateway.Delivery;
using Gateway.Store;
using Gateway.Tests.Store;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Gateway.Tests.Delivery;

/// <summary>However many messages wait, due or not and before it or beside it: one that expires is told of in the first look after its deadline, once.</summary>
public abstract class ExpiryTests(PostgresCluster? cluster) : IDisposable
{
    private readonly TestDatabase _database = new(cluster);

    private const int Waiting = 20_000, Many = 200;
    private const string Recipient = "4940100001";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        _database.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(Many)]
    public async Task One_that_expires_is_told_of_while_twenty_thousand_are_due(int recipients)
    {
        await using var world = await ScheduledWorld.StartAsync(await _database.NewAsync());
        var rows = await world.StoreAsync(Waiting, (row, i) =>
        {
            row.Recipient = $"49401{i % recipients:D6}";
            if (i != Waiting) return;
            (row.ReceiptRequested, row.ExpiresAt) = (true, row.AcceptedAt + 10_000);
        });
        await world.LookAsync();
        world.Advance(9.5);
        await world.LookAsync();
        Assert.Equal((0, 0), await ConcludedAsync(world, rows));
        world.Advance(0.5);
        await world.LookAsync();
        Assert.Equal((1, 1), await ConcludedAsync(world, rows));
        var last = await world.Store.DueMessages.FindAsync(rows[^1].Id, Cancel);
        Assert.Equal((MessageState.Expired, rows[^1].ExpiresAt), (last!.State, last.ConcludedAt));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(Many)]
    public async Task What_expired_while_the_gateway_was_down_is_told_of_in_its_first_look_each_once(int recipients)
    {
        await using var world = await ScheduledWorld.StartAsync(await _database.NewAsync());
        var rows = await world.StoreAsync(Waiting, (row, i) =>
        {
            (row.Recipient, row.ReceiptRequested) = ($"49401{i % recipients:D6}", true);
            (row.ExpiresAt, row.DueAt) = (row.AcceptedAt - i, row.AcceptedAt - i);
            if (i % 10 == 0) (row.State, row.Route, row.CarrierMessageIds) = (MessageState.HandedOver, RouteKind.Carrier, "A");
        });
        await world.LookAsync();
        Assert.Equal((Waiting, Waiting), await ConcludedAsync(world, rows));
        await world.LookAsync(); // nothing is told of again
        Assert.Equal((Waiting, Waiting), await ConcludedAsync(world, rows));
    }

    [Fact]
    public async Task A_carriers_receipt_after_the_expiry_is_kept_in_the_history_and_tells_nobody_again()
    {
        await using var world = await ScheduledWorld.StartAsync(await _database.NewAsync());
        var late = 0L;
        using var counts = new MeterListener { InstrumentPublished = (counter, listener) => { if (counter.Name == "gateway.carrier.receipts.late") listener.EnableMeasurementEvents(counter); } };
        counts.SetMeasurementEventCallback<long>((_, count, tags, _) => Interlocked.Add(ref late, tags[0].Value is "of the expiry test" ? count : 0));
        counts.Start();
        var rows = await world.StoreAsync(1, (row, _) =>
        {
            (row.Recipient, row.ReceiptRequested, row.State, row.Route) = (Recipient, true, MessageState.HandedOver, RouteKind.Carrier);
            (row.CarrierMessageIds, row.ExpiresAt, row.DueAt) = ("A,B", row.AcceptedAt + 1000, row.AcceptedAt + 1000);
        });
        world.Advance(1);
        await world.LookAsync();
        Assert.Equal((1, 1), await ConcludedAsync(world, rows));

        foreach (var (part, status) in new[] { ("A", "buffered"), ("A", "delivered"), ("A", "delivered"), ("B", "failed") })
            Assert.True(await world.CarrierReceiptAsync(new CarrierReceipt(rows[0].Id, "of the expiry test", part, status, 0)));

        Assert.Equal((1, 1), await ConcludedAsync(world, rows));
        Assert.Equal(["receipt after the expiry: delivered err-code=0 messageId=A", "receipt after the expiry: failed err-code=0 messageId=B"],
            (await world.Store.DueMessages.AttemptsOfAsync(rows[0].Id, Cancel)).Select(attempt => attempt.Outcome));
        Assert.Equal(2, late);
    }

    /// <summary>How many have expired, and how many of the messages have exactly one receipt; none has more.</summary>
    private static async Task<(int Expired, int Told)> ConcludedAsync(ScheduledWorld world, List<ShortMessageRow> rows)
    {
        await using var db = world.Store.Open();
        var expired = await db.ShortMessages.CountAsync(row => row.State == MessageState.Expired && row.DueAt == null, Cancel);
        var receipts = await db.Webhooks.Select(webhook => webhook.MessageId).ToListAsync(Cancel);
        Assert.Distinct(receipts);
        Assert.Subset(rows.Select(row => row.Id).ToHashSet(), receipts.ToHashSet());
        return (expired, receipts.Count);
    }
}

public sealed class SqliteExpiryTests() : ExpiryTests(cluster: null);

[Trait("Category", "Postgres")]
public sealed class PostgresExpiryTests(PostgresCluster cluster) : ExpiryTests(cluster);
