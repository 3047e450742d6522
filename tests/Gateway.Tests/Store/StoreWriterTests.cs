using System.Data.Common;
using System.Diagnostics;
using Gateway.Store;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Gateway.Tests.Store;

public abstract class StoreWriterTests(PostgresCluster? cluster) : TestStore(cluster)
{
    private const int Room = 8;

    private protected override void Configure(StoreOptions options) => options.MaxPendingWrites = 600;

    [Fact]
    public async Task A_change_is_there_as_it_was_given()
    {
        var row = Message(7);
        (row.Source, row.Route, row.Carrier, row.Lane) = (MessageSource.Volte, RouteKind.Carrier, "kannel", MessageLane.Bulk);
        (row.Content, row.Text) = (ContentKind.UserData, null);
        (row.UserData, row.UserDataLength, row.HasUserDataHeader, row.DataCodingScheme) = ([0x00, 0xFF, 0x80], 3, true, 0xF4);
        (row.ProtocolIdentifier, row.SegmentCount, row.ConcatenationReference, row.ReceiptRequested) = (0x41, 255, 65535, true);
        (row.CallbackUrl, row.ClientReference, row.AccountReference, row.SubmitReference) = ("http://a/b?c=d", "né ☎ 😀", "x", 200);
        (row.SubmitDestination, row.ImdnMessageId, row.ForeignId) = ([], "imdn", "call-id");
        var change = new StoreChange();
        change.NewMessages.Add(row);
        change.NewAttempts.Add(new AttemptRow
        {
            MessageId = 7, Segment = 254, StartedAt = 5, DurationMilliseconds = 70_000,
            Channel = "volte", Target = "sip:a@b", Status = 480, RpCause = 127, Outcome = "no",
        });
        change.NewWebhooks.Add(Webhook(7));

        Assert.True(await Store.Writer.TryWriteAsync(change));

        await using var db = Store.Open();
        Assert.Equivalent(row, await db.ShortMessages.SingleAsync(Cancel), strict: true);
        Assert.Equivalent(change.NewWebhooks[0], await db.Webhooks.SingleAsync(Cancel), strict: true);
        var attempt = await db.Attempts.SingleAsync(Cancel);
        change.NewAttempts[0].Id = attempt.Id; // the database's
        Assert.Equivalent(change.NewAttempts[0], attempt, strict: true);
    }

    [Fact]
    public async Task Rows_are_there_as_given_whatever_is_empty_in_those_around_them()
    {
        // What a batch leaves empty in all its rows, in some, or in none: each of these batches differs from the one before.
        var batches = new[] { 0, 2, 1, 0, 3, 2 }.Select((every, batch) => Enumerable.Range(batch * 40, 40).Select(i => Row(i, every)).ToList()).ToList();
        foreach (var batch in batches)
        {
            var change = new StoreChange();
            change.NewMessages.AddRange(batch);
            await Store.Writer.WriteAsync(change, Cancel);
        }

        await using var db = Store.Open();
        var stored = await db.ShortMessages.OrderBy(m => m.Id).ToListAsync(Cancel);
        Assert.Equal(240, stored.Count);
        foreach (var (row, there) in batches.SelectMany(batch => batch).Zip(stored)) Assert.Equivalent(row, there, strict: true);

        static ShortMessageRow Row(int i, int every)
        {
            var row = Message(i + 1);
            if (every == 0 || i % every != 0) return row;
            (row.Account, row.Text, row.UserData, row.SegmentCount) = (i % 4 == 0 ? "" : "a", null, [(byte)i], 0);
            (row.ReceiptRequested, row.HasUserDataHeader, row.Price, row.CallbackUrl) = (true, i % 8 == 0, i, $"http://{i}");
            (row.ConcludedAt, row.DueAt, row.Attempts, row.Reason) = (i % 3, null, (byte)i, i % 5 == 0 ? null : "r");
            return row;
        }
    }

    [Fact]
    public async Task Webhooks_learn_their_ids_in_the_order_given()
    {
        var change = new StoreChange();
        for (var i = 0; i < 300; i++)
            change.NewWebhooks.Add(Webhook(messageId: i));
        await Store.Writer.WriteAsync(change, Cancel);

        await using var db = Store.Open();
        var stored = await db.Webhooks.OrderBy(w => w.Id).Select(w => new { w.Id, w.MessageId }).ToListAsync(Cancel);
        Assert.Equal(change.NewWebhooks.Select(w => new { w.Id, w.MessageId }), stored);
    }

    [Fact]
    public async Task Changes_that_wait_share_one_commit()
    {
        using var gate = await WriterGate.CloseAsync(Store.Writer, Cancel);
        var before = Store.Writer.Commits;
        var writes = Enumerable.Range(1, 500).Select(i => WriteAsync(Message(i))).ToList();
        Assert.DoesNotContain(writes, w => w.IsCompleted);
        gate.Open();

        Assert.All(await Task.WhenAll(writes), Assert.True);
        Assert.Equal(before + 2, Store.Writer.Commits); // the gate's and theirs
        await using var db = Store.Open();
        Assert.Equal(500, await db.ShortMessages.CountAsync(Cancel));
    }

    [Fact]
    public async Task One_change_after_the_other_waits_for_no_company()
    {
        Options.CommitInterval = TimeSpan.FromMilliseconds(100);
        await ReopenAsync();
        var fastest = TimeSpan.MaxValue;
        for (var i = 1; i <= 30; i++)
        {
            var started = Stopwatch.GetTimestamp();
            Assert.True(await WriteAsync(Message(i)));
            if (i > 1 && Stopwatch.GetElapsedTime(started) is var took && took < fastest)
                fastest = took;
        }
        Assert.InRange(fastest, TimeSpan.Zero, Options.CommitInterval / 2); // the next commit is due no sooner than that after the last
    }

    [Fact]
    public async Task Acceptance_is_refused_at_once_when_too_much_waits_and_progress_waits_for_room()
    {
        Options.MaxPendingWrites = Room;
        await ReopenAsync();
        using var gate = await WriterGate.CloseAsync(Store.Writer, Cancel);
        var accepted = Enumerable.Range(1, Room).Select(i => WriteAsync(Message(i))).ToList();

        var refused = Store.Writer.TryWriteAsync(new StoreChange());
        Assert.True(refused.IsCompletedSuccessfully);
        Assert.False(await refused);

        var outside = WriteAsync(Delivered(1));
        using var impatient = new CancellationTokenSource();
        var given_up = Store.Writer.WriteAsync(new StoreChange(), impatient.Token).AsTask();
        impatient.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given_up);
        Assert.False(outside.IsCompleted);

        gate.Open();
        Assert.All(await Task.WhenAll(accepted), Assert.True);
        Assert.True((await outside).Applied);
        Assert.True(await WriteAsync(Message(100)));
    }

    [Fact]
    public async Task Urgent_changes_go_first_and_have_room_of_their_own()
    {
        Options.MaxPendingWrites = Room;
        await ReopenAsync();
        using var gate = await WriterGate.CloseAsync(Store.Writer, Cancel);
        var order = new List<string>();
        var bulk = Enumerable.Range(0, Room).Select(_ => TryAsync("bulk", urgent: false)).ToList();
        Assert.False(await TryAsync("too much", urgent: false));
        var urgent = TryAsync("urgent", urgent: true);
        gate.Open();

        Assert.True(await urgent);
        await Task.WhenAll(bulk);
        Assert.Equal(["urgent", .. Enumerable.Repeat("bulk", Room)], order);

        Task<bool> TryAsync(string name, bool urgent) =>
            Store.Writer.TryWriteAsync(new StoreChange { Urgent = urgent, Other = _ => order.Add(name) }).AsTask();
    }

    [Fact]
    public async Task A_change_that_is_hurried_goes_before_the_others_once_and_gives_its_room_back()
    {
        Options.MaxPendingWrites = Room;
        await ReopenAsync();
        using var gate = await WriterGate.CloseAsync(Store.Writer, Cancel);
        var order = new List<int>();
        var changes = Enumerable.Range(0, Room).Select(i => new StoreChange { Other = _ => order.Add(i) }).ToList();
        var writes = changes.ConvertAll(change => Store.Writer.TryWriteAsync(change).AsTask());
        Store.Writer.Hurry(changes[^1]);
        Store.Writer.Hurry(changes[^1]);
        gate.Open();

        Assert.All(await Task.WhenAll(writes), Assert.True);
        Assert.Equal([Room - 1, .. Enumerable.Range(0, Room - 1)], order);
        Store.Writer.Hurry(changes[^1]); // too late, and harmless
        Assert.All(await Task.WhenAll(Enumerable.Range(0, Room).Select(_ => Store.Writer.TryWriteAsync(new StoreChange()).AsTask())), Assert.True);
    }

    [Fact]
    public async Task A_bad_change_fails_alone()
    {
        await WriteAsync(Message(50));
        using var gate = await WriterGate.CloseAsync(Store.Writer, Cancel);
        var before = Store.Writer.Commits;
        var writes = Enumerable.Range(1, 100).Select(i => WriteAsync(Message(i), Message(i + 1000))).ToList();
        gate.Open();

        await Assert.ThrowsAnyAsync<DbException>(() => writes[49]); // id 50 is taken
        writes.RemoveAt(49);
        Assert.All(await Task.WhenAll(writes), Assert.True);
        Assert.Equal(before + 2, Store.Writer.Commits);
        Assert.Null(await Store.DueMessages.FindAsync(1050, Cancel)); // its other row went with it
        Assert.NotNull(await Store.DueMessages.FindAsync(1051, Cancel));
    }

    [Fact]
    public async Task A_fault_in_another_write_fails_alone_too()
    {
        using var gate = await WriterGate.CloseAsync(Store.Writer, Cancel);
        var good = WriteAsync(Message(1));
        var bad = Store.Writer.WriteAsync(new StoreChange { Other = _ => throw new InvalidDataException("no") }, Cancel).AsTask();
        var watch = new WatchRow { Subscriber = "49", PublicUserIdentity = "sip:a@b" };
        var other = Store.Writer.WriteAsync(new StoreChange { Other = db => db.Watches.Add(watch) }, Cancel).AsTask();
        gate.Open();

        await Assert.ThrowsAsync<InvalidDataException>(() => bad);
        Assert.True(await good);
        await other;
        await using var db = Store.Open();
        Assert.Equal("sip:a@b", (await db.Watches.SingleAsync(Cancel)).PublicUserIdentity);
    }

    [Theory]
    [InlineData("\ud800")] // half a surrogate pair
    [InlineData("a\0b")]
    public async Task Text_that_a_database_cannot_hold_hurts_nobody_else(string text)
    {
        using var gate = await WriterGate.CloseAsync(Store.Writer, Cancel);
        var odd = Message(2);
        odd.Text = text;
        var first = WriteAsync(Message(1));
        var second = WriteAsync(odd);
        var third = WriteAsync(Message(3));
        gate.Open();

        Assert.True(await first);
        Assert.True(await third);
        var fault = await Record.ExceptionAsync(() => second);
        Assert.IsNotType<StoreUnavailableException>(fault);
        if (fault is null)
            Assert.Equal(text.Replace('\ud800', '\ufffd'), (await ReadAsync(2)).Text);
        Assert.True(await WriteAsync(Message(4)));
    }

    [Fact]
    public async Task A_change_that_failed_can_be_written_again()
    {
        var change = new StoreChange();
        change.NewMessages.Add(Message(1));
        change.NewMessages.Add(Message(2));
        for (var i = 0; i < 2; i++) change.NewKeys.Add(new IdempotencyKeyRow { Account = "a1", Key = "k", Request = [1], MessageId = 1, SegmentCount = 1 });
        await Assert.ThrowsAnyAsync<DbException>(async () => await Store.Writer.TryWriteAsync(change));
        change.NewKeys.RemoveAt(1);
        Assert.True(await Store.Writer.TryWriteAsync(change));
    }

    [Fact]
    public async Task Whoever_concludes_first_wins_and_only_the_winner_tells_of_it()
    {
        await WriteAsync(Message(1));
        var delivered = Delivered(1);
        delivered.Webhooks.Add(Webhook(1));
        delivered.FollowUps.Add(Message(10, recipient: "4940999"));
        var late = new MessageProgress { Id = 1, State = MessageState.Expired, ConcludedAt = 3000, Reason = "late" };
        late.Webhooks.Add(Webhook(1));
        late.FollowUps.Add(Message(11));

        Assert.True((await WriteAsync(delivered)).Applied);
        Assert.False((await WriteAsync(late)).Applied);

        var row = await ReadAsync(1);
        Assert.Equal((MessageState.Delivered, 2000, null), (row.State, row.ConcludedAt, row.Reason));
        Assert.Null(row.DueAt);
        await using var db = Store.Open();
        Assert.Equal([1L, 10], await db.ShortMessages.OrderBy(m => m.Id).Select(m => m.Id).ToListAsync(Cancel));
        Assert.Equal(delivered.Webhooks[0].Id, (await db.Webhooks.SingleAsync(Cancel)).Id);
    }

    [Fact]
    public async Task Steps_of_one_message_in_one_batch_apply_in_their_order()
    {
        using var gate = await WriterGate.CloseAsync(Store.Writer, Cancel);
        var accepted = WriteAsync(Message(1));
        var handedOver = WriteAsync(
            new MessageProgress { Id = 1, State = MessageState.HandedOver, Attempts = 1, DueAt = 9000, CarrierMessageIds = "c1,c2" });
        var delivered = WriteAsync(
            new MessageProgress { Id = 1, State = MessageState.Delivered, Attempts = 2, ConcludedAt = 5000, Reason = "ok" });
        var failed = WriteAsync(new MessageProgress { Id = 1, State = MessageState.Failed, Attempts = 3, ConcludedAt = 6000 });
        var unknown = WriteAsync(Delivered(2));
        gate.Open();

        Assert.True(await accepted);
        Assert.True((await handedOver).Applied);
        Assert.True((await delivered).Applied);
        Assert.False((await failed).Applied);
        Assert.False((await unknown).Applied);
        var row = await ReadAsync(1);
        Assert.Equal((MessageState.Delivered, 2, 5000L, "ok"), (row.State, row.Attempts, row.ConcludedAt!.Value, row.Reason));
        Assert.Equal("c1,c2", row.CarrierMessageIds); // null keeps them
    }

    [Fact]
    public async Task A_segment_is_done_once()
    {
        await WriteAsync(Message(1));
        var shown = new MessageProgress { Id = 1, State = MessageState.Waiting, SegmentsDone = 1, DueAt = 5000 };
        var again = new MessageProgress { Id = 1, State = MessageState.Waiting, SegmentsDone = 1, DueAt = 6000 };
        again.Webhooks.Add(Webhook(1));
        Assert.True((await WriteAsync(shown)).Applied);
        Assert.False((await WriteAsync(again)).Applied);
        Assert.True((await WriteAsync(new MessageProgress { Id = 1, State = MessageState.Delivered, SegmentsDone = 2, SegmentsBefore = 1, ConcludedAt = 7000 })).Applied);
        await using var db = Store.Open();
        Assert.False(await db.Webhooks.AnyAsync(Cancel));
    }

    [Fact]
    public async Task A_webhook_ends_once()
    {
        var change = new StoreChange();
        change.NewWebhooks.Add(Webhook(1));
        await Store.Writer.WriteAsync(change, Cancel);
        var id = change.NewWebhooks[0].Id;

        var steps = new StoreChange();
        steps.WebhookProgress.AddRange([
            new() { Id = id, State = WebhookState.Pending, Attempts = 1, DueAt = 5000, LastResult = "503" },
            new() { Id = id, State = WebhookState.Delivered, Attempts = 2, LastResult = "200" },
            new() { Id = id, State = WebhookState.Dead, Attempts = 3, LastResult = "late" },
        ]);
        await Store.Writer.WriteAsync(steps, Cancel);

        Assert.Equal([true, true, false], steps.WebhookProgress.Select(p => p.Applied));
        await using var db = Store.Open();
        var row = await db.Webhooks.SingleAsync(Cancel);
        Assert.Equal((WebhookState.Delivered, 2, null, "200"), (row.State, row.Attempts, row.DueAt, row.LastResult));
    }

    [Fact]
    public async Task Closing_writes_what_waits_and_refuses_the_rest()
    {
        using var gate = await WriterGate.CloseAsync(Store.Writer, Cancel);
        var writes = Enumerable.Range(1, 100).Select(i => WriteAsync(Message(i))).ToList();
        var closing = Store.Writer.DisposeAsync().AsTask();
        await Assert.ThrowsAsync<StoreUnavailableException>(() => WriteAsync(Message(1000)));
        gate.Open();

        await closing;
        Assert.All(await Task.WhenAll(writes), Assert.True);
    }

    [Fact]
    public async Task Many_callers_at_once_lose_nothing()
    {
        var ids = new MessageId(TimeProvider.System);
        var callers = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 100; i++)
            {
                var id = ids.Take(1);
                Assert.True(await WriteAsync(Message(id)));
                Assert.True((await WriteAsync(Delivered(id))).Applied);
            }
        }, Cancel));
        await Task.WhenAll(callers);

        await using var db = Store.Open();
        Assert.Equal(800, await db.ShortMessages.CountAsync(m => m.State == MessageState.Delivered && m.DueAt == null, Cancel));
        Assert.InRange(Store.Writer.Commits, 100, 1600);
    }
}

public sealed class SqliteStoreWriterTests() : StoreWriterTests(cluster: null);

[Trait("Category", "Postgres")]
public sealed class PostgresStoreWriterTests(PostgresCluster cluster) : StoreWriterTests(cluster);
