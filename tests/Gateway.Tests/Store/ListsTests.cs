using System.Data.Common;
using Gateway.Store;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Gateway.Tests.Store;

public abstract class ListsTests(PostgresCluster? cluster) : TestStore(cluster)
{
    private const long Start = 1_790_000_000_000;

    private protected abstract Task<bool> ReadsByIndexAsync(DbCommand command);

    [Fact]
    public async Task Messages_of_both_tables_come_newest_first_and_each_once_whatever_the_parts()
    {
        await FillAsync();
        foreach (var (limit, window) in new[] { (1000, 1000), (7, 1000), (7, 10), (1, 1), (3, 2) })
        {
            var ids = await WalkAsync(new MessageFilter(), limit, window);
            Assert.Equal(Enumerable.Range(0, 100).Reverse().Select(i => Id(i)), ids);
        }
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(9)]
    public async Task Each_condition_leaves_out_what_does_not_meet_it(int window)
    {
        await FillAsync();
        Assert.Equal(Ids(i => i % 5 == 1), await WalkAsync(new MessageFilter { Recipient = "491" }, 4, window));
        Assert.Equal(Ids(i => i % 2 == 0), await WalkAsync(new MessageFilter { Account = "a0" }, 4, window));
        Assert.Equal(Ids(i => i % 4 == 3), await WalkAsync(new MessageFilter { Originator = "from3" }, 4, window));
        Assert.Equal(Ids(i => i is < 60 and not 10), await WalkAsync(new MessageFilter { State = MessageState.Delivered }, 4, window));
        Assert.Equal(Ids(i => i is >= 60 or 10), await WalkAsync(new MessageFilter { State = MessageState.Waiting }, 4, window));
        Assert.Equal(Ids(i => i is >= 20 and < 70), await WalkAsync(new MessageFilter { Since = Start + 20, Until = Start + 70 }, 4, window));
        Assert.Equal(Ids(i => i % 5 == 1 && i % 2 == 0 && i < 50),
            await WalkAsync(new MessageFilter { Recipient = "491", Account = "a0", Until = Start + 50 }, 4, window));
        Assert.Empty(await WalkAsync(new MessageFilter { Account = "nobody" }, 4, window));
    }

    [Fact]
    public async Task Webhooks_come_newest_first_by_account_and_state()
    {
        var webhooks = await WebhooksAsync(30);
        foreach (var window in new[] { 1000, 4 })
        {
            Assert.Equal(webhooks.Select(w => w.Id).Reverse(), await WalkAsync(new WebhookFilter(), 5, window));
            Assert.Equal(webhooks.Where((_, i) => i % 3 == 1).Select(w => w.Id).Reverse(),
                await WalkAsync(new WebhookFilter { State = WebhookState.Dead }, 5, window));
            Assert.Equal(webhooks.Where((_, i) => i % 3 == 1 && i % 2 == 0).Select(w => w.Id).Reverse(),
                await WalkAsync(new WebhookFilter { State = WebhookState.Dead, Account = "a0" }, 5, window));
        }
    }

    [Fact]
    public async Task Wanted_again_the_dead_live_anew_the_waiting_are_due_and_the_delivered_stay()
    {
        var webhooks = await WebhooksAsync(30);
        await Store.Writer.WriteAsync(WebhookAgain.Change(webhooks.ToList(), 77_000), Cancel); // states as they were before: nothing is dead yet
        await using (var db = Store.Open())
        {
            Assert.Equal(10, await db.Webhooks.CountAsync(w => w.State == WebhookState.Dead, Cancel));
            Assert.All(await db.Webhooks.Where(w => w.State == WebhookState.Pending).ToListAsync(Cancel), w => Assert.Equal(77_000, w.DueAt));
        }

        var read = (await Store.Lists.WebhooksAsync(new WebhookFilter(), null, 100, Cancel)).Rows;
        await Store.Writer.WriteAsync(WebhookAgain.Change(read, 80_000), Cancel);
        await using var after = Store.Open();
        var rows = await after.Webhooks.OrderBy(w => w.Id).ToListAsync(Cancel);
        Assert.All(rows.Where((_, i) => i % 3 == 1), w =>
            Assert.Equal((WebhookState.Pending, 0, 80_000L, (long?)80_000), (w.State, w.Attempts, w.CreatedAt, w.DueAt)));
        Assert.All(rows.Where((_, i) => i % 3 == 0), w => Assert.Equal((WebhookState.Delivered, (long?)null), (w.State, w.DueAt)));
    }

    [Fact]
    public async Task Many_that_were_wanted_again_do_not_keep_older_ones_from_being_forgotten()
    {
        var webhooks = await WebhooksAsync(900);
        var again = webhooks.Where((_, i) => i % 3 == 1).Select(w => w.Id).ToList();
        await Store.Writer.WriteAsync(new StoreChange
        {
            Other = db => db.Webhooks.Where(w => w.Id <= webhooks[600].Id || again.Contains(w.Id)).ExecuteUpdate(set => set.SetProperty(w => w.CreatedAt, 99_000)),
        }, Cancel);

        while (await Store.History.ForgetAsync(50_000, Cancel)) { }

        await using var db = Store.Open();
        Assert.Equal(0, await db.Webhooks.CountAsync(w => w.CreatedAt < 50_000 && w.State >= WebhookState.Delivered, Cancel));
        Assert.True(await db.Webhooks.CountAsync(Cancel) >= 600);
    }

    [Fact]
    public async Task No_list_reads_a_table_from_end_to_end()
    {
        await FillAsync();
        await WebhooksAsync(100);
        await using var db = Store.Open();
        var filter = new MessageFilter { Account = "a0", Recipient = "491" };
        foreach (var query in new IQueryable[]
        {
            Lists.FloorOf(db.ShortMessages, 0, Id(50), 10), Lists.FloorOf(db.History, Id(5), Id(50), 10), Lists.FloorOf(db.Webhooks, 50, 10),
            Lists.Matching(db.ShortMessages, filter, Id(10), Id(50)).Take(5), Lists.Matching(db.History, filter, 0, Id(50)).Take(5),
            Lists.Matching(db.Webhooks, new WebhookFilter { State = WebhookState.Dead }, 10, 50).Take(5),
        })
            Assert.True(await ReadsByIndexAsync(query.CreateDbCommand()), query.ToQueryString());
    }

    private static long Id(int i) => MessageId.FirstOf(Start + i);

    private static IEnumerable<long> Ids(Func<int, bool> those) => Enumerable.Range(0, 100).Where(those).Reverse().Select(i => Id(i));

    /// <summary>100 messages, a millisecond apart; the first 60 but one are concluded, and those before the 50th in the history.</summary>
    private async Task FillAsync()
    {
        await WriteAsync([.. Enumerable.Range(0, 100).Select(i =>
        {
            var row = Message(Id(i), $"49{i % 5}");
            (row.Account, row.Originator) = ($"a{i % 2}", $"from{i % 4}");
            return row;
        })]);
        var change = new StoreChange();
        foreach (var i in Enumerable.Range(0, 60).Where(i => i != 10))
            change.Progress.Add(new MessageProgress { Id = Id(i), State = MessageState.Delivered, ConcludedAt = i < 50 ? Start : Start + 9999 });
        await Store.Writer.WriteAsync(change, Cancel);
        for (var after = 0L; await Store.History.MoveAsync(after, Start + 1000, Cancel) is { } step; after = step.After) { }
    }

    /// <summary>In turn delivered, dead and pending, for two accounts; returned as they were written.</summary>
    private async Task<IReadOnlyList<WebhookRow>> WebhooksAsync(int count)
    {
        var change = new StoreChange();
        for (var i = 0; i < count; i++)
        {
            var webhook = Webhook(i, dueAt: 90_000 + i);
            webhook.Account = $"a{i % 2}";
            change.NewWebhooks.Add(webhook);
        }
        await Store.Writer.WriteAsync(change, Cancel);
        var progress = new StoreChange();
        foreach (var (webhook, i) in change.NewWebhooks.Select((webhook, i) => (webhook, i)).Where(pair => pair.i % 3 != 2))
            progress.WebhookProgress.Add(new WebhookProgress { Id = webhook.Id, State = i % 3 == 0 ? WebhookState.Delivered : WebhookState.Dead, Attempts = 3 });
        await Store.Writer.WriteAsync(progress, Cancel);
        return change.NewWebhooks;
    }

    private async Task<List<long>> WalkAsync(MessageFilter filter, int limit, int window) =>
        await WalkAsync(async below => await Store.Lists.MessagesAsync(filter, below, limit, window, Cancel), row => row.Id, limit);

    private async Task<List<long>> WalkAsync(WebhookFilter filter, int limit, int window) =>
        await WalkAsync(async below => await Store.Lists.WebhooksAsync(filter, below, limit, window, Cancel), row => row.Id, limit);

    private static async Task<List<long>> WalkAsync<T>(Func<long?, Task<ListPart<T>>> read, Func<T, long> id, int limit)
    {
        var ids = new List<long>();
        long? below = null;
        do
        {
            var part = await read(below);
            Assert.InRange(part.Rows.Count, 0, limit);
            Assert.True(part.Next is null || below is null || part.Next < below, "the walk goes down");
            ids.AddRange(part.Rows.Select(id));
            below = part.Next;
        }
        while (below is not null);
        return ids;
    }
}

public sealed class SqliteListsTests() : ListsTests(cluster: null)
{
    private protected override async Task<bool> ReadsByIndexAsync(DbCommand command) =>
        !(await DueMessagesTests.LinesAsync(command, "EXPLAIN QUERY PLAN ", column: 3)).Contains("SCAN", StringComparison.Ordinal);
}

[Trait("Category", "Postgres")]
public sealed class PostgresListsTests(PostgresCluster cluster) : ListsTests(cluster)
{
    private protected override async Task<bool> ReadsByIndexAsync(DbCommand command) =>
        !(await DueMessagesTests.LinesAsync(command, "EXPLAIN ", column: 0)).Contains("Seq Scan", StringComparison.Ordinal);
}
