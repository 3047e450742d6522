using System.Net;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.EndToEnd;

/// <summary>What a carrier has taken waits for its receipts, and keeps nothing behind it.</summary>
public sealed class CarrierHandoverTests : IAsyncLifetime
{
    private const string Recipient = "447700900001";

    private WebhookReceiver? _carrier;
    private GatewayProcess? _gateway;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
    private WebhookReceiver Carrier => _carrier!;
    private GatewayProcess Gateway => _gateway!;

    public async ValueTask InitializeAsync()
    {
        _carrier = await WebhookReceiver.StartAsync(Cancel);
        _gateway = await GatewayProcess.StartAsync(Cancel, null,
            ("Carriers__0__Name", "vonage"), ("Carriers__0__BaseUrl", Carrier.Url), ("Carriers__0__Prefixes__0", "44"),
            ("Carriers__0__ApiKey", "key"), ("Carriers__0__ApiSecret", "secret"), ("Accounts__0__DeliveryReceiptUrl", Carrier.ReceiptUrl));
    }

    public async ValueTask DisposeAsync()
    {
        if (_gateway is not null) await _gateway.DisposeAsync();
        if (_carrier is not null) await _carrier.DisposeAsync();
    }

    [Fact]
    public async Task Hundreds_without_a_receipt_keep_nothing_behind_them()
    {
        Carrier.Reply = _ => """{"messages":[{"status":"0","message-id":"A"}]}""";
        const int pageAndSome = 205;
        for (var i = 0; i < pageAndSome; i++) await Gateway.SendSmsAsync(Recipient, "before", Cancel);
        for (var i = 0; i < pageAndSome; i++) await TakenAsync("before");
        await Gateway.KillAsync();
        await Gateway.StartAsync(Cancel);

        await Gateway.SendSmsAsync(Recipient, "after", Cancel);
        await TakenAsync("after");
    }

    [Fact]
    public async Task Receipts_for_two_parts_at_once_conclude_both()
    {
        Carrier.Reply = _ => """{"messages":[{"status":"0","message-id":"A"},{"status":"0","message-id":"B"}]}""";
        var sent = await Gateway.SendAsync(Cancel, ("api_key", GatewayProcess.ApiKey), ("api_secret", GatewayProcess.ApiSecret), ("from", "Bank"),
            ("to", Recipient), ("text", new string('x', 200)), ("status-report-req", "1"));
        Assert.Equal(2, sent.Count);
        var reference = (await TakenAsync(new string('x', 200)))["client-ref"]!;

        await Task.WhenAll(ReceiptAsync(reference, "A"), ReceiptAsync(reference, "B"));

        foreach (var segment in sent) Assert.Equal("delivered", (await Carrier.ReceiptAsync(segment.MessageId!, Cancel))["status"]);
    }

    private Task<ReceivedWebhook> TakenAsync(string text) =>
        Carrier.Received.NextAsync(request => request.Path == "/sms/json" && request["text"] == text, Cancel);

    /// <summary>As a carrier sends it: again while it is told to come back later.</summary>
    private Task ReceiptAsync(string reference, string part) => Deadline.UntilAsync(async () =>
    {
        using var response = await Gateway.Http.GetAsync(
            $"/webhooks/vonage/delivery-receipt?client-ref={reference}&messageId={part}&status=delivered&err-code=0", Cancel);
        Assert.Contains(response.StatusCode, new[] { HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable });
        return response.StatusCode == HttpStatusCode.OK;
    }, () => $"the receipt of part {part} is taken", Cancel);
}
