using Gateway.Delivery;
using Gateway.Store;
using Xunit;

namespace Gateway.Tests.Delivery;

/// <summary>A carrier has taken a message, its answer was lost, and its receipt comes before the next try.</summary>
public sealed class LostAnswerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("delivered", MessageState.Delivered)]
    [InlineData("failed", MessageState.Failed)]
    [InlineData("buffered", MessageState.HandedOver)]
    public async Task The_receipt_ends_the_tries(string status, MessageState state)
    {
        await using var world = await ScheduledWorld.StartAsync();
        var row = await StoreAsync(world, attempts: 1);

        Assert.True(await world.CarrierReceiptAsync(new CarrierReceipt(row.Id, "vonage", "0A", status, 0)));

        var now = (await world.Store.DueMessages.FindAsync(row.Id, Cancel))!;
        Assert.Equal((state, 1), (now.State, now.Attempts));
        Assert.Equal(state == MessageState.HandedOver ? row.ExpiresAt : null, now.DueAt);
        // A first final word counts, a second one does not.
        Assert.True(await world.CarrierReceiptAsync(new CarrierReceipt(row.Id, "vonage", "0A", "rejected", 0)));
        Assert.Equal(state == MessageState.HandedOver ? MessageState.Rejected : state, (await world.Store.DueMessages.FindAsync(row.Id, Cancel))!.State);
    }

    [Fact]
    public async Task Before_the_first_try_is_over_the_carrier_is_asked_to_come_again()
    {
        await using var world = await ScheduledWorld.StartAsync();
        var row = await StoreAsync(world, attempts: 0);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => world.CarrierReceiptAsync(new CarrierReceipt(row.Id, "vonage", "0A", "delivered", 0)));
        Assert.Equal(MessageState.Waiting, (await world.Store.DueMessages.FindAsync(row.Id, Cancel))!.State);
    }

    private static async Task<ShortMessageRow> StoreAsync(ScheduledWorld world, byte attempts) =>
        Assert.Single(await world.StoreAsync(1, (row, _) =>
        {
            (row.Recipient, row.Route, row.Carrier, row.Attempts) = ("447700900001", RouteKind.Carrier, "vonage", attempts);
            row.DueAt += 60_000;
        }));
}
