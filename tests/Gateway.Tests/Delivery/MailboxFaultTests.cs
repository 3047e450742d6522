using Gateway.Store;
using Gateway.Tests.Store;
using Gateway.Tests.Support;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Gateway.Tests.Delivery;

/// <summary>A mailbox whose store is away for a while, or is written by another one meanwhile.</summary>
public sealed class MailboxFaultTests : IDisposable
{
    private const string A = "4940100001";

    private readonly SqliteFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_mailbox_that_woke_while_the_store_was_away_serves_when_it_is_back()
    {
        await using var world = await ScheduledWorld.StartAsync(_folder.Options);
        var rows = await world.StoreAsync(1, (row, _) => (row.Recipient, row.Route) = (A, RouteKind.Application));
        // From now on the writer refuses at once, until it has connected again.
        await Assert.ThrowsAsync<StoreUnavailableException>(
            () => world.Store.Writer.WriteAsync(new StoreChange { Other = _ => throw new SqliteException("disk full", 13) }, Cancel).AsTask());
        await world.LookAsync();
        await Deadline.UntilAsync(() => IsBackAsync(world.Store), () => "the store is back", Cancel);

        await world.LookAsync();
        Assert.Equal(MessageState.Failed, (await world.Store.DueMessages.FindAsync(rows[0].Id, Cancel))!.State); // no account has that number
    }

    private static async Task<bool> IsBackAsync(GatewayStore store)
    {
        try
        {
            await store.Writer.WriteAsync(new StoreChange(), Cancel);
            return true;
        }
        catch (StoreUnavailableException)
        {
            return false;
        }
    }
}
