using Gateway.Store;
using Gateway.Tests.Store;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.Delivery;

/// <summary>
/// Traces of the scheduling, compared with files. After a wanted change <c>UPDATE_CONTRACTS=1</c> writes them anew, and their difference is part of
/// the change.
/// </summary>
public abstract class SchedulingTests(PostgresCluster? cluster) : IDisposable
{
    private readonly TestDatabase _database = new(cluster);

    private const string A = "4940100001", B = "4940100002";

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        _database.Dispose();
    }

    [Fact]
    public async Task Lanes_order_what_waits_and_what_comes_and_each_recipient_is_served_in_order()
    {
        await using var world = await ScheduledWorld.StartAsync(await _database.NewAsync());
        world.Handset(A);
        world.Handset(B);
        foreach (var text in (string[])["bulk 1", "bulk 2"]) await world.SendAsync(A, MessageLane.Bulk, text);
        foreach (var text in (string[])["normal 1", "normal 2"]) await world.SendAsync(A, MessageLane.Normal, text);
        await world.SendAsync(B, MessageLane.Bulk, "of another recipient");
        await world.UntilAsync(5);
        await world.SendAsync(A, MessageLane.Otp, "password 1", "bank");
        await world.SendAsync(A, MessageLane.Otp, "password 2", "bank");
        await world.UntilAsync(10);
        await world.RegisterAsync(A);
        await world.UntilAsync(20);
        await world.SendAsync(A, MessageLane.Normal, "at once");
        await world.RegisterAsync(B);
        IsGolden(world, "lanes");
    }

    [Fact]
    public async Task An_absent_handset_is_tried_by_the_ladder_until_a_registration_wakes_its_mailbox()
    {
        var there = false;
        await using var world = await ScheduledWorld.StartAsync(await _database.NewAsync());
        world.Handset(A, answer: _ => there ? "200 OK" : "480 Temporarily Unavailable");
        await world.RegisterAsync(A);
        await world.SendAsync(A, MessageLane.Normal, "first");
        await world.SendAsync(A, MessageLane.Normal, "second, for two minutes", ttl: 120);
        await world.UntilAsync(30);
        await world.SendAsync(A, MessageLane.Otp, "password for a minute and a half", "bank", ttl: 90);
        await world.UntilAsync(6000);
        there = true;
        world.Note("the handset is back");
        await world.RegisterAsync(A);
        IsGolden(world, "ladder");
    }

    [Fact]
    public async Task A_full_handset_is_left_alone_until_it_has_room()
    {
        var full = true;
        await using var world = await ScheduledWorld.StartAsync(await _database.NewAsync());
        world.Handset(A, report: _ => full ? (byte)22 : (byte)0);
        await world.RegisterAsync(A);
        await world.SendAsync(A, MessageLane.Normal, "one");
        await world.SendAsync(A, MessageLane.Normal, "two");
        await world.UntilAsync(1900);
        full = false;
        await world.MemoryAvailableAsync(A);
        IsGolden(world, "memory");
    }

    [Fact]
    public async Task Silence_after_200_is_waited_out_and_a_message_that_always_fails_does_not_block()
    {
        await using var world = await ScheduledWorld.StartAsync(await _database.NewAsync());
        var heard = false;
        world.Handset(A, report: text => text != "bad" ? (byte)0 : heard ? (byte)111 : null);
        await world.RegisterAsync(A);
        world.Silent = 1;
        await world.SendAsync(A, MessageLane.Normal, "bad");
        world.Silent = 0;
        await world.UntilAsync(45);
        heard = true;
        await world.UntilAsync(50);
        await world.SendAsync(A, MessageLane.Normal, "behind it");
        await world.UntilAsync(500);
        await world.HistoryAsync();
        IsGolden(world, "reports");
    }

    [Fact]
    public async Task Slots_to_a_next_hop_go_round_the_accounts_and_one_time_passwords_have_their_own()
    {
        // Four slots, three of them for others; a silent handset keeps one for two seconds. All are behind one next hop.
        await using var world = await ScheduledWorld.StartAsync(await _database.NewAsync(), sendSlots: 4);
        for (var i = 1; i <= 8; i++)
        {
            var account = i <= 6 ? "big" : "small";
            await world.SendAsync($"494010000{i}", MessageLane.Bulk, $"{account} {i}", account, ttl: i == 5 ? 1 : 60);
        }
        await world.SilentHopAsync(Enumerable.Range(1, 8).Select(i => $"494010000{i}"));
        await world.AttemptsAsync(3);
        // It goes before the bulk message of the same recipient, which is in line and not on the air yet.
        await world.SendAsync("4940100006", MessageLane.Otp, "password", "bank", idle: false);
        await world.AttemptsAsync(4);
        world.Advance(1);
        await world.ConcludedAsync(1); // the time of one in line is over
        world.Advance(1);
        await world.AttemptsAsync(7);
        IsGolden(world, "slots");
    }

    [Fact]
    public async Task Into_a_backlog_that_memory_does_not_hold_a_higher_lane_comes_first_and_nothing_is_lost_or_doubled()
    {
        const int backlog = 450;
        await using var world = await ScheduledWorld.StartAsync(await _database.NewAsync());
        world.Handset(A);
        await world.BacklogAsync(A, backlog);
        await world.SendAsync(A, MessageLane.Otp, "password 1", "bank");
        await world.SendAsync(A, MessageLane.Bulk, $"bulk {backlog + 1}");
        await world.SendAsync(A, MessageLane.Normal, "normal");
        await world.SendAsync(A, MessageLane.Otp, "password 2", "bank");
        await world.RegisterAsync(A);
        await world.ConcludedAsync(backlog + 4);

        Assert.Equal(["password 1", "password 2", "normal", .. Enumerable.Range(1, backlog + 1).Select(i => $"bulk {i}")], world.Attempts);
    }

    [Fact]
    public async Task What_a_busy_mailbox_was_never_told_of_comes_in_its_turn()
    {
        await using var world = await ScheduledWorld.StartAsync(await _database.NewAsync());
        var arrived = new Arrivals<RawSip>("the edge");
        var edge = world.Edge(arrived.Add);
        await ScheduledWorld.RegisterAtAsync(edge, A);
        await world.SendAsync(A, MessageLane.Bulk, "told of", idle: false);
        var underWay = await arrived.NextAsync(TestContext.Current.CancellationToken);
        await world.StoreAsync(1, (row, _) => (row.Recipient, row.Text) = (A, "its ring was lost"));
        await world.SendAsync(A, MessageLane.Bulk, "told of later", idle: false);

        await world.LookAsync(busy: A);

        await ScheduledWorld.AcknowledgeAsync(edge, underWay);
        foreach (var text in (string[])["its ring was lost", "told of later"])
        {
            var next = await arrived.NextAsync(TestContext.Current.CancellationToken);
            Assert.Equal(text, ScheduledWorld.TextOf(next));
            await ScheduledWorld.AcknowledgeAsync(edge, next);
        }
        await world.ConcludedAsync(3);
    }

    internal static void IsGolden(ScheduledWorld world, string name)
    {
        var file = Path.Combine(Repository.Root, "tests", "Gateway.Tests", "Delivery", "golden", $"{name}.txt");
        var trace = world.ToString();
        if (Environment.GetEnvironmentVariable("UPDATE_CONTRACTS") == "1") File.WriteAllText(file, trace);
        Assert.Equal(File.Exists(file) ? File.ReadAllText(file) : "(not there; UPDATE_CONTRACTS=1 writes it)", trace, ignoreLineEndingDifferences: true);
    }
}

public sealed class SqliteSchedulingTests() : SchedulingTests(cluster: null);

/// <summary>The same traces: how messages are scheduled is no matter of the database.</summary>
[Trait("Category", "Postgres")]
public sealed class PostgresSchedulingTests(PostgresCluster cluster) : SchedulingTests(cluster);
