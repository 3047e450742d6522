using Gateway.Store;
using Gateway.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Gateway.Tests.Store;

public abstract class MailboxEpochTests(PostgresCluster? cluster) : TestStore(cluster)
{
    private const string Recipient = "494012345";

    [Fact]
    public async Task Each_take_raises_the_epoch_whatever_the_clock_says()
    {
        var first = await TakeAsync(now: 5000);
        var second = await TakeAsync(now: 4000);
        var third = await TakeAsync(now: 9000);

        Assert.Equal([5000, 5001, 9000], [first, second, third]);
        Assert.Equal(7, await TakeAsync(now: 7, recipient: "49"));
    }

    [Fact]
    public async Task Takes_in_one_batch_learn_an_epoch_each()
    {
        using var gate = await WriterGate.CloseAsync(Store.Writer, Cancel);
        var takes = Enumerable.Range(0, 60).Select(i => TakeAsync(now: 100, recipient: $"{i % 20}")).ToList();
        gate.Open();

        var epochs = await Task.WhenAll(takes);
        for (var i = 0; i < 20; i++) Assert.Equal([100, 101, 102], epochs.Where((_, at) => at % 20 == i).Order());
    }

    [Fact]
    public async Task A_plan_of_one_who_has_lost_the_mailbox_is_not_written_and_what_has_happened_is()
    {
        await WriteAsync(Message(1), Message(2), Message(3));
        var lost = await TakeAsync(now: 1000);
        var held = await TakeAsync(now: 2000);
        var ran = false;
        var change = new StoreChange { Mailbox = new MailboxEpoch(Recipient, lost), Other = _ => ran = true };
        var plan = Plan(1);
        var fact = new MessageProgress { Id = 2, State = MessageState.Delivered, ConcludedAt = 3000, Happened = true };
        fact.Webhooks.Add(Webhook(2));
        plan.Webhooks.Add(Webhook(1));
        change.Progress.AddRange([plan, fact]);
        change.NewAttempts.Add(new AttemptRow { MessageId = 2, Channel = "volte" });
        change.Reschedules.Add(Reschedule.Hold(Recipient, 60_000));
        change.NewMessages.Add(Message(9));
        await Store.Writer.WriteAsync(change, Cancel);

        Assert.Equal((false, false, true, false), (change.Held, plan.Applied, fact.Applied, ran));
        Assert.Equal((MessageState.Waiting, 1000L), await ReadAsync(1) is { } row ? (row.State, row.DueAt!.Value) : default);
        Assert.Equal(MessageState.Delivered, (await ReadAsync(2)).State);
        Assert.Equal(1000, (await ReadAsync(3)).DueAt);
        Assert.Null(await Store.DueMessages.FindAsync(9, Cancel));
        Assert.Single(await Store.DueMessages.AttemptsOfAsync(2, Cancel));
        await using var db = Store.Open();
        Assert.Equal(2, (await db.Webhooks.SingleAsync(Cancel)).MessageId);

        var owners = new StoreChange { Mailbox = new MailboxEpoch(Recipient, held) };
        owners.Progress.Add(Plan(1));
        await Store.Writer.WriteAsync(owners, Cancel);
        Assert.True(owners.Held && owners.Progress[0].Applied);
        Assert.Equal(8000, (await ReadAsync(1)).DueAt);
    }

    [Fact]
    public async Task A_take_in_the_same_batch_comes_before_every_write()
    {
        await WriteAsync(Message(1));
        var epoch = await TakeAsync(now: 1000);
        using var gate = await WriterGate.CloseAsync(Store.Writer, Cancel);
        var change = new StoreChange { Mailbox = new MailboxEpoch(Recipient, epoch) };
        change.Progress.Add(Plan(1));
        var written = Store.Writer.WriteAsync(change, Cancel).AsTask();
        var taken = TakeAsync(now: 2000);
        gate.Open();

        await Task.WhenAll(written, taken);
        Assert.False(change.Held);
        Assert.Equal(1000, (await ReadAsync(1)).DueAt);
    }

    [Fact]
    public async Task A_mailbox_that_nobody_took_is_held_by_nobody()
    {
        var change = new StoreChange { Mailbox = new MailboxEpoch(Recipient, 0) };
        await Store.Writer.WriteAsync(change, Cancel);
        Assert.False(change.Held);
    }

    private protected async Task<long> TakeAsync(long now, string recipient = Recipient, GatewayStore? store = null)
    {
        var take = new MailboxTake(recipient, now);
        var change = new StoreChange();
        change.Takes.Add(take);
        await (store ?? Store).Writer.WriteAsync(change, Cancel);
        return take.Epoch;
    }

    private protected static MessageProgress Plan(long id) => new() { Id = id, State = MessageState.Waiting, Attempts = 1, DueAt = 8000 };
}

public sealed class SqliteMailboxEpochTests() : MailboxEpochTests(cluster: null);

[Trait("Category", "Postgres")]
public sealed class PostgresMailboxEpochTests(PostgresCluster cluster) : MailboxEpochTests(cluster)
{
    private const string Mine = "494012345";

    [Fact]
    public async Task A_take_of_another_node_waits_for_the_owners_transaction_and_then_sees_it()
    {
        await WriteAsync(Message(1));
        var epoch = await TakeAsync(now: 1000);
        using var entered = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        var change = new StoreChange
        {
            Mailbox = new MailboxEpoch(Mine, epoch),
            Other = _ =>
            {
                entered.Set();
                leave.Wait(Cancel);
            },
        };
        change.Progress.Add(Plan(1));
        var written = Store.Writer.WriteAsync(change, Cancel).AsTask();
        await Task.Run(() => entered.Wait(Cancel), Cancel);

        await using var other = NewNode();
        var taken = TakeAsync(now: 2000, store: other);
        await Deadline.UntilAsync(IsWaitedForAsync, () => "the take waits for the owner", Cancel);
        leave.Set();

        await Task.WhenAll(written, taken);
        Assert.True(change.Held);
        Assert.Equal(8000, (await other.DueMessages.WaitingForAsync(Mine, default, 1, Cancel))[0].DueAt);
    }

    [Fact]
    public async Task A_mailbox_being_taken_by_another_node_is_lost_at_once()
    {
        var epoch = await TakeAsync(now: 1000);
        await using var other = NewNode();
        using var entered = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        var taking = new StoreChange
        {
            Other = _ =>
            {
                entered.Set();
                leave.Wait(Cancel);
            },
        };
        taking.Takes.Add(new MailboxTake(Mine, 2000));
        var taken = other.Writer.WriteAsync(taking, Cancel).AsTask();
        await Task.Run(() => entered.Wait(Cancel), Cancel);

        var change = new StoreChange { Mailbox = new MailboxEpoch(Mine, epoch) };
        await Store.Writer.WriteAsync(change, Cancel);
        Assert.False(taken.IsCompleted);
        Assert.False(change.Held);
        leave.Set();
        await taken;
    }

    [Fact]
    public async Task Nodes_whose_transactions_cross_both_get_through()
    {
        await WriteAsync([.. Enumerable.Range(1, 200).Select(i => Message(i, $"{i % 10}"))]);
        await using var other = NewNode();
        await Task.WhenAll(CrossAsync(Store, up: true), CrossAsync(other, up: false));

        async Task CrossAsync(GatewayStore store, bool up)
        {
            for (var round = 0; round < 30; round++)
            {
                var writes = Enumerable.Range(0, 10).Select(i =>
                {
                    var change = new StoreChange();
                    change.Reschedules.Add(Reschedule.Hold($"{(up ? i : 9 - i)}", 10_000 + round));
                    change.Progress.Add(Plan((up ? i : 9 - i) + 1));
                    return store.Writer.WriteAsync(change, Cancel).AsTask();
                });
                await Task.WhenAll(writes);
            }
        }
    }

    private GatewayStore NewNode() => new(Options, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance);

    private async Task<bool> IsWaitedForAsync()
    {
        await using var db = Store.Open();
        return await db.Database.SqlQueryRaw<int>(
            "SELECT count(*)::int AS \"Value\" FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()").SingleAsync(Cancel) > 0;
    }
}
