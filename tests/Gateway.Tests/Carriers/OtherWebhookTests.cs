using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Gateway.Delivery;
using Gateway.Store;
using Gateway.Tests.Rest;
using Gateway.Webhooks;
using Xunit;

namespace Gateway.Tests.Carriers;

/// <summary>Webhooks of carriers that are no Nexmo, and who may call a webhook at all.</summary>
public sealed class OtherWebhookTests : IAsyncLifetime
{
    private const string Secret = "signing-secret";

    private GatewayOverHttp _gateway = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _gateway = await GatewayOverHttp.StartAsync(GatewayOverHttp.Settings(null,
        new CarrierSettings { Name = "kannel", Kind = "Kannel", BaseUrl = "http://127.0.0.1:1", WebhookSecret = "s/ 3" },
        new CarrierSettings { Name = "far", BaseUrl = "http://127.0.0.1:1", AllowedAddresses = ["10.0.0.0/8", "192.0.2.1"] },
        new CarrierSettings { Name = "near", BaseUrl = "http://127.0.0.1:1", AllowedAddresses = ["10.0.0.0/8", "127.0.0.1"] },
        new CarrierSettings { Name = "signing", BaseUrl = "http://127.0.0.1:1", SignatureSecret = Secret, SignatureMethod = "sha512" },
        new CarrierSettings
        {
            Name = "rest", Kind = "Http", Http = new HttpCarrierSettings
            {
                Url = "http://127.0.0.1:1",
                Inbound = new() { ["msisdn"] = "message.from.number", ["to"] = "message.to.0", ["text"] = "message.body", ["messageId"] = "id" },
                Receipt = new() { ["client-ref"] = "data.ref", ["status"] = "data.outcome" },
                ReceiptStatus = new() { ["OnPhone"] = "delivered" },
            },
        }));

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Theory]
    [InlineData("coding=0&charset=UTF-8&text=Gr%C3%BC%C3%9Fe", "Grüße", 0)]
    [InlineData("coding=0&charset=ISO-8859-1&text=Gr%FC%DFe", "Grüße", 0)]
    [InlineData("coding=2&charset=UTF-16BE&text=%04%1F%D8%3D%DE%00", "П😀", 8)]
    [InlineData("coding=2&text=%04%1F", "П", 8)]
    [InlineData("text=hello+there", "hello there", 0)]
    public async Task Kannels_get_url_brings_text_in_its_own_charset(string query, string text, int coding)
    {
        Assert.Equal(HttpStatusCode.OK, await GetAsync($"kannel/s%2F%203/inbound-sms?from=%2B4915112345678&to=4940111&id=0a-1&{query}"));
        var row = Assert.Single(await _gateway.MessagesAsync());
        Assert.Equal(("4915112345678", "4940111", text, coding, "0a-1"), (row.Originator, row.Recipient, row.Text, row.DataCodingScheme, row.ForeignId));
    }

    [Fact]
    public async Task Kannels_octets_and_parts_are_kept()
    {
        Assert.Equal(HttpStatusCode.OK, await GetAsync("kannel/inbound-sms?secret=s/+3&from=49151&to=4940111&coding=1&udh=%06%05%04%01%02%03%04&text=%DE%AD%00"));
        Assert.Equal(HttpStatusCode.OK, await GetAsync("kannel/s%2F%203/inbound-sms?from=49151&to=4940111&coding=0&udh=%05%00%03%07%02%01&text=first+half"));
        var rows = await _gateway.MessagesAsync();
        Assert.Equal(("06050401020304DEAD00", true, 4), (Convert.ToHexString(rows[0].UserData!), rows[0].HasUserDataHeader, rows[0].DataCodingScheme));
        Assert.Equal("050003070201", Convert.ToHexString(rows[1].UserData!, 0, 6));
    }

    [Fact]
    public async Task Kannels_post_url_has_the_text_as_its_body_and_a_repeat_is_stored_once()
    {
        for (var i = 0; i < 2; i++)
        {
            using var body = new ByteArrayContent(Encoding.BigEndianUnicode.GetBytes("Привет=&"));
            body.Headers.ContentType = MediaTypeHeaderValue.Parse("text/plain; charset=\"UTF-16BE\"");
            foreach (var (name, value) in new[] { ("X-Kannel-From", "+49151"), ("X-Kannel-To", "4940111"), ("X-Kannel-ID", "uuid-1"), ("X-Kannel-Coding", "2") })
                body.Headers.Add(name, value);
            using var response = await _gateway.Client.PostAsync("/webhooks/kannel/s%2F%203/inbound-sms", body, Cancel);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
        var row = Assert.Single(await _gateway.MessagesAsync());
        Assert.Equal(("49151", "Привет=&", "uuid-1"), (row.Originator, row.Text, row.ForeignId));
    }

    [Theory]
    [InlineData("1", "", "delivered", 0)]
    [InlineData("2", "id:1 sub:001 dlvrd:000 submit date:2611232359 done date:2611240001 stat:EXPIRED err:027 text:", "expired", 1)]
    [InlineData("2", "stat:REJECTD err:001", "rejected", 99)]
    [InlineData("2", "stat:UNDELIV err:001", "failed", 1)]
    [InlineData("2", "", "failed", 1)]
    [InlineData("4", "", "buffered", 0)]
    [InlineData("8", "ACK/", "accepted", 0)]
    [InlineData("16", "NACK/11/Invalid Destination Address", "rejected", 99)]
    [InlineData("64", "", "buffered", 0)]
    public async Task Kannels_receipt_says_what_has_happened_and_the_centres_words(string given, string text, string status, int errorCode)
    {
        await StoreHandedOverAsync(0x1000);
        Assert.Equal(HttpStatusCode.OK, await GetAsync($"kannel/s%2F%203/delivery-receipt?client-ref=0000000000001000&status={given}&text={Uri.EscapeDataString(text)}&foreign-id=&smsc=FAKE"));
        var detail = text.Length == 0 ? "by FAKE" : $"{text}; by FAKE";
        Assert.Equal([new CarrierReceipt(0x1000, "kannel", "0000000000001000", status, (byte)errorCode, detail)], _gateway.Receipts);
    }

    [Fact]
    public async Task A_rest_carriers_fields_are_where_its_settings_say()
    {
        Assert.Equal(HttpStatusCode.OK, await PostAsync("rest/inbound-sms",
            """{"id":91,"message":{"from":{"number":"+4915112345678"},"to":["4940111","4940112"],"body":"a \"quoted\" text"}}"""));
        var row = Assert.Single(await _gateway.MessagesAsync());
        Assert.Equal(("4915112345678", "4940111", "a \"quoted\" text", "91"), (row.Originator, row.Recipient, row.Text, row.ForeignId));

        await StoreHandedOverAsync(0x1000);
        Assert.Equal(HttpStatusCode.OK, await PostAsync("rest/delivery-receipt", """{"data":{"ref":"0000000000001000","outcome":"OnPhone"}}"""));
        Assert.Equal(HttpStatusCode.OK, await PostAsync("rest/delivery-receipt?client-ref=0000000000001000", """{"data":{"outcome":"UNDELIV"}}"""));
        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync("rest/delivery-receipt?client-ref=0000000000001000", """{"data":{"outcome":"Lunch"}}"""));
        Assert.Equal([("delivered", "0000000000001000"), ("failed", "0000000000001000")], _gateway.Receipts.Select(receipt => (receipt.Status, receipt.PartId)));
    }

    [Theory]
    [InlineData("far/inbound-sms", HttpStatusCode.Forbidden)]
    [InlineData("near/inbound-sms", HttpStatusCode.OK)]
    [InlineData("kannel/inbound-sms", HttpStatusCode.Unauthorized)]
    [InlineData("kannel/s4/inbound-sms", HttpStatusCode.Unauthorized)]
    [InlineData("kannel/s%2F%203/inbound-sms", HttpStatusCode.OK)]
    [InlineData("signing/inbound-sms", HttpStatusCode.Unauthorized)]
    public async Task Only_who_is_the_carrier_may_call(string path, HttpStatusCode expected)
    {
        Assert.Equal(expected, await GetAsync($"{path}?msisdn=49151&from=49151&to=4940111&text=x"));
        Assert.Equal(expected == HttpStatusCode.OK ? 1 : 0, (await _gateway.MessagesAsync()).Count);
    }

    [Theory]
    [InlineData(0, "x", HttpStatusCode.OK)]
    [InlineData(0, "y", HttpStatusCode.Unauthorized)]    // not what was signed
    [InlineData(-301, "x", HttpStatusCode.Unauthorized)] // too old
    public async Task A_signature_is_verified_with_its_time(int seconds, string text, HttpStatusCode expected)
    {
        var timestamp = GatewayOverHttp.Start.AddSeconds(seconds).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var fields = new Dictionary<string, string> { ["msisdn"] = "49151", ["to"] = "4940111", ["text"] = "x", ["messageId"] = "0A", ["timestamp"] = timestamp };
        var signature = Signature.Sign(SignatureMethod.Sha512, Secret, fields);
        fields["text"] = text;
        var form = string.Join('&', fields.Select(field => $"{field.Key}={field.Value}"));
        Assert.Equal(expected, await PostAsync($"signing/inbound-sms?secret=is-not-signed", $"{form}&sig={signature}"));
        Assert.Equal(expected == HttpStatusCode.OK ? 1 : 0, (await _gateway.MessagesAsync()).Count);
    }

    private async Task StoreHandedOverAsync(long id)
    {
        var change = new StoreChange();
        change.NewMessages.Add(new ShortMessageRow
        {
            Id = id, Route = RouteKind.Carrier, Carrier = "x", Recipient = "4711", State = MessageState.HandedOver, DueAt = long.MaxValue, ExpiresAt = long.MaxValue,
        });
        Assert.True(await _gateway.Store.Writer.TryWriteAsync(change));
    }

    private async Task<HttpStatusCode> GetAsync(string path)
    {
        using var response = await _gateway.Client.GetAsync("/webhooks/" + path, Cancel);
        return response.StatusCode;
    }

    private async Task<HttpStatusCode> PostAsync(string path, string body)
    {
        using var response = await _gateway.Client.PostAsync("/webhooks/" + path, Replies.Body(body, "application/x-www-form-urlencoded"), Cancel);
        return response.StatusCode;
    }
}
