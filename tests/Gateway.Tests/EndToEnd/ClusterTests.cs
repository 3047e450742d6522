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
    public async Task Nothing_is_lost_and_only_what_was_under_way_repeated_when_a_node_is_killed_under_load_and_another_one_added()
    {
        const int Handsets = 12, Submitting = 2, EventsBefore = 400, EventsAfter = 600;
        // The others notice within five seconds that a node is gone; then mailboxes begin anew, the living ones' whose directory it kept, too.
        var audit = new DeliveryAudit(trust: TimeSpan.FromSeconds(10), passing: TimeSpan.FromSeconds(5));
        audit.Watch(_webhooks!);
        var nodes = await StartAsync(3);
        // Whoever sent the message, the handset's report goes to the first node.
        var handsets = Enumerable.Range(0, Handsets).Select(i => NewHandset($"49402001{i:00}", nodes[0])).ToList();
        var submitting = Enumerable.Range(0, Submitting).Select(i => NewHandset($"49402002{i:00}", nodes[0])).ToList();
        handsets.ForEach(audit.Watch);
        // A mailbox starts where its first message was given.
        await Task.WhenAll(handsets.Select((handset, i) =>
            new AuditedLoad(audit, _ => nodes[i % 3]).SendAsync(handset, $"{handset.Number} first", Cancel)));
        await Task.WhenAll(handsets.Concat(submitting).Select(handset => handset.RegisterAsync(Cancel)));
        var asked = nodes.ToArray();
        var load = new AuditedLoad(audit, n => asked[n % asked.Length]);
        using var stop = new CancellationTokenSource();
        var sending = handsets.Select(handset => load.SendAsync(handset, stop.Token, Cancel))
            .Concat(submitting.Select(handset => load.SubmitAsync(handset, stop.Token, Cancel))).ToList();

        await audit.EventsAsync(EventsBefore, Cancel);
        // Where the mailboxes are is the nodes' own matter; the one that is killed is to have some.
        var killed = Enumerable.Range(1, 2).MaxBy(node => SentBy(handsets).GetValueOrDefault(node));
        await audit.OutageAsync(nodes[killed].KillAsync);
        await audit.OutageAsync(async () => asked[killed] = await NewNodeAsync());
        await audit.EventsAsync(EventsAfter, Cancel);
        await stop.CancelAsync();
        await Task.WhenAll(sending);
        await audit.ToldAsync(Cancel);

        var figures = audit.Check();
        var senders = SentBy(handsets);
        var elsewhere = senders.Where(node => node.Key != 0).Sum(node => node.Value);
        Console.WriteLine($"figure: three nodes, one killed, one added: {figures}; {elsewhere} of {senders.Values.Sum()} reports came to another node than the sender's");
        Assert.True(senders.GetValueOrDefault(killed) > 0, "the killed node had mailboxes");
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

    /// <summary>How many messages each node has sent to these handsets, by its place among the nodes.</summary>
    private Dictionary<int, int> SentBy(IEnumerable<RawUe> handsets) =>
        handsets.SelectMany(handset => handset.Requests.Snapshot().Where(request => request is { IsMessage: true, Is3gppSms: true }))
            .GroupBy(request => _nodes.FindIndex(node => request["Via"]!.Contains($":{node.SipPort};", StringComparison.Ordinal)))
            .ToDictionary(node => node.Key, node => node.Count());

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
