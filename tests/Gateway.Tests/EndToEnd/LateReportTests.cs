using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.EndToEnd;

/// <summary>Handsets whose RP-ACK comes when nobody waits for it any more, or comes twice.</summary>
public sealed class LateReportTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_late_RP_ACK_delivers_and_a_second_one_changes_nothing()
    {
        await using var webhooks = await WebhookReceiver.StartAsync(Cancel);
        await using var gateway = await GatewayProcess.StartAsync(Cancel, null, ("Accounts__0__DeliveryReceiptUrl", webhooks.ReceiptUrl),
            ("Delivery__ReportTimeoutSeconds", "1"), ("Delivery__RetrySeconds", "3600"));
        await using var ue = new RawUe("4940100001", gateway.Sip);
        ue.Report = _ => null;
        await ue.RegisterAsync(Cancel);
        var late = await gateway.SendSmsAsync(ue.Number, "late", Cancel);
        var behind = await gateway.SendSmsAsync(ue.Number, "behind it", Cancel);
        var shown = await ue.SmsAsync(Cancel);
        await gateway.SaysAsync($"{late} to {ue.Number}: no RP-ACK", Cancel);

        await ReportAsync(Pdu.RpError(shown.Rp.Reference, 111)); // changes no plan
        ue.Report = rp => Pdu.RpAck(rp.Reference);
        await ReportAsync(Pdu.RpAck(shown.Rp.Reference));
        Assert.Equal("delivered", (await webhooks.ReceiptAsync(late, Cancel))["status"]);
        Assert.Equal("behind it", (await ue.SmsAsync(Cancel)).Tpdu.Text); // at once, not by the schedule
        Assert.Equal("delivered", (await webhooks.ReceiptAsync(behind, Cancel))["status"]);

        await ReportAsync(Pdu.RpAck(shown.Rp.Reference));
        await ReportAsync(Pdu.RpError(shown.Rp.Reference, 95));
        var last = await gateway.SendSmsAsync(ue.Number, "last", Cancel);
        Assert.Equal("last", (await ue.SmsAsync(Cancel)).Tpdu.Text);
        Assert.Equal("delivered", (await webhooks.ReceiptAsync(last, Cancel))["status"]);
        Assert.Empty(webhooks.Received.Snapshot());

        async Task ReportAsync(byte[] report)
        {
            var (_, response) = await ue.SendRpAsync(report, Cancel, inReplyTo: shown.Message["Call-ID"]);
            Assert.InRange(response.Status, 200, 202);
        }
    }

    [Fact]
    public async Task Without_In_Reply_To_the_RP_MR_tells_whose_report_it_is()
    {
        await using var webhooks = await WebhookReceiver.StartAsync(Cancel);
        await using var gateway = await GatewayProcess.StartAsync(Cancel, null, ("Accounts__0__DeliveryReceiptUrl", webhooks.ReceiptUrl),
            ("Delivery__ReportTimeoutSeconds", "1"), ("Delivery__RetrySeconds", "3600"));
        await using var ue = new RawUe("4940100001", gateway.Sip);
        ue.Report = _ => null;
        await ue.RegisterAsync(Cancel);
        var late = await gateway.SendSmsAsync(ue.Number, "late", Cancel);
        var shown = await ue.SmsAsync(Cancel);
        await gateway.SaysAsync($"{late} to {ue.Number}: no RP-ACK", Cancel);

        await ue.SendRpAsync(Pdu.RpAck((byte)(shown.Rp.Reference + 1)), Cancel);
        await ue.SendRpAsync(Pdu.RpAck(shown.Rp.Reference), Cancel);

        Assert.Equal("delivered", (await webhooks.ReceiptAsync(late, Cancel))["status"]);
    }
}
