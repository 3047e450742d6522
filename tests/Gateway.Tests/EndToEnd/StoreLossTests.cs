using System.Net;
using Gateway.Tests.Store;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.EndToEnd;

/// <summary>
/// The gateway's PostgreSQL goes away under it: every face says so in its own words, readiness among them, it goes on by itself when the server is back,
/// and what was answered with status 0 arrives. The server is the test's own.
/// </summary>
[Trait("Category", "Postgres")]
public sealed class StoreLossTests : IAsyncLifetime
{
    private const string Subscriber = "4940100001", Client = "4940100002", Absent = "4940100003";

    private readonly PostgresCluster _cluster = new();
    private GatewayProcess? _gateway;
    private bool _stopped;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
    private GatewayProcess Gateway => _gateway!;

    public async ValueTask InitializeAsync()
    {
        var connection = await _cluster.NewDatabaseAsync(Cancel);
        _gateway = await GatewayProcess.StartAsync(Cancel, null, ("Store__Provider", "Postgres"), ("Store__ConnectionString", connection));
    }

    public async ValueTask DisposeAsync()
    {
        if (_gateway is not null) await _gateway.DisposeAsync();
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

    private async Task<HttpStatusCode> ReadinessAsync()
    {
        using var response = await Gateway.Http.GetAsync("/healthz/ready", Cancel);
        return response.StatusCode;
    }

    private async Task<SentSms> SendAsync(string to, string text) => Assert.Single(await Gateway.SendAsync(Cancel,
        ("api_key", GatewayProcess.ApiKey), ("api_secret", GatewayProcess.ApiSecret), ("from", "Bank"), ("to", to), ("text", text)));
}
