using System.Net;
using Gateway.Tests.Store;
using Gateway.Tests.Support;
using Npgsql;
using Xunit;

namespace Gateway.Tests.EndToEnd;

/// <summary>
/// The gateway's PostgreSQL goes away under it: every face says so in its own words, readiness among them, it goes on by itself when the server is back,
/// and what was answered with status 0 arrives. The server is the test's own.
/// </summary>
[Trait("Category", "Postgres")]
public sealed class StoreLossTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const string Subscriber = "4940100001", Client = "4940100002", Absent = "4940100003";
    private const int Handsets = 6, Cuts = 8, EventsACut = 80;

    private readonly PostgresCluster _cluster = new();
    private GatewayProcess? _gateway;
    private WebhookReceiver? _webhooks;
    private string _connection = "";
    private bool _stopped;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
    private GatewayProcess Gateway => _gateway!;

    public async ValueTask InitializeAsync()
    {
        _connection = await _cluster.NewDatabaseAsync(Cancel);
        _webhooks = await WebhookReceiver.StartAsync(Cancel);
        _gateway = await GatewayProcess.StartAsync(Cancel, null, ("Store__Provider", "Postgres"), ("Store__ConnectionString", _connection),
            ("Accounts__0__DeliveryReceiptUrl", _webhooks.ReceiptUrl), ("Accounts__0__InboundUrl", _webhooks.InboundUrl));
    }

    public async ValueTask DisposeAsync()
    {
        if (_gateway is not null) await _gateway.DisposeAsync();
        if (_webhooks is not null) await _webhooks.DisposeAsync();
        if (_stopped) await _cluster.StartAsync(CancellationToken.None); // its end is a crash of a server that runs
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task A_server_that_is_gone_is_told_honestly_and_nothing_accepted_is_lost()
    {
        // Who it is is told by the network; who the client is only the store knows.
        await using var handset = new RawUe(Subscriber, Gateway.Sip, originating: $"P-Asserted-Identity: <sip:+{Subscriber}@{GatewayProcess.Domain}>");
        await using var client = new RawUe(Client, Gateway.Sip);
        await handset.RegisterAsync(Cancel);
        await client.RegisterAsync(Cancel, RawUe.OttTags);
        for (var i = 1; i <= 20; i++) await Gateway.SendSmsAsync(Absent, $"before {i}", Cancel);

        await _cluster.CrashAsync(Cancel);
        _stopped = true;
        Assert.Equal("5", (await SendAsync(Subscriber, "never")).Status);
        var text = await client.SendTextAsync(Subscriber, "never", Cancel);
        Assert.Equal((503, "5"), (text.Status, text["Retry-After"]));
        var (callId, taken) = await handset.SendRpAsync(Pdu.RpData(7, Pdu.Submits(Client, "never", 7, false).First()), Cancel);
        var report = await handset.ReportAsync(callId, Cancel);
        Assert.Equal((202, true, (byte)41), (taken.Status, report.IsError, report.Cause)); // temporary failure; 42 is congestion
        await Deadline.UntilAsync(async () => await ReadinessAsync() == HttpStatusCode.ServiceUnavailable, () => "it says that it is not ready", Cancel);

        await _cluster.StartAsync(Cancel);
        _stopped = false;
        await Deadline.UntilAsync(async () => await ReadinessAsync() == HttpStatusCode.OK, () => "it is ready again", Cancel, Deadline.Start);
        await Gateway.SendSmsAsync(Subscriber, "after", Cancel);
        Assert.Equal("after", (await handset.SmsAsync(Cancel)).Tpdu.Text);
        await using var absent = new RawUe(Absent, Gateway.Sip);
        await absent.RegisterAsync(Cancel);
        for (var i = 1; i <= 20; i++) Assert.Equal($"before {i}", (await absent.SmsAsync(Cancel)).Tpdu.Text);
    }

    [Fact]
    public async Task A_report_that_comes_while_the_server_is_gone_is_kept_until_it_is_back()
    {
        await using var handset = new RawUe(Subscriber, Gateway.Sip); // whose it is only the store knows
        await handset.RegisterAsync(Cancel);
        handset.Report = _ => null;
        var id = await Gateway.SendSmsAsync(Subscriber, "once", Cancel);
        var sms = await handset.SmsAsync(Cancel);

        await _cluster.CrashAsync(Cancel);
        _stopped = true;
        var reporting = handset.SendRpAsync(Pdu.RpAck(sms.Rp.Reference), Cancel, inReplyTo: sms.Message["Call-ID"]);
        await Deadline.UntilAsync(async () => await ReadinessAsync() == HttpStatusCode.ServiceUnavailable, () => "it says that it is not ready", Cancel);
        Assert.False(reporting.IsCompleted);
        await _cluster.StartAsync(Cancel);
        _stopped = false;

        Assert.Equal(202, (await reporting).Response.Status);
        Assert.Equal("delivered", (await _webhooks!.ReceiptAsync(id, Cancel))["status"]);
    }

    /// <summary>
    /// The server lives, and cuts all connections again and again (a fail-over, an administrator, a firewall). Nobody's messages, reports or receipts
    /// may suffer: what is displayed is displayed once, since a report that is lost would bring the message again.
    /// </summary>
    [Fact]
    public async Task Connections_that_are_cut_under_load_cost_nothing()
    {
        var audit = new DeliveryAudit(trust: TimeSpan.Zero);
        audit.Watch(_webhooks!);
        var handsets = Enumerable.Range(0, Handsets).Select(i => new RawUe($"{4940300000 + i}", Gateway.Sip)).ToList();
        try
        {
            foreach (var handset in handsets)
            {
                audit.Watch(handset);
                await handset.RegisterAsync(Cancel);
            }
            var load = new AuditedLoad(audit, _ => Gateway);
            using var stop = new CancellationTokenSource();
            var sending = handsets.Select(handset => load.SendAsync(handset, stop.Token, Cancel))
                .Append(load.SubmitAsync(handsets[0], stop.Token, Cancel)).ToList();
            await using var server = NpgsqlDataSource.Create($"{_connection};Pooling=false");
            for (var cut = 0; cut < Cuts; cut++)
            {
                await audit.EventsAsync(EventsACut, Cancel);
                await using var command = server.CreateCommand(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
                Assert.InRange((long)(await command.ExecuteScalarAsync(Cancel))!, 1, 200);
                // A commit between two cuts: five cuts of one transaction are an outage, and are told as one.
                await Gateway.SendSmsAsync(Absent, $"after cut {cut}", Cancel);
            }
            await stop.CancelAsync();
            await Task.WhenAll(sending);
            await audit.ToldAsync(Cancel);
            Assert.Contains("none lost, 0 displayed again that were under way, 0 webhooks pushed again", audit.Check(), StringComparison.Ordinal);
        }
        finally
        {
            foreach (var handset in handsets) await handset.DisposeAsync();
            output.WriteLine(Gateway.Output);
        }
    }

    private async Task<HttpStatusCode> ReadinessAsync()
    {
        using var response = await Gateway.Http.GetAsync("/healthz/ready", Cancel);
        return response.StatusCode;
    }

    private async Task<SentSms> SendAsync(string to, string text) => Assert.Single(await Gateway.SendAsync(Cancel,
        ("api_key", GatewayProcess.ApiKey), ("api_secret", GatewayProcess.ApiSecret), ("from", "Bank"), ("to", to), ("text", text)));
}
