using System.Text.Json;
using Gateway.Store;
using Gateway.Tests.Rest;
using Gateway.Tests.Support;
using Gateway.Tests.Webhooks;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Gateway.Tests.EndToEnd;

/// <summary>Carriers that fail in the middle, are left alone, or are ourselves; and what a message's history tells of it.</summary>
public sealed class CarrierFailureTests : IAsyncLifetime
{
    private const string Recipient = "447700900001";

    private ScriptedServer? _first, _second;
    private WebhookReceiver? _customer;
    private GatewayProcess? _gateway;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _first = await ScriptedServer.StartAsync();
        _second = await ScriptedServer.StartAsync();
        _customer = await WebhookReceiver.StartAsync(Cancel);
        _gateway = await GatewayProcess.StartAsync(Cancel, null,
            ("Carriers__0__Name", "first"), ("Carriers__0__BaseUrl", _first.Url), ("Carriers__0__Prefixes__0", "44"), ("Carriers__0__Priority", "1"),
            ("Carriers__0__ApiKey", "key"), ("Carriers__0__ApiSecret", "secret"),
            ("Carriers__1__Name", "second"), ("Carriers__1__BaseUrl", _second.Url), ("Carriers__1__Prefixes__0", "44"), ("Carriers__1__Priority", "2"),
            ("Carriers__1__ApiKey", "key"), ("Carriers__1__ApiSecret", "secret"),
            ("Carriers__1__SenderRewrite__0__Pattern", "[A-Za-z]+"), ("Carriers__1__SenderRewrite__0__Replacement", "4740"),
            ("Delivery__RetrySeconds__0", "60"), ("Accounts__0__DeliveryReceiptUrl", _customer.ReceiptUrl));
    }

    public async ValueTask DisposeAsync()
    {
        if (_gateway is not null) await _gateway.DisposeAsync();
        if (_customer is not null) await _customer.DisposeAsync();
        if (_first is not null) await _first.DisposeAsync();
        if (_second is not null) await _second.DisposeAsync();
    }

    [Fact]
    public async Task One_that_dies_after_it_has_read_a_message_may_have_it_and_nobody_gets_it_again_at_once()
    {
        _first!.Answer = (_, context) =>
        {
            context.Abort();
            return Task.CompletedTask;
        };
        var id = await _gateway!.SendSmsAsync(Recipient, "text", Cancel);
        await _gateway.SaysAsync("it may have taken it all the same", Cancel);

        // It has: its receipt is the last word, though the next try is a minute away.
        using var response = await _gateway.Http.GetAsync($"/webhooks/first/delivery-receipt?client-ref={id}&messageId=A&status=delivered&err-code=0", Cancel);
        Assert.True(response.IsSuccessStatusCode);
        Assert.Equal("delivered", (await _customer!.ReceiptAsync(id, Cancel))["status"]);
        Assert.Single(_first.Received);
        Assert.Empty(_second!.Received);
    }

    [Fact]
    public async Task One_that_fails_again_and_again_is_passed_over_and_the_history_says_so()
    {
        _first!.AnswerStatus(500);
        _second!.Answer = (_, context) => context.Response.WriteAsync("""{"messages":[{"status":"0","message-id":"A"}]}""");
        for (var i = 0; i < 5; i++) await _gateway!.SendSmsAsync($"44770090000{i}", "text", Cancel);
        await _second.WaitAsync(5);
        await _gateway!.SaysAsync("carrier second: taken; sender Bank written as 4740; after first", Cancel);
        await Wait.UntilAsync(() => _gateway.Output.Contains("left alone for a while", StringComparison.Ordinal) || _first.Received.Count >= 10, "its circuit opens");
        var asked = _first.Received.Count;

        await _gateway.SendSmsAsync("447700900009", "straight", Cancel, from: "AcmeInc");
        await _second.WaitAsync(6);
        await _gateway.SaysAsync("carrier second: taken; sender AcmeInc written as 4740; first passed over, having failed repeatedly", Cancel);
        Assert.Equal(asked, _first.Received.Count);
        Assert.Equal("4740", _second.Received[5]["from"]);
    }

    [Fact]
    public async Task A_message_that_comes_back_to_us_by_our_own_carrier_is_no_new_one()
    {
        await using var gateway = await GatewayOverHttp.StartAsync(GatewayOverHttp.Settings(null,
            new CarrierSettings { Name = "self", BaseUrl = "http://127.0.0.1:1", ApiKey = "k", ApiSecret = "s", Prefixes = ["44"] }));
        var account = GatewayOverHttp.Account();
        Assert.Equal("0", await SendAsync(via: null));
        var row = Assert.Single(await gateway.MessagesAsync());

        Assert.Equal("6", await SendAsync(MessageId.Format(row.Id)));
        Assert.Equal("0", await SendAsync(MessageId.Format(row.Id + 1000))); // another gateway's
        Assert.Equal("0", await SendAsync("nonsense"));
        Assert.Equal(3, (await gateway.MessagesAsync()).Count);

        async Task<string?> SendAsync(string? via)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/sms/json")
            {
                Content = new FormUrlEncodedContent(new Dictionary<string, string>
                {
                    ["api_key"] = account.ApiKey, ["api_secret"] = account.ApiSecret!, ["from"] = "Bank", ["to"] = Recipient, ["text"] = "x",
                }),
            };
            if (via is not null) request.Headers.Add("X-Gateway-Message", via);
            using var response = await gateway.Client.SendAsync(request, Cancel);
            return JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancel)).RootElement.GetProperty("messages")[0].GetProperty("status").GetString();
        }
    }
}
