using Gateway.Store;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Xunit;

namespace Gateway.Tests.Store;

/// <summary>
/// Connections that are cut while the server lives (an administrator, a fail-over, a firewall) cost time and no answer; and a commit whose answer
/// was cut off is neither written twice nor refused.
/// </summary>
[Trait("Category", "Postgres")]
public sealed class CutConnectionTests(PostgresCluster cluster) : TestStore(cluster)
{
    private readonly PostgresCluster _cluster = cluster;
    private CommitCutter? _cutter;
    private string _direct = "";

    [Fact]
    public async Task Whoever_reads_or_writes_does_not_notice()
    {
        await WriteAsync(Message(1));
        for (var cut = 0; cut < 5; cut++)
        {
            await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ReadAsync(1))); // so many connections wait in the pool
            Assert.InRange(await CutAllAsync(), 2, 30);
            var ids = Enumerable.Range(2 + (20 * cut), 20).Select(id => (long)id).ToList();
            var reads = ids.Select(_ => ReadAsync(1)).ToList();
            Assert.All(await Task.WhenAll(ids.Select(id => WriteAsync(Message(id)))), Assert.True);
            await Task.WhenAll(reads);
        }
        await using var db = Store.Open();
        Assert.Equal(101, await db.ShortMessages.CountAsync(Cancel));
    }

    [Theory]
    [InlineData(CommitCutter.At.Commit)]
    [InlineData(CommitCutter.At.AnswerToCommit)]
    public async Task A_commit_without_an_answer_is_done_once(CommitCutter.At at)
    {
        await WriteAsync(Message(1));
        var delivered = Delivered(1);
        delivered.Webhooks.Add(Webhook(1));
        var change = new StoreChange();
        change.Progress.Add(delivered);
        change.NewMessages.Add(Message(2));
        change.NewKeys.Add(new IdempotencyKeyRow { Account = "a1", Key = "k", Request = [1], AcceptedAt = 1, MessageId = 2, SegmentCount = 1 });

        _cutter!.CutNext(at);
        Assert.True(await Store.Writer.TryWriteAsync(change));

        Assert.Equal(1, _cutter.Cuts);
        Assert.True(delivered.Applied);
        await using var db = Store.Open();
        Assert.Equal([1L, 2], await db.ShortMessages.OrderBy(m => m.Id).Select(m => m.Id).ToListAsync(Cancel));
        Assert.Equal(delivered.Webhooks[0].Id, (await db.Webhooks.SingleAsync(Cancel)).Id);
        Assert.True(await WriteAsync(Message(3)));
    }

    [Theory]
    [InlineData(CommitCutter.At.Commit)]
    [InlineData(CommitCutter.At.AnswerToCommit)]
    public async Task Neither_is_one_beside_a_change_that_fails(CommitCutter.At at)
    {
        await WriteAsync(Message(1));
        using var gate = await WriterGate.CloseAsync(Store.Writer, Cancel);
        var bad = WriteAsync(Message(1));
        var good = WriteAsync(Message(2));
        _cutter!.CutNext(at, skip: 1); // the gate's own
        gate.Open();

        Assert.True(await good);
        Assert.True(Store.IsRepeatedKey((await Record.ExceptionAsync(() => bad))!));
        Assert.Equal(1, _cutter.Cuts);
        await using var db = Store.Open();
        Assert.Equal(2, await db.ShortMessages.CountAsync(Cancel));
    }

    [Theory]
    [InlineData(CommitCutter.At.Commit)]
    [InlineData(CommitCutter.At.AnswerToCommit)]
    public async Task Nor_is_one_whose_look_up_is_cut_as_well(CommitCutter.At at)
    {
        await WriteAsync(Message(1));
        _cutter!.CutNext(at, openings: 3);
        Assert.True(await WriteAsync(Message(2)));
        Assert.Equal(4, _cutter.Cuts);
        await using var db = Store.Open();
        Assert.Equal(2, await db.ShortMessages.CountAsync(Cancel));
    }

    [Fact]
    public async Task A_commit_of_whose_fate_nothing_can_be_learnt_is_refused()
    {
        _cutter!.CutNext(CommitCutter.At.AnswerToCommit);
        _cutter.Close();
        await Assert.ThrowsAsync<StoreUnavailableException>(() => WriteAsync(Message(1)));
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_cutter is not null) await _cutter.DisposeAsync();
    }

    private protected override async Task<StoreOptions> NewDatabaseAsync()
    {
        _direct = await _cluster.NewDatabaseAsync(Cancel);
        _cutter = new CommitCutter(_cluster.Port);
        return new() { Provider = StoreProvider.Postgres, ConnectionString = $"{_direct};Port={_cutter.Port}" };
    }

    private async Task<long> CutAllAsync()
    {
        await using var server = NpgsqlDataSource.Create($"{_direct};Pooling=false");
        await using var command = server.CreateCommand(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
        return (long)(await command.ExecuteScalarAsync(Cancel))!;
    }
}
