using System.Net;
using System.Text.Json;
using CsCheck;
using Gateway.Carriers;
using Gateway.Delivery;
using Gateway.Rest;
using Gateway.Sms;
using Gateway.Store;
using Gateway.Tests.Rest;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Gateway.Tests.Carriers;

/// <summary>Carriers' webhooks over HTTP: messages in, receipts back, and what is refused.</summary>
public sealed class CarrierWebhookTests : IAsyncLifetime
{
    private GatewayOverHttp _gateway = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _gateway = await GatewayOverHttp.StartAsync(GatewayOverHttp.Settings(null,
        new CarrierSettings { Name = "vonage", BaseUrl = "http://127.0.0.1:1", ApiKey = "k", ApiSecret = "s", Prefixes = ["47"] },
        new CarrierSettings { Name = "safe", BaseUrl = "http://127.0.0.1:1", ApiKey = "k", ApiSecret = "s", WebhookSecret = "pass word" }));

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Theory]
    [InlineData("/webhooks/vonage/inbound-sms?msisdn=4915112345678&to=4940111&text=Hello+there%21", "Hello there!")]
    [InlineData("/webhooks/VONAGE/inbound-sms?msisdn=%2B4915112345678&to=004940111&text=x&messageId=0A&keyword=X&type=text", "x")]
    public async Task A_get_with_the_three_fields_is_enough(string path, string text)
    {
        Assert.Equal(HttpStatusCode.OK, (await _gateway.Client.GetAsync(path, Cancel)).StatusCode);
        var row = Assert.Single(await _gateway.MessagesAsync());
        Assert.Equal((MessageSource.Carrier, "vonage", "4915112345678", "4940111", text), (row.Source, row.Carrier, row.Originator, row.Recipient, row.Text));
    }

    [Fact]
    public async Task Forms_and_json_are_read_and_a_repeat_is_stored_once()
    {
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(HttpStatusCode.OK, await PostAsync("vonage/inbound-sms", """{"msisdn":4915112345678,"to":"4940111","text":"Grüße","messageId":"0A1","type":"unicode"}"""));
            Assert.Equal(HttpStatusCode.OK, await PostAsync("vonage/inbound-sms", "msisdn=4915112345678&to=4940111&text=two&messageId=0A2&"));
        }
        var rows = await _gateway.MessagesAsync();
        Assert.Equal([("Grüße", "0A1", 8), ("two", "0A2", 0)], rows.Select(row => (row.Text!, row.ForeignId!, (int)row.DataCodingScheme)));
    }

    [Fact]
    public async Task In_a_cluster_a_repeat_is_known_by_a_key_before_its_message_can_be_seen()
    {
        _gateway.Store.Nodes.Join(3);
        const string form = "msisdn=4915112345678&to=4940111&text=x&messageId=0A1";
        Assert.Equal(HttpStatusCode.OK, await PostAsync("vonage/inbound-sms", form));
        await _gateway.Store.Writer.WriteAsync(new StoreChange { Other = db => db.ShortMessages.ExecuteDelete() }, Cancel);

        Assert.Equal(HttpStatusCode.OK, await PostAsync("vonage/inbound-sms", form));
        Assert.Empty(await _gateway.MessagesAsync());
        Assert.Equal(HttpStatusCode.OK, await PostAsync("vonage/inbound-sms", form.Replace("0A1", "0A2", StringComparison.Ordinal)));
        Assert.Single(await _gateway.MessagesAsync());
    }

    [Theory]
    [InlineData("7", 8, 153)]
    [InlineData("255", 8, 153)]
    [InlineData("256", 16, 152)]
    [InlineData("65535", 16, 152)]
    [InlineData("08B5-x", 16, 152)]
    public async Task Parts_are_stored_as_the_segments_they_were(string reference, int bits, int characters)
    {
        foreach (var part in (int[])[1, 2])
        {
            var text = new string((char)('a' + part), characters);
            Assert.Equal(HttpStatusCode.OK, await PostAsync("vonage/inbound-sms",
                $"msisdn=4915112345678&to=4940111&text={text}&type=text&messageId=0A{part}&concat=true&concat-ref={reference}&concat-total=2&concat-part={part}"));
        }
        var rows = await _gateway.MessagesAsync();
        var parts = rows.Select(row =>
        {
            Assert.True(TpUserData.TryFromOctets(row.UserData, row.UserDataLength, row.HasUserDataHeader, new TpDataCodingScheme(row.DataCodingScheme), out var data, out _));
            return data;
        }).ToList();
        Assert.Equal([new string('b', characters), new string('c', characters)], parts.Select(part => part.Text));
        Assert.Equal([(bits, 2, 1), (bits, 2, 2)], parts.Select(part => part.Header.Concatenation!.Value).Select(c => ((int)c.ReferenceBits, (int)c.Total, (int)c.Sequence)));
        Assert.Equal(parts[0].Header.Concatenation!.Value.Reference, parts[1].Header.Concatenation!.Value.Reference);
    }

    [Fact]
    public async Task A_part_in_ucs2_holds_67_characters_and_one_too_long_stands_alone()
    {
        const string fields = "msisdn=4915112345678&to=4940111&type=unicode&concat=true&concat-ref=1&concat-total=2&concat-part=1&text=";
        Assert.Equal(HttpStatusCode.OK, await PostAsync("vonage/inbound-sms", fields + new string('я', 67)));
        Assert.Equal(HttpStatusCode.OK, await PostAsync("vonage/inbound-sms", fields + new string('я', 68)));
        var rows = await _gateway.MessagesAsync();
        Assert.Equal((ContentKind.UserData, 140, 8), (rows[0].Content, rows[0].UserDataLength, rows[0].DataCodingScheme));
        Assert.Equal((ContentKind.Text, new string('я', 68)), (rows[1].Content, rows[1].Text));
    }

    [Fact]
    public async Task Binary_content_keeps_its_header()
    {
        Assert.Equal(HttpStatusCode.OK, await PostAsync("vonage/inbound-sms", "msisdn=4915112345678&to=4940111&type=binary&data=DEAD&udh=06050401020304"));
        var row = Assert.Single(await _gateway.MessagesAsync());
        Assert.Equal(("06050401020304DEAD", true, 4), (Convert.ToHexString(row.UserData!), row.HasUserDataHeader, row.DataCodingScheme));
    }

    [Theory]
    [InlineData("to=4940111&text=x", "msisdn")]
    [InlineData("msisdn=&to=4940111&text=x", "msisdn")]
    [InlineData("msisdn=1234567890123456789&to=4940111&text=x", "msisdn")]
    [InlineData("msisdn=49151&text=x", "to")]
    [InlineData("msisdn=49151&to=me&text=x", "to")]
    [InlineData("msisdn=49151&to=4940111", "text")]
    [InlineData("msisdn=49151&to=4940111&type=binary", "data")]
    [InlineData("msisdn=49151&to=4940111&data=0X", "data")]
    [InlineData("msisdn=49151&to=4940111&data=00&udh=09", "udh")]
    [InlineData("msisdn=49151&to=4940111&text=x&concat=true", "concat-ref")]
    [InlineData("msisdn=49151&to=4940111&text=x&concat=true&concat-ref=1&concat-total=256", "concat-total")]
    [InlineData("msisdn=49151&to=4940111&text=x&concat=true&concat-ref=1&concat-total=2&concat-part=3", "concat-part")]
    public async Task A_field_that_is_missing_or_wrong_is_named(string form, string field)
    {
        var (status, problem) = await ProblemAsync("vonage/inbound-sms", form);
        Assert.Equal((HttpStatusCode.BadRequest, field), (status, problem.GetProperty("field").GetString()));
        Assert.StartsWith(field + " ", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Empty(await _gateway.MessagesAsync());
    }

    [Theory]
    [InlineData("nobody/inbound-sms", "msisdn=49151&to=4940111&text=x", HttpStatusCode.NotFound, "Unknown carrier")]
    [InlineData("nobody/delivery-receipt", "", HttpStatusCode.NotFound, "Unknown carrier")]
    [InlineData("vonage/inbound-sms", "{broken", HttpStatusCode.BadRequest, "The request cannot be read")]
    [InlineData("vonage/inbound-sms", "msisdn=49151&to=3311111111&text=x", HttpStatusCode.UnprocessableEntity, "Unroutable")]
    [InlineData("vonage/inbound-sms", "msisdn=49151&to=4711111111&text=x", HttpStatusCode.UnprocessableEntity, "Unroutable")] // another carrier's: we are no relay
    [InlineData("safe/inbound-sms", "msisdn=49151&to=4940111&text=x", HttpStatusCode.Unauthorized, "Wrong secret")]
    [InlineData("safe/inbound-sms?secret=password", "msisdn=49151&to=4940111&text=x", HttpStatusCode.Unauthorized, "Wrong secret")]
    public async Task Refusals_are_problem_documents(string path, string form, HttpStatusCode expected, string title)
    {
        var (status, problem) = await ProblemAsync(path, form);
        Assert.Equal((expected, title), (status, problem.GetProperty("title").GetString()));
        Assert.Empty(await _gateway.MessagesAsync());
    }

    [Fact]
    public async Task The_secret_is_taken_from_query_and_header()
    {
        Assert.Equal(HttpStatusCode.OK, await PostAsync("safe/inbound-sms?secret=pass%20word", "msisdn=49151&to=4940111&text=x"));
        _gateway.Client.DefaultRequestHeaders.Add("X-Webhook-Secret", "pass word");
        Assert.Equal(HttpStatusCode.OK, await PostAsync("safe/inbound-sms", "msisdn=49151&to=4940111&text=x"));
    }

    [Fact]
    public async Task A_get_with_nothing_in_it_is_nexmos_check_of_the_url()
    {
        Assert.Equal(HttpStatusCode.OK, (await _gateway.Client.GetAsync("/webhooks/vonage/inbound-sms", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await _gateway.Client.GetAsync("/webhooks/safe/delivery-receipt?secret=pass+word", Cancel)).StatusCode);
        Assert.Empty(await _gateway.MessagesAsync());
    }

    [Fact]
    public async Task A_receipt_finds_its_message_by_our_reference_or_by_the_carriers_id()
    {
        await StoreAsync(new ShortMessageRow
        {
            Id = 0x1000, SegmentCount = 2, Route = RouteKind.Carrier, Carrier = "vonage", Recipient = "4711", State = MessageState.HandedOver,
            DueAt = long.MaxValue, ExpiresAt = long.MaxValue, CarrierMessageIds = "0A,0B%2C=delivered:0",
        });
        Assert.Equal(HttpStatusCode.OK, await PostAsync("vonage/delivery-receipt", "msisdn=4711&messageId=0A&status=Delivered&err-code=0&client-ref=0000000000001001"));
        Assert.Equal(HttpStatusCode.OK, await PostAsync("vonage/delivery-receipt", """{"msisdn":"4711","messageId":"0B,","status":"failed","err-code":99}"""));
        Assert.Equal([new CarrierReceipt(0x1000, "vonage", "0A", "delivered", 0), new CarrierReceipt(0x1000, "vonage", "0B,", "failed", 99)], _gateway.Receipts);
    }

    [Fact]
    public async Task A_receipt_for_what_was_tried_before_goes_to_its_mailbox()
    {
        await StoreAsync(new ShortMessageRow { Id = 0x3000, Route = RouteKind.Carrier, Carrier = "vonage", Recipient = "4711", DueAt = 1, Attempts = 1 });
        Assert.Equal(HttpStatusCode.OK, await PostAsync("vonage/delivery-receipt", "messageId=0A&status=delivered&client-ref=0000000000003000"));
        Assert.Equal([new CarrierReceipt(0x3000, "vonage", "0A", "delivered", 0)], _gateway.Receipts);
    }

    [Theory]
    [InlineData("messageId=0A&status=delivered&client-ref=0000000000009999", HttpStatusCode.NotFound)]
    [InlineData("messageId=0A&status=delivered&msisdn=4711", HttpStatusCode.NotFound)]
    [InlineData("messageId=0A&status=delivered&client-ref=somebody%20else%27s", HttpStatusCode.NotFound)]
    [InlineData("messageId=0A&status=delivered&client-ref=0000000000002000", HttpStatusCode.NotFound)] // ours, and never handed to a carrier
    [InlineData("messageId=0A&status=delivered&client-ref=0000000000003000", HttpStatusCode.ServiceUnavailable)] // under way to it still
    [InlineData("messageId=0A", HttpStatusCode.BadRequest)]
    [InlineData("status=delivered", HttpStatusCode.BadRequest)]
    public async Task A_receipt_that_belongs_to_nothing_is_refused(string form, HttpStatusCode status)
    {
        await StoreAsync(
            new ShortMessageRow { Id = 0x2000, Route = RouteKind.Subscriber, Recipient = "4940111", DueAt = 1 },
            new ShortMessageRow { Id = 0x3000, Route = RouteKind.Carrier, Carrier = "vonage", Recipient = "4711", DueAt = 1 });
        Assert.Equal(status, await PostAsync("vonage/delivery-receipt", form));
        Assert.Empty(_gateway.Receipts);
    }

    [Fact]
    public void Any_fields_are_judged_without_an_exception()
    {
        string[] names = ["msisdn", "to", "text", "type", "data", "udh", "concat", "concat-ref", "concat-total", "concat-part", "messageId"];
        string[] values = ["binary", "unicode", "true", "1", "2", "05000300", "4940111"];
        var value = Gen.Frequency((1, Gen.String[Gen.Char, 0, 200]), (2, Gen.Int[0, values.Length - 1].Select(i => values[i])));
        Gen.Select(Gen.Int[0, names.Length - 1].Select(i => names[i]), value).Array[0, 14].Sample(pairs =>
        {
            var form = string.Join('&', pairs.Select(pair => $"{pair.Item1}={Uri.EscapeDataString(pair.Item2)}"));
            var submission = InboundSms.Read(RequestFields.Of(System.Text.Encoding.UTF8.GetBytes(form)), "vonage", out var fault);
            return submission is null ? fault.Field.Length > 0 : fault == default;
        });
    }

    private async Task StoreAsync(params ShortMessageRow[] rows)
    {
        var change = new StoreChange();
        change.NewMessages.AddRange(rows);
        Assert.True(await _gateway.Store.Writer.TryWriteAsync(change));
    }

    private async Task<HttpStatusCode> PostAsync(string path, string body)
    {
        using var response = await _gateway.Client.PostAsync("/webhooks/" + path, Replies.Body(body, "application/x-www-form-urlencoded"), Cancel);
        return response.StatusCode;
    }

    private async Task<(HttpStatusCode Status, JsonElement Problem)> ProblemAsync(string path, string body)
    {
        using var response = await _gateway.Client.PostAsync("/webhooks/" + path, Replies.Body(body, "application/x-www-form-urlencoded"), Cancel);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        return (response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancel)).RootElement);
    }
}
