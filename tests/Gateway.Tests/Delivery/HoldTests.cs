using Gateway.Store;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Gateway.Tests.Delivery;

/// <summary>What is accepted for one who cannot be served now.</summary>
public sealed class HoldTests
{
    private const string Absent = "49401";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_more_for_an_absent_recipient_waits_too_and_moves_none_of_the_others()
    {
        await using var world = await ScheduledWorld.StartAsync();
        await world.SendAsync(Absent, MessageLane.Normal, "one");
        var first = Assert.Single(await RowsAsync(world));
        Assert.Equal(first.ExpiresAt, first.DueAt); // until he registers
        var moved = first.AcceptedAt + 3_600_000;
        await world.Store.Writer.WriteAsync(new StoreChange
        {
            Other = db => db.ShortMessages.ExecuteUpdate(set => set.SetProperty(row => row.DueAt, moved)),
        }, Cancel);

        await world.SendAsync(Absent, MessageLane.Normal, "two");

        var rows = await RowsAsync(world);
        Assert.Equal([("one", moved), ("two", rows[1].ExpiresAt)], rows.Select(row => (row.Text!, row.DueAt!.Value)));
    }

    private static async Task<List<ShortMessageRow>> RowsAsync(ScheduledWorld world)
    {
        await using var db = world.Store.Open();
        return await db.ShortMessages.AsNoTracking().OrderBy(row => row.Id).ToListAsync(Cancel);
    }
}
