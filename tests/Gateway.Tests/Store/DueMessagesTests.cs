using System.Data.Common;
using Gateway.Store;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Gateway.Tests.Store;

public abstract class DueMessagesTests(PostgresCluster? cluster) : TestStore(cluster)
{
    private DueMessages Due => Store.DueMessages;

    /// <summary>The plan of a query, and whether it reads a whole table or sorts.</summary>
    private protected abstract Task<(string Plan, bool Scans, bool Sorts)> ExplainAsync(DbCommand command);

    /// <summary>The text of a command with some values in it.</summary>
    private protected abstract string TextOf<T>(RowCommand<T> command);

    /// <summary>Makes the planner look at what is stored, where it does not do so by itself.</summary>
    private protected abstract Task AnalyzeAsync(GatewayDb db);

    [Fact]
    public async Task A_mailbox_shows_what_waits_in_the_order_of_acceptance()
    {
        await WriteAsync(Message(30), Message(10, dueAt: 99_000), Message(20), Message(15, recipient: "49"), Message(40), Message(50));
        await WriteAsync(Delivered(20));
        await WriteAsync(new MessageProgress { Id = 40, State = MessageState.HandedOver, DueAt = 99_000 });

        Assert.Equal([10L, 30, 40, 50], await IdsAsync(0, 10));
        Assert.Equal([10L, 30], await IdsAsync(0, 2));
        Assert.Equal([40L, 50], await IdsAsync(30, 2));
        Assert.Empty(await Due.WaitingForAsync("49401234", default, 10, Cancel));

        async Task<List<long>> IdsAsync(long after, int limit) =>
            [.. (await Due.WaitingForAsync("494012345", new QueuePosition(MessageLane.Normal, after), limit, Cancel)).Select(m => m.Id)];
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(10)]
    public async Task A_mailbox_shows_one_time_passwords_first_and_bulk_last_page_by_page(int limit)
    {
        foreach (var (id, lane) in new[] { (1, MessageLane.Bulk), (2, MessageLane.Normal), (3, MessageLane.Otp), (4, MessageLane.Bulk), (5, MessageLane.Otp), (6, MessageLane.Normal) })
        {
            var row = Message(id);
            row.Lane = lane;
            await WriteAsync(row);
        }
        var ids = new List<long>();
        QueuePosition after = default;
        while (await Due.WaitingForAsync("494012345", after, limit, Cancel) is { Count: > 0 } page)
        {
            ids.AddRange(page.Select(row => row.Id));
            after = QueuePosition.Of(page[^1]);
        }
        Assert.Equal([3L, 5, 2, 6, 1, 4], ids);
    }

    [Fact]
    public async Task Due_recipients_are_a_lanes_own()
    {
        var (otp, bulk) = (Message(2, "a", dueAt: 200), Message(1, "b", dueAt: 100));
        (otp.Lane, bulk.Lane) = (MessageLane.Otp, MessageLane.Bulk);
        await WriteAsync(otp, bulk);
        Assert.Equal(["a"], await RecipientsAsync(MessageLane.Otp));
        Assert.Empty(await RecipientsAsync(MessageLane.Normal));
        Assert.Equal(["b"], await RecipientsAsync(MessageLane.Bulk));

        async Task<IEnumerable<string>> RecipientsAsync(MessageLane lane) =>
            (await Due.DueRecipientsAsync(lane, now: 500, limit: 10, after: default, Cancel)).Recipients.Select(r => r.Recipient);
    }

    [Fact]
    public async Task Due_recipients_come_once_each_the_longest_due_first()
    {
        var carrier = Message(4, "c", dueAt: 250);
        carrier.Route = RouteKind.Carrier;
        await WriteAsync(Message(1, "b", dueAt: 300), Message(2, "a", dueAt: 200), Message(3, "b", dueAt: 100), carrier,
            Message(5, "later", dueAt: 501), Message(6, "concluded", dueAt: null));

        var page = await Due.DueRecipientsAsync(MessageLane.Normal, now: 500, limit: 10, after: default, Cancel);

        Assert.Equal([new("b", RouteKind.Subscriber), new("a", RouteKind.Subscriber), new("c", RouteKind.Carrier)], page.Recipients);
        Assert.Null(page.Next);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(1000)]
    public async Task A_walk_by_pages_meets_everybody_also_among_equal_times(int limit)
    {
        await WriteAsync([.. Enumerable.Range(1, 40).Select(i => Message(100 - i, $"r{i}", dueAt: i <= 20 ? 5 : i))]);
        var met = new List<string>();
        DuePosition? position = default(DuePosition);
        while (position is { } after)
        {
            var page = await Due.DueRecipientsAsync(MessageLane.Normal, now: 30, limit, after, Cancel);
            Assert.True(page.Recipients.Count <= limit);
            met.AddRange(page.Recipients.Select(r => r.Recipient));
            position = page.Next;
        }
        Assert.Equal([.. Enumerable.Range(1, 20).Select(i => $"r{21 - i}"), .. Enumerable.Range(21, 10).Select(i => $"r{i}")], met);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    public async Task Expired_messages_come_the_longest_expired_first_page_by_page_and_are_not_due_any_more(int limit)
    {
        await WriteAsync([.. Enumerable.Range(1, 20).Select(i => Expiring(100 - i, i <= 10 ? 5 : i)), Expiring(200, 31), Expiring(201, 7)]);
        await WriteAsync(Delivered(201));
        await WriteAsync(new MessageProgress { Id = 99, State = MessageState.HandedOver, DueAt = 5 });

        var met = new List<long>();
        DuePosition? position = default(DuePosition);
        while (position is { } after)
        {
            var page = await Due.ExpiredAsync(now: 30, limit, after, Cancel);
            Assert.True(page.Messages.Count <= limit);
            met.AddRange(page.Messages.Select(m => m.Id));
            position = page.Next;
        }
        Assert.Equal([.. Enumerable.Range(90, 10), .. Enumerable.Range(11, 10).Select(i => 100L - i)], met);
        Assert.Equal([99L, 200], (await Due.WaitingAsync([99, 200, 201, 777], Cancel)).Select(m => m.Id).Order());
        Assert.Empty((await Due.DueRecipientsAsync(MessageLane.Normal, now: 31, 100, default, Cancel)).Recipients);

        static ShortMessageRow Expiring(long id, long expiresAt)
        {
            var row = Message(id, dueAt: 1);
            row.ExpiresAt = expiresAt;
            return row;
        }
    }

    [Fact]
    public async Task A_message_is_found_by_each_of_its_segments()
    {
        var (two, one) = (Message(100), Message(110));
        two.SegmentCount = 2;
        await WriteAsync(two, one);

        var found = new List<long?>();
        foreach (var id in new[] { 99, 100, 101, 102, 110, 111 })
            found.Add((await Due.FindAsync(id, Cancel))?.Id);
        Assert.Equal([null, 100, 100, null, 110, null], found);
    }

    [Fact]
    public async Task A_repeat_is_the_newest_of_the_same_sender_and_foreign_id()
    {
        await WriteAsync(Repeatable(1, "490", "x", 1000), Repeatable(2, "490", "x", 2000));
        await WriteAsync(Repeatable(3, "491", "x", 3000), Repeatable(4, "490", "y", 4000));
        await WriteAsync(Delivered(2)); // concluded or not

        Assert.Equal(2, (await Due.FindRepeatAsync("490", "x", since: 1500, Cancel))?.Id);
        Assert.Equal(2, (await Due.FindRepeatAsync("490", "x", since: 2000, Cancel))?.Id);
        Assert.Null(await Due.FindRepeatAsync("490", "x", since: 2001, Cancel));
        Assert.Null(await Due.FindRepeatAsync("490", "z", since: 0, Cancel));

        static ShortMessageRow Repeatable(long id, string originator, string foreignId, long acceptedAt)
        {
            var row = Message(id);
            (row.Originator, row.ForeignId, row.AcceptedAt) = (originator, foreignId, acceptedAt);
            return row;
        }
    }

    [Fact]
    public async Task Due_webhooks_come_the_longest_due_first_and_end_when_they_are_delivered()
    {
        var change = new StoreChange();
        change.NewWebhooks.AddRange([Webhook(1, dueAt: 300), Webhook(2, dueAt: 100), Webhook(3, dueAt: 100), Webhook(4, dueAt: 501)]);
        await Store.Writer.WriteAsync(change, Cancel);
        var done = new StoreChange();
        done.WebhookProgress.Add(new WebhookProgress { Id = change.NewWebhooks[1].Id, State = WebhookState.Delivered });
        await Store.Writer.WriteAsync(done, Cancel);

        Assert.Equal([3L, 1], (await Due.DueWebhooksAsync(500, 10, Cancel)).Select(w => w.MessageId));
        Assert.Equal([3L], (await Due.DueWebhooksAsync(500, 1, Cancel)).Select(w => w.MessageId));
    }

    [Fact]
    public async Task Pending_webhooks_of_messages_come_in_the_order_they_were_written()
    {
        var change = new StoreChange();
        change.NewWebhooks.AddRange([Webhook(2, dueAt: 900), Webhook(1, dueAt: 100), Webhook(3), Webhook(2, dueAt: 50), Webhook(1, dueAt: null)]);
        await Store.Writer.WriteAsync(change, Cancel);

        var ids = change.NewWebhooks.Select(w => w.Id).ToList();
        Assert.Equal([ids[0], ids[1], ids[3]], (await Due.PendingWebhooksAsync([1, 2, 77], Cancel)).Select(w => w.Id));
    }

    [Fact]
    public async Task Attempts_come_in_their_order()
    {
        var change = new StoreChange();
        change.NewAttempts.AddRange([Attempt(1, 480), Attempt(2, 500), Attempt(1, 200)]);
        await Store.Writer.WriteAsync(change, Cancel);

        Assert.Equal([480, 200], (await Due.AttemptsOfAsync(1, Cancel)).Select(a => (int)a.Status));

        static AttemptRow Attempt(long messageId, short status) => new() { MessageId = messageId, Status = status, Channel = "volte" };
    }

    [Fact]
    public async Task A_held_mailbox_is_due_later_but_never_after_its_messages_expire_until_it_is_released()
    {
        var soon = Message(2, dueAt: 200);
        soon.ExpiresAt = 5000;
        await WriteAsync(Message(1, dueAt: 100), soon, Message(3, dueAt: 50_000), Message(4, "other", dueAt: 100), Message(5, dueAt: null));
        await WriteAsync(new MessageProgress { Id = 3, State = MessageState.HandedOver, DueAt = 50_000 });

        await RescheduleAsync(Reschedule.Hold("494012345", until: 9000));
        Assert.Equal([9000, 5000, 50_000, 100, null], await DueTimesAsync());
        await RescheduleAsync(Reschedule.Release("494012345", now: 300));
        Assert.Equal([300, 300, 50_000, 100, null], await DueTimesAsync());

        async Task RescheduleAsync(Reschedule reschedule)
        {
            var change = new StoreChange();
            change.Reschedules.Add(reschedule);
            await Store.Writer.WriteAsync(change, Cancel);
        }

        async Task<List<long?>> DueTimesAsync()
        {
            await using var db = Store.Open();
            return await db.ShortMessages.OrderBy(m => m.Id).Select(m => m.DueAt).ToListAsync(Cancel);
        }
    }

    [Fact]
    public async Task No_query_of_the_queue_reads_a_table_or_sorts()
    {
        var change = new StoreChange();
        for (var i = 1; i <= 20_000; i++)
        {
            var row = Message(i, $"49{i % 2000}", dueAt: i % 10 == 0 ? i : null);
            row.ForeignId = $"call-{i}";
            change.NewMessages.Add(row);
            change.NewAttempts.Add(new AttemptRow { MessageId = i });
            change.NewWebhooks.Add(Webhook(i, dueAt: i % 10 == 0 ? i : null));
        }
        await Store.Writer.WriteAsync(change, Cancel);
        await using var db = Store.Open();
        await AssertAllIndexedAsync(db); // with the statistics of an empty table
        await AnalyzeAsync(db);
        await AssertAllIndexedAsync(db);

        var scan = await ExplainAsync(db.ShortMessages.Where(m => m.Text == "x").OrderBy(m => m.Reason).CreateDbCommand());
        Assert.True(scan.Scans && scan.Sorts, scan.Plan);
    }

    private async Task AssertAllIndexedAsync(GatewayDb db)
    {
        await AssertIndexedAsync(DueMessages.WaitingInLane.Compile()(db, "4910", MessageLane.Normal, 0, 50));
        await AssertIndexedAsync(DueMessages.WaitingFromLane.Compile()(db, "4910", MessageLane.Otp, 50));
        await AssertIndexedAsync(DueMessages.KeyOf.Compile()(db, "a1", "key-77"));
        await AssertIndexedAsync(DueMessages.OldestKeys.Compile()(db, 500, 50));
        await AssertIndexedAsync(DueMessages.DueAtTheTime.Compile()(db, MessageLane.Normal, 500, 100, 50));
        await AssertIndexedAsync(DueMessages.DueBetween.Compile()(db, MessageLane.Normal, 500, 15_000, 50));
        await AssertIndexedAsync(DueMessages.ExpiredAtTheTime.Compile()(db, 500, 100, 50));
        await AssertIndexedAsync(DueMessages.ExpiredBetween.Compile()(db, 500, 15_000, 50));
        await AssertIndexedAsync(DueMessages.ByIds.Compile()(db, [500, 520, 10_000]), maySort: true);
        await AssertIndexedAsync(DueMessages.NotAfter.Compile()(db, 500));
        await AssertIndexedAsync(DueMessages.ConcludedNotAfter.Compile()(db, 500));
        await AssertIndexedAsync(DueMessages.Repeat.Compile()(db, "Bank", "call-77", 0));
        await AssertIndexedAsync(DueMessages.WebhooksDue.Compile()(db, 0, 15_000, 50));
        await AssertIndexedAsync(DueMessages.WebhooksOf.Compile()(db, [500, 520, 10_000]), maySort: true);
        await AssertIndexedAsync(DueMessages.WebhooksLeft.Compile()(db, [1, 2, 3], 50));
        await AssertIndexedAsync(DueMessages.AttemptsOf.Compile()(db, 500));
        await AssertIndexedAsync(db, MessageProgress.Command(db.Model));
        await AssertIndexedAsync(db, WebhookProgress.Command(db.Model));
        await AssertIndexedAsync(db, Reschedule.Command());
        await AssertIndexedAsync(db, EpochCheck.Command());
    }

    private async Task AssertIndexedAsync<T>(GatewayDb db, RowCommand<T> command)
    {
        await using var explained = db.Database.GetDbConnection().CreateCommand();
        explained.CommandText = TextOf(command);
        await AssertIndexedAsync(explained);
    }

    private Task AssertIndexedAsync<T>(IQueryable<T> query, bool maySort = false) => AssertIndexedAsync(query.CreateDbCommand(), maySort);

    private async Task AssertIndexedAsync(DbCommand command, bool maySort = false)
    {
        var (plan, scans, sorts) = await ExplainAsync(command);
        Assert.False(scans || (sorts && !maySort), $"{command.CommandText}\n{plan}");
    }

    internal static async Task<string> LinesAsync(DbCommand command, string prefix, int column)
    {
        command.CommandText = prefix + command.CommandText;
        await command.Connection!.OpenAsync(Cancel);
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        var lines = new List<string>();
        while (await reader.ReadAsync(Cancel))
            lines.Add(reader.GetString(column));
        await command.Connection.CloseAsync();
        Assert.NotEmpty(lines);
        return string.Join('\n', lines);
    }
}

public sealed class SqliteDueMessagesTests() : DueMessagesTests(cluster: null)
{
    private protected override string TextOf<T>(RowCommand<T> command) => command.Text(_ => "1", "");

    private protected override Task AnalyzeAsync(GatewayDb db) => Task.CompletedTask;

    private protected override async Task<(string Plan, bool Scans, bool Sorts)> ExplainAsync(DbCommand command)
    {
        var plan = await LinesAsync(command, "EXPLAIN QUERY PLAN ", column: 3);
        return (plan, plan.Contains("SCAN", StringComparison.Ordinal), plan.Contains("B-TREE", StringComparison.Ordinal));
    }
}

[Trait("Category", "Postgres")]
public sealed class PostgresDueMessagesTests(PostgresCluster cluster) : DueMessagesTests(cluster)
{
    private protected override string TextOf<T>(RowCommand<T> command)
    {
        var arrays = command.Values.Kinds.Select(kind => kind == ColumnKind.Text ? "'{a,b,c}'::text[]" : "'{1,2,3}'::bigint[]");
        var names = command.Values.Kinds.Select((_, i) => $"c{i}");
        return command.Text(value => $"new.c{value}", $"FROM unnest({string.Join(", ", arrays)}) AS new({string.Join(", ", names)})");
    }

    private protected override async Task AnalyzeAsync(GatewayDb db) => await db.Database.ExecuteSqlRawAsync("ANALYZE", Cancel);

    private protected override async Task<(string Plan, bool Scans, bool Sorts)> ExplainAsync(DbCommand command)
    {
        var plan = await LinesAsync(command, "EXPLAIN ", column: 0);
        return (plan, plan.Contains("Seq Scan", StringComparison.Ordinal), plan.Contains("Sort", StringComparison.Ordinal));
    }
}
