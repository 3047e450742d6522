using System.Net;
using Gateway.Delivery.Clustering;
using Gateway.Store;
using Gateway.Tests.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans;
using Orleans.Runtime;
using Xunit;

namespace Gateway.Tests.Delivery;

public abstract class MembershipTableTests(PostgresCluster? cluster) : TestStore(cluster)
{
    private static readonly DateTime Start = new(2026, 6, 1, 12, 0, 0, DateTimeKind.Utc);

    private StoreMembershipTable? _table;
    private readonly MessageId _ids = new(TimeProvider.System);

    private StoreMembershipTable Table => _table!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _table = new StoreMembershipTable(Store, _ids);
        await Table.InitializeMembershipTable(true);
        await Table.InitializeMembershipTable(true); // by every node
    }

    [Fact]
    public async Task What_is_inserted_is_read_as_it_was_given()
    {
        var entry = Entry(1);
        entry.AddSuspector(Silo(2), Start.AddSeconds(5));
        entry.AddSuspector(Silo(3), Start.AddSeconds(6));
        Assert.True(await Table.InsertRow(entry, await NextAsync()));

        var read = Assert.Single((await Table.ReadAll()).Members).Item1;
        Assert.Equal((entry.SiloAddress, entry.Status, entry.ProxyPort, entry.HostName, entry.SiloName, entry.StartTime, entry.IAmAliveTime),
            (read.SiloAddress, read.Status, read.ProxyPort, read.HostName, read.SiloName, read.StartTime, read.IAmAliveTime));
        Assert.Equal(entry.SuspectTimes, read.SuspectTimes);
        Assert.Equal(1, (await Table.ReadAll()).Version.Version);
        Assert.Single((await Table.ReadRow(Silo(1))).Members);
        Assert.Empty((await Table.ReadRow(Silo(9))).Members);
    }

    [Fact]
    public async Task A_change_by_one_who_has_read_an_older_version_is_refused_whole()
    {
        var stale = await NextAsync();
        Assert.True(await Table.InsertRow(Entry(1), stale));
        Assert.False(await Table.InsertRow(Entry(2), stale));
        var (entry, etag) = await ReadAsync(1);
        Assert.False(await Table.UpdateRow(entry, etag, stale));
        Assert.False(await Table.InsertRow(Entry(1), await NextAsync())); // it is there
        Assert.False(await Table.UpdateRow(Entry(7), etag, await NextAsync())); // it is not

        entry.Status = SiloStatus.Dead;
        Assert.True(await Table.UpdateRow(entry, etag, await NextAsync()));
        Assert.Equal(SiloStatus.Dead, (await ReadAsync(1)).Entry.Status);
        Assert.Equal(2, (await Table.ReadAll()).Version.Version);
    }

    [Fact]
    public async Task Of_many_that_change_it_at_once_each_succeeds_by_reading_again()
    {
        var refused = 0;
        await Task.WhenAll(Enumerable.Range(1, 6).Select(number => Task.Run(async () =>
        {
            while (!await Table.InsertRow(Entry(number), await NextAsync())) Interlocked.Increment(ref refused);
        }, Cancel)));

        Assert.Equal(6, (await Table.ReadAll()).Members.Count);
        Assert.Equal(6, (await Table.ReadAll()).Version.Version);
    }

    [Fact]
    public async Task A_heartbeat_changes_nothing_else()
    {
        await Table.InsertRow(Entry(1), await NextAsync());
        var (entry, etag) = await ReadAsync(1);
        var version = await NextAsync();
        await Table.UpdateIAmAlive(new MembershipEntry { SiloAddress = Silo(1), IAmAliveTime = Start.AddMinutes(1) });

        Assert.Equal(Start.AddMinutes(1), (await ReadAsync(1)).Entry.IAmAliveTime);
        Assert.Equal(SiloStatus.Active, (await ReadAsync(1)).Entry.Status);
        Assert.True(await Table.UpdateRow(entry, etag, version)); // what was read before it is still good
    }

    [Fact]
    public async Task Only_the_dead_of_old_are_cleared_away()
    {
        foreach (var number in new[] { 1, 2, 3 }) await Table.InsertRow(Entry(number), await NextAsync());
        foreach (var number in new[] { 1, 2 })
        {
            var (entry, etag) = await ReadAsync(number);
            entry.Status = SiloStatus.Dead;
            if (number == 2) entry.AddSuspector(Silo(3), Start.AddDays(8));
            await Table.UpdateRow(entry, etag, await NextAsync());
        }
        await Table.CleanupDefunctSiloEntries(new DateTimeOffset(Start.AddDays(7)));
        Assert.Equal([Silo(2), Silo(3)], (await Table.ReadAll()).Members.Select(member => member.Item1.SiloAddress).Order());
    }

    [Fact]
    public async Task Each_living_node_has_a_number_of_its_own_and_a_dead_ones_is_given_again_when_no_other_is_left()
    {
        Assert.Equal(63, (await Store.Nodes.DeadAsync(Cancel)).Length); // alone: all others
        await Table.InsertRow(Entry(1), await NextAsync());
        await using var other = new GatewayStore(Options, TimeProvider.System, NullLoggerFactory.Instance);
        var otherTable = new StoreMembershipTable(other, new MessageId(TimeProvider.System));
        await otherTable.InsertRow(Entry(2), await NextAsync());
        Assert.Equal((0, 1), (Store.Nodes.Own, other.Nodes.Own));
        Assert.DoesNotContain((short)1, await Store.Nodes.DeadAsync(Cancel));

        var (entry, etag) = await ReadAsync(1);
        entry.Status = SiloStatus.Dead;
        await Table.UpdateRow(entry, etag, await NextAsync());
        Assert.Contains((short)0, await other.Nodes.DeadAsync(Cancel));
        await using var third = new GatewayStore(Options, TimeProvider.System, NullLoggerFactory.Instance);
        await new StoreMembershipTable(third, new MessageId(TimeProvider.System)).InsertRow(Entry(3), await NextAsync());
        Assert.Equal(2, third.Nodes.Own);
        for (var number = 4; number <= MemberRow.MaxNodes + 1; number++) Assert.True(await Table.InsertRow(Entry(number), await NextAsync()));
        Assert.Equal(0, Store.Nodes.Own);
    }

    [Fact]
    public async Task Who_joins_gives_ids_after_all_that_are_stored()
    {
        var ahead = new MessageId(new FakeTimeProvider(TimeProvider.System.GetUtcNow().AddHours(1))).Take(3);
        var row = Message(ahead);
        row.SegmentCount = 3;
        Assert.True(await WriteAsync(row));
        await Table.InsertRow(Entry(1), await NextAsync());
        Assert.True(_ids.Take(1) > ahead + 2);
    }

    [Fact]
    public async Task Whose_insert_seemed_to_fail_knows_its_number_once_it_updates_what_is_there()
    {
        foreach (var number in new[] { 1, 2 }) await Table.InsertRow(Entry(number), await NextAsync());
        await using var unsure = new GatewayStore(Options, TimeProvider.System, NullLoggerFactory.Instance);
        var table = new StoreMembershipTable(unsure, new MessageId(TimeProvider.System));
        Assert.False(await table.InsertRow(Entry(2), await NextAsync())); // the first try was committed, and nobody heard of it
        Assert.False(unsure.Nodes.Clustered);
        var (entry, etag) = await ReadAsync(2);
        Assert.True(await table.UpdateRow(entry, etag, await NextAsync()));
        Assert.Equal((true, 1), (unsure.Nodes.Clustered, unsure.Nodes.Own));
    }

    private async Task<TableVersion> NextAsync() => (await Table.ReadAll()).Version.Next();

    private async Task<(MembershipEntry Entry, string ETag)> ReadAsync(int number)
    {
        var (entry, etag) = Assert.Single((await Table.ReadRow(Silo(number))).Members);
        return (entry, etag);
    }

    private static SiloAddress Silo(int number) => SiloAddress.New(IPAddress.Loopback, 11110 + number, 500_000 + number);

    private static MembershipEntry Entry(int number) => new()
    {
        SiloAddress = Silo(number), Status = SiloStatus.Active, ProxyPort = 30_000 + number, HostName = "here", SiloName = $"Silo_{number}",
        StartTime = Start, IAmAliveTime = Start.AddSeconds(number),
    };
}

public sealed class SqliteMembershipTableTests() : MembershipTableTests(cluster: null);

[Trait("Category", "Postgres")]
public sealed class PostgresMembershipTableTests(PostgresCluster cluster) : MembershipTableTests(cluster);
