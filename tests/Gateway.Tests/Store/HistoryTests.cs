using Gateway.Store;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Gateway.Tests.Store;

public abstract class HistoryTests(PostgresCluster? cluster) : TestStore(cluster)
{
    private const long Day = 86_400_000, Start = 1_790_000_000_000;

    [Fact]
    public async Task Concluded_messages_move_whole_and_are_found_there()
    {
        var row = Message(Id(0));
        (row.Content, row.Text, row.UserData, row.SegmentCount) = (ContentKind.UserData, null, [0x00, 0xFF], 3);
        (row.SubmitDestination, row.ClientReference, row.CarrierMessageIds, row.Carrier) = ([1, 2], "é 😀", "a,b", "far");
        await WriteAsync(row, Message(Id(5)), Message(Id(6)));
        await ConcludeAsync(Id(0), Start + 100);
        await ConcludeAsync(Id(6), Start + 9000); // too lately
        var before = await ReadAsync(Id(0));

        Assert.Equal(1, await MoveAllAsync(Start + 5000));

        await using var db = Store.Open();
        Assert.Equal([Id(5), Id(6)], await db.ShortMessages.OrderBy(m => m.Id).Select(m => m.Id).ToListAsync(Cancel));
        Assert.Equivalent(before, await db.History.SingleAsync(Cancel), strict: true);
        Assert.Equivalent(before, await ReadAsync(Id(0) + 2), strict: true); // by its last segment
        Assert.Null(await Store.DueMessages.FindAsync(Id(0) + 3, Cancel));
        Assert.Equal(Id(5), (await ReadAsync(Id(5))).Id);
        Assert.Equal(0, await MoveAllAsync(Start + 5000));
    }

    [Fact]
    public async Task A_late_word_about_a_moved_message_changes_nothing()
    {
        await WriteAsync(Message(Id(0)));
        await ConcludeAsync(Id(0), Start + 100);
        await MoveAllAsync(Start + 5000);
        var late = new MessageProgress { Id = Id(0), State = MessageState.Expired, ConcludedAt = Start + 6000 };
        late.Webhooks.Add(Webhook(Id(0)));

        Assert.False((await WriteAsync(late)).Applied);
        Assert.Equal(MessageState.Delivered, (await ReadAsync(Id(0))).State);
        await using var db = Store.Open();
        Assert.Empty(await db.Webhooks.ToListAsync(Cancel));
    }

    [Fact]
    public async Task A_walk_moves_many_and_leaves_what_waits_among_them()
    {
        var rows = Enumerable.Range(0, 1000).Select(i => Message(Id(i), $"49{i % 7}")).ToArray();
        await WriteAsync(rows);
        var change = new StoreChange();
        foreach (var row in rows.Where((_, i) => i % 3 != 0)) change.Progress.Add(new MessageProgress { Id = row.Id, State = MessageState.Failed, ConcludedAt = Start });
        await Store.Writer.WriteAsync(change, Cancel);

        Assert.Equal(666, await MoveAllAsync(Start + 5000));
        await using var db = Store.Open();
        Assert.Equal((334, 666), (await db.ShortMessages.CountAsync(Cancel), await db.History.CountAsync(Cancel)));
    }

    [Fact]
    public async Task Two_that_move_at_once_move_each_message_once()
    {
        var rows = Enumerable.Range(0, 400).Select(i => Message(Id(i))).ToArray();
        await WriteAsync(rows);
        var change = new StoreChange();
        foreach (var row in rows) change.Progress.Add(new MessageProgress { Id = row.Id, State = MessageState.Delivered, ConcludedAt = Start });
        await Store.Writer.WriteAsync(change, Cancel);

        var moved = await Task.WhenAll(MoveAllAsync(Start + 5000), MoveAllAsync(Start + 5000));
        Assert.Equal(400, moved.Sum());
        await using var db = Store.Open();
        Assert.Equal((0, 400), (await db.ShortMessages.CountAsync(Cancel), await db.History.CountAsync(Cancel)));
    }

    [Fact]
    public async Task After_the_retention_a_message_is_gone_with_its_attempts_and_webhooks_and_what_waits_stays()
    {
        var (old, waiting, young) = (Id(0), Id(10), Id(2 * Day));
        await WriteAsync(Message(old), Message(waiting), Message(young));
        foreach (var id in new[] { old, young }) await ConcludeAsync(id, Start + (2 * Day) + 10);
        await MoveAllAsync(Start + (3 * Day));
        var change = new StoreChange();
        foreach (var (id, made) in new[] { (old, Start), (young, Start + (2 * Day)) })
        {
            change.NewAttempts.AddRange([new AttemptRow { MessageId = id }, new AttemptRow { MessageId = id }]);
            var webhook = Webhook(id);
            webhook.CreatedAt = made;
            change.NewWebhooks.Add(webhook);
        }
        await Store.Writer.WriteAsync(change, Cancel);
        var sent = new StoreChange();
        sent.WebhookProgress.AddRange(change.NewWebhooks.Select(w => new WebhookProgress { Id = w.Id, State = WebhookState.Delivered }));
        await Store.Writer.WriteAsync(sent, Cancel);

        while (await Store.History.ForgetAsync(Start + Day, Cancel)) { }

        Assert.Null(await Store.DueMessages.FindAsync(old, Cancel));
        Assert.NotNull(await Store.DueMessages.FindAsync(waiting, Cancel));
        Assert.NotNull(await Store.DueMessages.FindAsync(young, Cancel));
        Assert.Empty(await Store.DueMessages.AttemptsOfAsync(old, Cancel));
        Assert.Equal(2, (await Store.DueMessages.AttemptsOfAsync(young, Cancel)).Count);
        await using var db = Store.Open();
        Assert.Equal(young, (await db.Webhooks.SingleAsync(Cancel)).MessageId);
    }

    [Fact]
    public async Task A_mailbox_that_nobody_has_taken_for_a_week_is_forgotten()
    {
        var change = new StoreChange();
        for (var i = 0; i < 500; i++) change.Takes.Add(new MailboxTake($"49{i}", i % 2 == 0 ? Start : Start + (8 * Day)));
        await Store.Writer.WriteAsync(change, Cancel);
        for (var after = ""; after is not null;) after = await Store.History.ForgetMailboxesAsync(after, Start + (9 * Day), Cancel);

        await using var db = Store.Open();
        Assert.Equal(250, await db.Mailboxes.CountAsync(Cancel));
        Assert.True(await db.Mailboxes.AllAsync(m => m.Epoch > Start, Cancel));
    }

    private static long Id(long milliseconds) => MessageId.FirstOf(Start + milliseconds);

    private async Task<int> MoveAllAsync(long concludedBy)
    {
        var (after, moved) = (0L, 0);
        while (await Store.History.MoveAsync(after, concludedBy, Cancel) is { } step)
        {
            after = step.After;
            moved += step.Moved;
        }
        return moved;
    }

    private Task ConcludeAsync(long id, long at) => WriteAsync(new MessageProgress { Id = id, State = MessageState.Delivered, ConcludedAt = at });
}

public sealed class SqliteHistoryTests() : HistoryTests(cluster: null);

[Trait("Category", "Postgres")]
public sealed class PostgresHistoryTests(PostgresCluster cluster) : HistoryTests(cluster);
