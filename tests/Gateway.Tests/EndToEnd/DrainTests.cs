using System.Net;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.EndToEnd;

/// <summary>
/// SIGTERM while a message is under way:
/// <code>
///  gateway ── MESSAGE(RP-DATA) ──► UE ── 200 ──►      SIGTERM      readiness 503, POST 503, MESSAGE 503
///  gateway ◄───────── MESSAGE(RP-ACK) ── UE           concluded, exit 0
/// </code>
/// </summary>
public sealed class DrainTests
{
    private const string Subscriber = "4940100001";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_under_way_is_concluded_and_nothing_new_is_taken()
    {
        await using var gateway = await GatewayProcess.StartAsync(Cancel, null, ("Delivery__DrainSeconds", "60"));
        await using var ue = new RawUe(Subscriber, gateway.Sip) { Report = _ => null };
        await using var client = new RawUe("4940100002", gateway.Sip);
        await ue.RegisterAsync(Cancel);
        await client.RegisterAsync(Cancel, RawUe.OttTags);
        await gateway.SendSmsAsync(Subscriber, "under way", Cancel);
        await gateway.SendSmsAsync(Subscriber, "behind it", Cancel);
        var sms = await ue.SmsAsync(Cancel);

        var stopped = gateway.StopAsync(Cancel);
        await NotReadyAsync(gateway);

        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["api_key"] = GatewayProcess.ApiKey, ["api_secret"] = GatewayProcess.ApiSecret, ["from"] = "Bank", ["to"] = Subscriber, ["text"] = "too late",
        });
        using var refused = await gateway.Http.PostAsync("/sms/json", form, Cancel);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "5"), (refused.StatusCode, refused.Headers.RetryAfter?.ToString()));
        Assert.Contains("\"status\": \"5\"", await refused.Content.ReadAsStringAsync(Cancel));
        var text = await client.SendTextAsync(Subscriber, "too late", Cancel);
        var (_, submit) = await ue.SendRpAsync(Pdu.RpData(9, Pdu.Submits("4940100002", "too late", 9, false).First()), Cancel);
        Assert.Equal((503, "5", 503, "5"), (text.Status, text["Retry-After"], submit.Status, submit["Retry-After"]));
        Assert.False(stopped.IsCompleted);

        await ue.SendRpAsync(Pdu.RpAck(sms.Rp.Reference), Cancel, inReplyTo: sms.Message["Call-ID"]);
        Assert.Equal(0, await stopped);

        // Concluded: only what was behind it comes after the next start.
        ue.Report = rp => Pdu.RpAck(rp.Reference);
        await gateway.StartAsync(Cancel);
        Assert.Equal("behind it", (await ue.SmsAsync(Cancel)).Tpdu.Text);
    }

    [Fact]
    public async Task What_is_not_concluded_in_time_is_released_and_comes_after_the_next_start()
    {
        await using var gateway = await GatewayProcess.StartAsync(Cancel, null, ("Delivery__DrainSeconds", "1"));
        await using var ue = new RawUe(Subscriber, gateway.Sip) { Report = _ => null };
        await ue.RegisterAsync(Cancel);
        await gateway.SendSmsAsync(Subscriber, "again", Cancel);
        var first = await ue.SmsAsync(Cancel);

        Assert.Equal(0, await gateway.StopAsync(Cancel));
        ue.Report = rp => Pdu.RpAck(rp.Reference);
        await gateway.StartAsync(Cancel);

        var second = await ue.SmsAsync(Cancel);
        Assert.Equal(("again", first.Rp.Reference), (second.Tpdu.Text, second.Rp.Reference));
    }

    private static Task NotReadyAsync(GatewayProcess gateway) => Deadline.UntilAsync(async () =>
    {
        using var response = await gateway.Http.GetAsync("/healthz/ready", Cancel);
        return response.StatusCode == HttpStatusCode.ServiceUnavailable;
    }, () => "readiness says no", Cancel);
}
