using System.Net;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.EndToEnd;

/// <summary>Handsets here and subscribers of other networks, whose carrier speaks Nexmo's API.</summary>
public sealed class CarrierFlowTests(CarrierFlowTests.Connected connected) : IClassFixture<CarrierFlowTests.Connected>
{
    private const string Outside = "33612345678";
    private static int _numbers = 400_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("msisdn={0}&to={1}&text=Bonjour&messageId={2}&type=text")]
    [InlineData("msisdn={0}&to={1}&text=Bonjour")] // all that some senders give
    public async Task A_carriers_webhook_reaches_a_handset(string query)
    {
        await using var handset = await RegisteredAsync(RawUe.VolteTags);

        Assert.Equal(HttpStatusCode.OK, await CallAsync("inbound-sms?" + string.Format(null, query, Outside, handset.Number, Guid.NewGuid())));
        Assert.Equal((Outside, "Bonjour"), await handset.SmsAsync(Cancel) is { Tpdu: var sms } ? (sms.Address, sms.Text) : default);
    }

    [Fact]
    public async Task Parts_of_a_long_message_come_to_a_text_client_as_one_and_a_repeat_only_once()
    {
        await using var client = await RegisteredAsync(RawUe.OttTags);
        foreach (var part in new[] { 2, 1, 2 })
            Assert.Equal(HttpStatusCode.OK, await CallAsync($"inbound-sms?msisdn={Outside}&to={client.Number}&messageId=long-{part}&type=text"
                + $"&concat=true&concat-ref=7&concat-total=2&concat-part={part}&text=part{part}."));

        Assert.Equal("part1.part2.", (await client.TextAsync(Cancel)).Text);
        await connected.Gateway.SendSmsAsync(client.Number, "next", Cancel);
        Assert.Equal("next", (await client.TextAsync(Cancel)).Text);
    }

    [Fact]
    public async Task A_handsets_message_goes_out_whole_and_the_carriers_receipt_becomes_its_status_report()
    {
        var text = string.Join(' ', Enumerable.Range(1, 50).Select(i => $"word{i}"));
        await using var handset = await RegisteredAsync(RawUe.VolteTags);

        var reports = await handset.SubmitAsync(Outside, text, Cancel, statusReport: true);
        var request = await connected.Carrier.Received.NextAsync(sent => sent["from"] == handset.Number, Cancel);
        Assert.All(reports, report => Assert.True(report.IsAck));
        Assert.Equal(("/sms/json", Outside, text), (request.Path, request["to"], request["text"]));

        // It may overtake what the gateway writes down of the carrier's reply: a carrier repeats what is not answered 200.
        var id = request["client-ref"];
        var receipt = $"delivery-receipt?messageId={id}&client-ref={id}&msisdn={Outside}&status=delivered&err-code=0";
        await Deadline.UntilAsync(async () => await CallAsync(receipt) == HttpStatusCode.OK, () => "the receipt is taken", Cancel);

        var report = (await handset.SmsAsync(Cancel)).Tpdu;
        Assert.Equal((true, Outside, (byte)0), (report.IsStatusReport, report.Address, report.Status));
    }

    private async Task<HttpStatusCode> CallAsync(string webhook)
    {
        using var response = await connected.Gateway.Http.GetAsync($"/webhooks/far/{webhook}", Cancel);
        return response.StatusCode;
    }

    private async Task<RawUe> RegisteredAsync(string tags)
    {
        var ue = new RawUe($"4940{Interlocked.Increment(ref _numbers)}", connected.Gateway.Sip);
        await ue.RegisterAsync(Cancel, tags);
        return ue;
    }

    /// <summary>A gateway, and the carrier that takes what is for France.</summary>
    public sealed class Connected : IAsyncLifetime
    {
        private GatewayProcess? _gateway;
        private WebhookReceiver? _carrier;

        internal GatewayProcess Gateway => _gateway!;
        internal WebhookReceiver Carrier => _carrier!;

        public async ValueTask InitializeAsync()
        {
            _carrier = await WebhookReceiver.StartAsync(Cancel);
            _carrier.Reply = request =>
                $$"""
                {"message-count":"1","messages":[{"to":"{{request["to"]}}","message-id":"{{request["client-ref"]}}","status":"0",
                 "remaining-balance":"1","message-price":"0","network":"20801"}]}
                """;
            _gateway = await GatewayProcess.StartAsync(Cancel, null, ("Carriers__0__Name", "far"), ("Carriers__0__BaseUrl", _carrier.Url),
                ("Carriers__0__ApiKey", "our-key"), ("Carriers__0__ApiSecret", "our-secret"), ("Carriers__0__Prefixes__0", "33"));
        }

        public async ValueTask DisposeAsync()
        {
            if (_gateway is not null) await _gateway.DisposeAsync();
            if (_carrier is not null) await _carrier.DisposeAsync();
        }
    }
}
