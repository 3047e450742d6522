using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Interop.Tests;

/// <summary>A real Kannel as a carrier: it takes our messages and tells what became of them, and brings those of its service centre.</summary>
[Trait("Category", "Interop")]
public sealed class KannelTests : IAsyncLifetime
{
    private const string Recipient = "447700900001";

    private readonly KannelLab _kannel = new();
    private WebhookReceiver? _customer;
    private GatewayProcess? _gateway;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
    private WebhookReceiver Customer => _customer!;
    private GatewayProcess Gateway => _gateway!;

    public async ValueTask InitializeAsync()
    {
        _customer = await WebhookReceiver.StartAsync(Cancel);
        _gateway = await GatewayProcess.StartAsync(Cancel, null,
            ("Carriers__0__Name", "kannel"), ("Carriers__0__Kind", "Kannel"), ("Carriers__0__BaseUrl", _kannel.Url), ("Carriers__0__Prefixes__0", "44"),
            ("Carriers__0__ApiKey", KannelLab.User), ("Carriers__0__ApiSecret", KannelLab.Password), ("Carriers__0__CallbackUrl", "{urls}"),
            ("Carriers__0__WebhookSecret", KannelLab.WebhookSecret), ("Carriers__0__AllowedAddresses__0", "127.0.0.0/8"),
            ("Accounts__0__DeliveryReceiptUrl", Customer.ReceiptUrl), ("Accounts__0__InboundUrl", Customer.InboundUrl));
        await _kannel.StartAsync($"http://127.0.0.1:{Gateway.HttpPort}", Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        if (_gateway is not null) await _gateway.DisposeAsync();
        if (_customer is not null) await _customer.DisposeAsync();
        await _kannel.DisposeAsync();
    }

    [Fact]
    public async Task Messages_reach_its_service_centre_and_its_reports_become_our_receipts()
    {
        await _kannel.CentreAsync(Cancel);
        var text = await Gateway.SendSmsAsync(Recipient, "Is a+b=c & 100% sure?", Cancel, more: ("status-report-req", "1"));
        var unicode = await Gateway.SendSmsAsync(Recipient, "П😀", Cancel, more: [("type", "unicode"), ("status-report-req", "1")]);
        var binary = await Gateway.SendAsync(Cancel, ("api_key", GatewayProcess.ApiKey), ("api_secret", GatewayProcess.ApiSecret), ("from", "Bank"), ("to", Recipient),
            ("type", "binary"), ("body", "DEAD00"), ("udh", "06050401020304"), ("status-report-req", "1"));

        await _kannel.CentreGotAsync($"Bank {Recipient} text Is a+b=c & 100% sure?", Cancel);
        await _kannel.CentreGotAsync($"Bank {Recipient} ucs-2 %04%1F%D8%3D%DE%00", Cancel);
        await _kannel.CentreGotAsync($"Bank {Recipient} udh %06%05%04%01%02%03%04 data %DE%AD%00", Cancel);
        foreach (var id in new[] { text, unicode, binary[0].MessageId! })
        {
            var receipt = await Customer.ReceiptAsync(id, Cancel);
            Assert.Equal(("delivered", "0", Recipient), (receipt["status"], receipt["err-code"], receipt["msisdn"]));
        }
    }

    [Fact]
    public async Task A_long_text_is_told_of_once_a_part_though_Kannel_tells_once()
    {
        await _kannel.CentreAsync(Cancel);
        var sent = await Gateway.SendAsync(Cancel, ("api_key", GatewayProcess.ApiKey), ("api_secret", GatewayProcess.ApiSecret), ("from", "Bank"), ("to", Recipient),
            ("text", new string('x', 200)), ("status-report-req", "1"));
        Assert.Equal(2, sent.Count);
        foreach (var part in sent) Assert.Equal("delivered", (await Customer.ReceiptAsync(part.MessageId!, Cancel))["status"]);
    }

    [Fact]
    public async Task What_it_brings_reaches_an_application()
    {
        await _kannel.CentreAsync(Cancel, $"447700900011 {GatewayProcess.ApplicationNumber} text hello from outside, a+b & 100%");
        Assert.Equal("hello from outside, a+b & 100%", (await Customer.InboundAsync("447700900011", Cancel))["text"]);

        await _kannel.CentreAsync(Cancel, $"447700900012 {GatewayProcess.ApplicationNumber} text posted to you, a+b & 100%");
        Assert.Equal("posted to you, a+b & 100%", (await Customer.InboundAsync("447700900012", Cancel))["text"]);

        await _kannel.CentreAsync(Cancel, $"447700900013 {GatewayProcess.ApplicationNumber} udh %06%05%04%01%02%03%04 %DE%AD%00");
        var binary = await Customer.InboundAsync("447700900013", Cancel);
        Assert.Equal(("DEAD00", "06050401020304"), (binary["data"], binary["udh"]));
    }
}
