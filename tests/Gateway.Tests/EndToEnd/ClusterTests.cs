using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Gateway.Tests.Store;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.EndToEnd;

/// <summary>
/// Several nodes on one PostgreSQL. The handsets' registrar is the first node, as an S-CSCF's trigger would name one: so what they report comes to
/// it, whichever node sent them the message.
/// </summary>
[Trait("Category", "Postgres")]
public sealed class ClusterTests(PostgresCluster database, ITestOutputHelper output) : IAsyncLifetime
{
    private readonly List<GatewayProcess> _nodes = [];
    private readonly List<RawUe> _handsets = [];
    private WebhookReceiver? _webhooks;
    private string _connection = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _webhooks = await WebhookReceiver.StartAsync(Cancel);
        _connection = await database.NewDatabaseAsync(Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        if (TestContext.Current.TestState?.Result == TestResult.Failed)
            foreach (var node in _nodes) output.WriteLine($"node at {node.SipPort}:\n{node.Output}");
        foreach (var handset in _handsets) await handset.DisposeAsync();
        foreach (var node in _nodes) await node.DisposeAsync();
        if (_webhooks is not null) await _webhooks.DisposeAsync();
    }

    [Fact]
    public async Task Messages_given_to_any_node_arrive_in_order_and_are_told_of_once()
    {
        var nodes = await StartAsync(3);
        var handset = NewHandset("4940200001", nodes[0]);
        var ids = new List<string> { await nodes[1].SendSmsAsync("4940200001", "the mailbox is at the second node", Cancel) };
        await handset.RegisterAsync(Cancel);
        await handset.SmsAsync(Cancel);
        for (var i = 0; i < 12; i++)
        {
            ids.Add(await nodes[i % 3].SendSmsAsync(handset.Number, $"text {i}", Cancel));
            Assert.Equal($"text {i}", (await handset.SmsAsync(Cancel)).Tpdu.Text);
        }
        foreach (var id in ids) Assert.Equal("delivered", (await _webhooks!.ReceiptAsync(id, Cancel))["status"]);
        Assert.Empty(_webhooks!.Received.Snapshot());
        Assert.Equal(ids.Count, ids.Distinct().Count());

        Assert.All(await handset.SubmitAsync(GatewayProcess.ApplicationNumber, "hello", Cancel), report => Assert.True(report.IsAck));
        Assert.Equal("hello", (await _webhooks.InboundAsync(handset.Number, Cancel))["text"]);
    }

    [Fact]
    public async Task What_a_killed_node_had_under_way_is_served_by_the_others_within_five_seconds()
    {
        var nodes = await StartAsync(3);
        var (handset, id, serving) = await UnderWayElsewhereAsync(nodes);

        var killed = Stopwatch.GetTimestamp();
        await serving.KillAsync();
        Assert.Equal("under way", (await handset.SmsAsync(Cancel)).Tpdu.Text);
        var served = Stopwatch.GetElapsedTime(killed);
        Assert.Equal("delivered", (await _webhooks!.ReceiptAsync(id, Cancel))["status"]);

        Console.WriteLine($"figure: a killed node's message was sent again by another node {served.TotalSeconds:F1} s later");
        Assert.InRange(served.TotalSeconds, 0, 5);
    }

    [Fact]
    public async Task Nothing_accepted_is_lost_when_a_node_is_killed_under_load_and_another_one_added()
    {
        const int Handsets = 30, Rounds = 20;
        var nodes = await StartAsync(3);
        var handsets = new List<RawUe>();
        var accepted = new ConcurrentDictionary<string, string>(); // id, number and text
        for (var i = 0; i < Handsets; i++)
        {
            handsets.Add(NewHandset($"49402001{i:00}", nodes[0]));
            var text = $"{handsets[i].Number} first"; // a mailbox starts where its first message was given
            accepted[await nodes[i % 3].SendSmsAsync(handsets[i].Number, text, Cancel)] = text;
        }
        await Task.WhenAll(handsets.Select(handset => handset.RegisterAsync(Cancel)));
        var killing = new TaskCompletionSource();
        var sending = handsets.Select((handset, at) => Task.Run(async () =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                if (round == Rounds / 2 && at == 0) killing.SetResult();
                var text = $"{handset.Number} {round.ToString(CultureInfo.InvariantCulture)}";
                try
                {
                    accepted[await nodes[(at + round) % 3].SendSmsAsync(handset.Number, text, Cancel)] = text;
                }
                catch (HttpRequestException)
                {
                    // The killed node's: it has promised nothing.
                }
            }
        }, Cancel)).ToList();
        await killing.Task;
        await nodes[1].KillAsync();
        var added = await NewNodeAsync();
        await Task.WhenAll(sending);
        for (var i = 0; i < Handsets; i++)
        {
            var text = $"{handsets[i].Number} added";
            accepted[await added.SendSmsAsync(handsets[i].Number, text, Cancel)] = text;
        }

        // Every one of them has its receipt, and so was shown; what was shown more than once was under way when the node died.
        foreach (var (id, text) in accepted)
        {
            var receipt = await _webhooks!.ReceiptAsync(id, Cancel, TimeSpan.FromSeconds(60));
            Assert.True(receipt["status"] == "delivered", $"{text}: {receipt}");
        }
        var shown = handsets.SelectMany(handset => handset.Requests.Snapshot().Where(request => request is { IsMessage: true, Is3gppSms: true })
            .Select(request => RpMessage.Read(request.Body)).Where(rp => rp.IsData).Select(rp => SmsTpdu.Read(rp.Tpdu).Text)).ToList();
        Assert.Empty(accepted.Values.Except(shown));
        var (shownAgain, toldAgain) = (shown.Count - shown.Distinct().Count(), _webhooks!.Received.Snapshot().Count);
        Console.WriteLine($"figure: {accepted.Count} messages accepted around a killed node: all shown, {shownAgain} shown again, {toldAgain} receipts repeated");
        Assert.InRange(shownAgain, 0, Handsets); // one under way for each recipient
        // A webhook whose answer the killed node could not write down any more is pushed again.
        Assert.All(_webhooks.Received.Snapshot(), again => Assert.Contains(again["messageId"]!, accepted.Keys));
        Assert.InRange(toldAgain, 0, 64);
    }

    [Fact]
    public async Task One_node_watches_a_subscriber_and_another_does_when_it_is_killed()
    {
        await using var network = new RawUe("4940200003", new(System.Net.IPAddress.Loopback, FreePort.Next()));
        var (core, watching) = (network.Contact.Split('@')[1], ("Sip__Watch__SettleMilliseconds", (string?)"0"));
        network.Answer = request => request.Method == "SUBSCRIBE" ? "200 OK\r\nExpires: 600" : "200 OK";
        var nodes = await StartAsync(2, ("Sip__OutboundProxy", $"sip:{core};lr"), watching);

        await nodes[0].SendSmsAsync("4940200004", "nobody there", Cancel);
        var first = await network.Requests.NextAsync(request => request.Method == "SUBSCRIBE", Cancel);
        Assert.Contains($":{nodes[0].SipPort}", first["Contact"], StringComparison.Ordinal);
        await Deadline.UntilAsync(async () => await OwnersAsync() == 1, () => "the watch is written down", Cancel);
        await nodes[1].SendSmsAsync("4940200004", "still nobody", Cancel);

        await nodes[0].KillAsync();
        var second = await network.Requests.NextAsync(request => request.Method == "SUBSCRIBE", Cancel);
        Assert.Contains($":{nodes[1].SipPort}", second["Contact"], StringComparison.Ordinal);
        Assert.Contains("4940200004", second.StartLine, StringComparison.Ordinal);
    }

    /// <summary>
    /// A message that was shown, and whose word from the handset a node other than the first waits for. Usually that is the node it was given to;
    /// another one's sweep may have been faster.
    /// </summary>
    private async Task<(RawUe Handset, string Id, GatewayProcess Serving)> UnderWayElsewhereAsync(IReadOnlyList<GatewayProcess> nodes)
    {
        for (var number = 4940200010; ; number++)
        {
            var handset = NewHandset(number.ToString(CultureInfo.InvariantCulture), nodes[0]);
            var asked = 0;
            handset.Report = rp => Interlocked.Increment(ref asked) == 1 ? null : Pdu.RpAck(rp.Reference);
            var id = await nodes[2].SendSmsAsync(handset.Number, "under way", Cancel);
            await handset.RegisterAsync(Cancel);
            var via = (await handset.SmsAsync(Cancel)).Message["Via"]!;
            await Deadline.UntilAsync(() => Task.FromResult(Volatile.Read(ref asked) == 1), () => "the handset keeps silent", Cancel);
            if (nodes.Skip(1).FirstOrDefault(node => via.Contains($":{node.SipPort}", StringComparison.Ordinal)) is { } serving)
                return (handset, id, serving);
        }
    }

    private async Task<int> OwnersAsync()
    {
        await using var connection = new Npgsql.NpgsqlConnection(_connection);
        await connection.OpenAsync(Cancel);
        await using var command = new Npgsql.NpgsqlCommand("SELECT count(*)::int FROM \"Watches\"", connection);
        return (int)(await command.ExecuteScalarAsync(Cancel))!;
    }

    private async Task<IReadOnlyList<GatewayProcess>> StartAsync(int count, params (string Key, string? Value)[] settings)
    {
        for (var i = 0; i < count; i++) await NewNodeAsync(settings);
        return [.. _nodes];
    }

    private async Task<GatewayProcess> NewNodeAsync(params (string Key, string? Value)[] settings)
    {
        var node = new GatewayProcess(null, [("Store__Provider", "Postgres"), ("Store__ConnectionString", _connection),
            ("Cluster__Mode", "Postgres"), ("Accounts__0__DeliveryReceiptUrl", _webhooks!.ReceiptUrl),
            ("Accounts__0__InboundUrl", _webhooks.InboundUrl), .. settings]);
        _nodes.Add(node);
        await node.StartAsync(Cancel);
        return node;
    }

    private RawUe NewHandset(string number, GatewayProcess node)
    {
        var handset = new RawUe(number, node.Sip);
        _handsets.Add(handset);
        return handset;
    }
}
