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
public sealed class StoreLossTests : IAsyncLifetime
{
    private const string Subscriber = "4940100001", Client = "4940100002", Absent = "4940100003";

    private readonly PostgresCluster _cluster = new();
    private GatewayProcess? _gateway;
    private string _connection = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
    private GatewayProcess Gateway => _gateway!;

    public async ValueTask InitializeAsync()
    {
        _connection = await _cluster.NewDatabaseAsync(Cancel);
        _gateway = await GatewayProcess.StartAsync(Cancel, null, ("Store__Provider", "Postgres"), ("Store__ConnectionString", _connection));
    }

    public async ValueTask DisposeAsync()
    {
        if (_gateway is not null) await _gateway.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task A_server_that_is_gone_is_told_honestly_and_nothing_accepted_is_lost()
    {
        await using var handset = new RawUe(Subscriber, Gateway.Sip);
        await using var client = new RawUe(Client, Gateway.Sip);
        await handset.RegisterAsync(Cancel);
        await client.RegisterAsync(Cancel, RawUe.OttTags);
        for (var i = 1; i <= 20; i++) await Gateway.SendSmsAsync(Absent, $"before {i}", Cancel);

        await _cluster.CrashAsync(Cancel);
        Assert.Equal("5", (await SendAsync(Subscriber, "never")).Status);
        var text = await client.SendTextAsync(Subscriber, "never", Cancel);
        Assert.Equal((503, "5"), (text.Status, text["Retry-After"]));
        var (callId, taken) = await handset.SendRpAsync(Pdu.RpData(7, Pdu.Submits(Client, "never", 7, false).First()), Cancel);
        var report = await handset.ReportAsync(callId, Cancel);
        Assert.Equal((202, true, (byte)42), (taken.Status, report.IsError, report.Cause));
        await Deadline.UntilAsync(async () => await ReadinessAsync() == HttpStatusCode.ServiceUnavailable, () => "it says that it is not ready", Cancel);

        await _cluster.StartAsync(Cancel);
        await Deadline.UntilAsync(async () => await ReadinessAsync() == HttpStatusCode.OK, () => "it is ready again", Cancel, Deadline.Start);
        await Gateway.SendSmsAsync(Subscriber, "after", Cancel);
        Assert.Equal("after", (await handset.SmsAsync(Cancel)).Tpdu.Text);
        await using var absent = new RawUe(Absent, Gateway.Sip);
        await absent.RegisterAsync(Cancel);
        for (var i = 1; i <= 20; i++) Assert.Equal($"before {i}", (await absent.SmsAsync(Cancel)).Tpdu.Text);
    }

    [Fact]
    public async Task Connections_that_are_cut_under_load_cost_refusals_and_no_message()
    {
        await using var handset = new RawUe(Subscriber, Gateway.Sip);
        await handset.RegisterAsync(Cancel);
        var accepted = new List<string>();
        await using var server = NpgsqlDataSource.Create(_connection);
        for (var cut = 0; cut < 5; cut++)
        {
            var sending = Task.WhenAll(Enumerable.Range(0, 40).Select(i => $"cut {cut} message {i}").Select(async text =>
            {
                var sent = await SendAsync(Subscriber, text);
                Assert.Contains(sent.Status, new[] { "0", "5" });
                if (sent.Status == "0") lock (accepted) accepted.Add(text);
            }));
            await using (var command = server.CreateCommand(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"))
                Assert.InRange((long)(await command.ExecuteScalarAsync(Cancel))!, 1, 200);
            await sending;
            await Deadline.UntilAsync(async () => (await SendAsync(Absent, "is it back")).Status == "0", () => "messages are taken again", Cancel);
        }

        var shown = new HashSet<string>();
        while (!accepted.TrueForAll(shown.Contains)) shown.Add((await handset.SmsAsync(Cancel, Deadline.Start)).Tpdu.Text);
        Assert.NotEmpty(accepted);
    }

    private async Task<HttpStatusCode> ReadinessAsync()
    {
        using var response = await Gateway.Http.GetAsync("/healthz/ready", Cancel);
        return response.StatusCode;
    }

    private async Task<SentSms> SendAsync(string to, string text) => Assert.Single(await Gateway.SendAsync(Cancel,
        ("api_key", GatewayProcess.ApiKey), ("api_secret", GatewayProcess.ApiSecret), ("from", "Bank"), ("to", to), ("text", text)));
}
