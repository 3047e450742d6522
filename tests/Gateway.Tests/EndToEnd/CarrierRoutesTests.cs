using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.EndToEnd;

/// <summary>Two carriers for the same numbers: one that will not have a message does not decide what becomes of it.</summary>
public sealed class CarrierRoutesTests : IAsyncLifetime
{
    private const string Recipient = "447700900001";
    private const string Taken = """{"messages":[{"status":"0","message-id":"A"}]}""", Rejected = """{"messages":[{"status":"6","error-text":"unroutable"}]}""";
    /// <summary>How often HTTP 500 is asked again before it counts as one attempt.</summary>
    private const int RequestsAnAttempt = 3;

    private WebhookReceiver? _first, _second;
    private GatewayProcess? _gateway;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
    private WebhookReceiver First => _first!;
    private WebhookReceiver Second => _second!;
    private GatewayProcess Gateway => _gateway!;

    public async ValueTask InitializeAsync()
    {
        _first = await WebhookReceiver.StartAsync(Cancel);
        _second = await WebhookReceiver.StartAsync(Cancel);
        _gateway = await GatewayProcess.StartAsync(Cancel, null,
            ("Carriers__0__Name", "first"), ("Carriers__0__BaseUrl", First.Url), ("Carriers__0__Prefixes__0", "44"), ("Carriers__0__Priority", "1"),
            ("Carriers__0__ApiKey", "key"), ("Carriers__0__ApiSecret", "secret"),
            ("Carriers__1__Name", "second"), ("Carriers__1__BaseUrl", Second.Url), ("Carriers__1__Prefixes__0", "44"), ("Carriers__1__Priority", "2"),
            ("Carriers__1__ApiKey", "key"), ("Carriers__1__ApiSecret", "secret"),
            ("Delivery__RetrySeconds__0", "1"), ("Accounts__0__DeliveryReceiptUrl", First.ReceiptUrl));
    }

    public async ValueTask DisposeAsync()
    {
        if (_gateway is not null) await _gateway.DisposeAsync();
        if (_first is not null) await _first.DisposeAsync();
        if (_second is not null) await _second.DisposeAsync();
    }

    [Fact]
    public async Task After_one_routes_temporary_failure_and_the_others_rejection_the_first_is_tried_again()
    {
        var (asked, rejected) = (0, 0);
        First.Answer = _ => Interlocked.Increment(ref asked) <= 2 * RequestsAnAttempt ? 500 : 200;
        First.Reply = _ => Taken;
        Second.Reply = _ => { Interlocked.Increment(ref rejected); return Rejected; };
        await Gateway.SendSmsAsync(Recipient, "text", Cancel);

        for (var i = 0; i < 2 * RequestsAnAttempt + 1; i++) await AskedAsync(First);
        Assert.Equal(1, rejected); // and not again, when the first failed a second time
    }

    [Fact]
    public async Task When_all_routes_have_rejected_it_it_fails()
    {
        var asked = 0;
        First.Reply = _ => Rejected;
        Second.Answer = _ => Interlocked.Increment(ref asked) <= RequestsAnAttempt ? 500 : 200;
        Second.Reply = _ => Rejected;
        var id = await Gateway.SendSmsAsync(Recipient, "text", Cancel);

        var receipt = await First.ReceiptAsync(id, Cancel);
        Assert.Equal(("failed", "11", RequestsAnAttempt + 1), (receipt["status"], receipt["err-code"], asked));
    }

    private static Task<ReceivedWebhook> AskedAsync(WebhookReceiver carrier) => carrier.Received.NextAsync(request => request.Path == "/sms/json", Cancel);
}
