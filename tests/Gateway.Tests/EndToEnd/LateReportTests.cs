using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.EndToEnd;

/// <summary>Handsets whose RP-ACK comes when nobody waits for it any more, or comes twice.</summary>
public sealed class LateReportTests : IAsyncLifetime
{
    private WebhookReceiver? _webhooks;
    private GatewayProcess? _gateway;
    private RawUe? _ue;
    private ReceivedSms? _shown;
    private string _late = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
    private WebhookReceiver Webhooks => _webhooks!;
    private GatewayProcess Gateway => _gateway!;
    private RawUe Ue => _ue!;
    private ReceivedSms Shown => _shown!;

    /// <summary>A message has been shown, and its report was waited for in vain.</summary>
    public async ValueTask InitializeAsync()
    {
        _webhooks = await WebhookReceiver.StartAsync(Cancel);
        _gateway = await GatewayProcess.StartAsync(Cancel, null, ("Accounts__0__DeliveryReceiptUrl", Webhooks.ReceiptUrl),
            ("Delivery__ReportTimeoutSeconds", "1"), ("Delivery__RetrySeconds", "3600"));
        _ue = new RawUe("4940100001", Gateway.Sip) { Report = _ => null };
        await Ue.RegisterAsync(Cancel);
        _late = await Gateway.SendSmsAsync(Ue.Number, "late", Cancel);
        _shown = await Ue.SmsAsync(Cancel);
        await Gateway.SaysAsync($"{_late} to {Ue.Number}: no RP-ACK", Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        if (_ue is not null) await _ue.DisposeAsync();
        if (_gateway is not null) await _gateway.DisposeAsync();
        if (_webhooks is not null) await _webhooks.DisposeAsync();
    }

    [Fact]
    public async Task A_late_RP_ACK_delivers_and_a_second_one_changes_nothing()
    {
        var behind = await Gateway.SendSmsAsync(Ue.Number, "behind it", Cancel);

        await ReportAsync(Pdu.RpError(Shown.Rp.Reference, 111)); // changes no plan
        Ue.Report = rp => Pdu.RpAck(rp.Reference);
        await ReportAsync(Pdu.RpAck(Shown.Rp.Reference));
        Assert.Equal("delivered", (await Webhooks.ReceiptAsync(_late, Cancel))["status"]);
        Assert.Equal("behind it", (await Ue.SmsAsync(Cancel)).Tpdu.Text); // at once, not by the schedule
        Assert.Equal("delivered", (await Webhooks.ReceiptAsync(behind, Cancel))["status"]);

        await ReportAsync(Pdu.RpAck(Shown.Rp.Reference));
        await ReportAsync(Pdu.RpError(Shown.Rp.Reference, 95));
        var last = await Gateway.SendSmsAsync(Ue.Number, "last", Cancel);
        Assert.Equal("last", (await Ue.SmsAsync(Cancel)).Tpdu.Text);
        Assert.Equal("delivered", (await Webhooks.ReceiptAsync(last, Cancel))["status"]);
        Assert.Empty(Webhooks.Received.Snapshot());

        async Task ReportAsync(byte[] report)
        {
            var (_, response) = await Ue.SendRpAsync(report, Cancel, inReplyTo: Shown.Message["Call-ID"]);
            Assert.InRange(response.Status, 200, 202);
        }
    }

    [Fact]
    public async Task Without_In_Reply_To_the_RP_MR_tells_whose_report_it_is()
    {
        await Ue.SendRpAsync(Pdu.RpAck((byte)(Shown.Rp.Reference + 1)), Cancel);
        await Ue.SendRpAsync(Pdu.RpAck(Shown.Rp.Reference), Cancel);

        Assert.Equal("delivered", (await Webhooks.ReceiptAsync(_late, Cancel))["status"]);
    }
}
