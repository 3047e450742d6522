using Gateway.Store;
using Gateway.Tests.Store;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Gateway.Tests.Delivery;

/// <summary>However many messages wait, due or not and before it or beside it: one that expires is told of in the first look after its deadline, once.</summary>
public abstract class ExpiryTests
{
    private const int Waiting = 20_000;
    private const string Recipient = "4940100001";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_that_expires_is_told_of_while_twenty_thousand_wait(bool ofOneRecipient)
    {
        await using var world = await ScheduledWorld.StartAsync(await NewDatabaseAsync());
        var rows = await world.StoreAsync(Waiting, (row, i) =>
        {
            row.Recipient = ofOneRecipient ? Recipient : $"49401{i:D6}";
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
    [InlineData(1, Waiting)]
    [InlineData(1_000, Waiting)]
    public async Task What_expired_while_the_gateway_was_down_is_told_of_in_its_first_look_each_once(int recipients, int messages)
    {
        await using var world = await ScheduledWorld.StartAsync(await NewDatabaseAsync());
        var rows = await world.StoreAsync(messages, (row, i) =>
        {
            (row.Recipient, row.ReceiptRequested) = ($"49401{i % recipients:D6}", true);
            (row.ExpiresAt, row.DueAt) = (row.AcceptedAt - i, row.AcceptedAt - i);
            if (i % 10 == 0) (row.State, row.Route, row.CarrierMessageIds) = (MessageState.HandedOver, RouteKind.Carrier, "A");
        });
        await world.LookAsync();
        Assert.Equal((messages, messages), await ConcludedAsync(world, rows));
        await world.LookAsync(); // nothing is told of again
        Assert.Equal((messages, messages), await ConcludedAsync(world, rows));
    }

    private protected abstract Task<StoreOptions> NewDatabaseAsync();

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

public sealed class SqliteExpiryTests : ExpiryTests, IDisposable
{
    private readonly SqliteFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private protected override Task<StoreOptions> NewDatabaseAsync() => Task.FromResult(_folder.Options);
}

[Trait("Category", "Postgres")]
public sealed class PostgresExpiryTests(PostgresCluster cluster) : ExpiryTests
{
    private protected override async Task<StoreOptions> NewDatabaseAsync() =>
        new() { Provider = StoreProvider.Postgres, ConnectionString = await cluster.NewDatabaseAsync(TestContext.Current.CancellationToken) };
}
