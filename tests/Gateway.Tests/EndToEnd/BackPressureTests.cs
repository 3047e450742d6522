using Gateway.Tests.Support;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Gateway.Tests.EndToEnd;

/// <summary>
/// Somebody else keeps the database's write lock: the writer is first behind its bound, and then, when its patience is over, without a store. Every
/// face says so in its own words, nothing that was refused is delivered, and when the lock is gone all goes on.
/// </summary>
public sealed class BackPressureTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-pressure-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_writer_behind_its_bound_and_a_store_that_is_away_are_told_honestly()
    {
        const int patience = 12; // seconds, and room for the SIP exchanges below
        var file = Path.Combine(_folder.FullName, "gateway.db");
        await using var gateway = await GatewayProcess.StartAsync(Cancel, null,
            ("Store__ConnectionString", $"Data Source={file};Default Timeout={patience}"), ("Store__MaxPendingWrites", "2"));
        await using var handset = new RawUe("4940100001", gateway.Sip);
        await using var client = new RawUe("4940100002", gateway.Sip);
        await handset.RegisterAsync(Cancel);
        await client.RegisterAsync(Cancel, RawUe.OttTags);

        await using var other = new SqliteConnection($"Data Source={file};Pooling=False");
        await other.OpenAsync(Cancel);
        await using (var transaction = other.BeginTransaction(deferred: false))
        {
            // One is being written and two wait; whatever else comes is refused at once.
            var waiting = new List<Task<SentSms>>();
            SentSms? throttled = null;
            while (throttled is null)
            {
                var sent = SendAsync(gateway, "never");
                if (await Task.WhenAny(sent, Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, Cancel)) == sent) throttled = await sent;
                else waiting.Add(sent);
            }
            Assert.Equal(("1", "Throughput Rate Exceeded - please wait [ 250 ] and retry"), (throttled.Status, throttled.ErrorText));
            Assert.InRange(waiting.Count, 1, 3);

            var text = await client.SendTextAsync("4940100001", "never", Cancel);
            Assert.Equal((503, "5"), (text.Status, text["Retry-After"]));
            var (callId, taken) = await handset.SendRpAsync(Pdu.RpData(7, Pdu.Submits("4940100002", "never", 7, false).First()), Cancel);
            var report = await handset.ReportAsync(callId, Cancel);
            Assert.Equal((202, true, (byte)42), (taken.Status, report.IsError, report.Cause));

            foreach (var sent in waiting) Assert.Equal("5", (await sent).Status);
        }

        await Deadline.UntilAsync(async () => (await SendAsync(gateway, "after")).Status == "0", () => "messages are taken again", Cancel);
        Assert.Equal("after", (await handset.SmsAsync(Cancel)).Tpdu.Text);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task<SentSms> SendAsync(GatewayProcess gateway, string text) => Assert.Single(await gateway.SendAsync(Cancel,
        ("api_key", GatewayProcess.ApiKey), ("api_secret", GatewayProcess.ApiSecret), ("from", "Bank"), ("to", "4940100001"), ("text", text)));
}
