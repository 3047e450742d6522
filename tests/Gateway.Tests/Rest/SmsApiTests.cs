using System.Net;
using System.Xml.Linq;
using Gateway.Store;
using Xunit;
using static Gateway.Tests.Rest.Replies;

namespace Gateway.Tests.Rest;

/// <summary>The SMS API over HTTP: what goes in, what is stored, what comes back.</summary>
public sealed class SmsApiTests : IAsyncLifetime
{
    private GatewayOverHttp _gateway = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _gateway = await GatewayOverHttp.StartAsync();

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task A_form_is_accepted_stored_and_answered_with_all_fields_in_nexmos_order()
    {
        var message = Assert.Single(await _gateway.FormAsync(Whole + "&client-ref=order-1&account-ref=dept-2&callback=http%3A%2F%2Fexample.org%2Fr&ttl=60000"));
        Assert.Equal(
            ["to", "message-id", "status", "remaining-balance", "message-price", "network", "client-ref", "account-ref"], message.Keys);
        var row = Assert.Single(await _gateway.MessagesAsync());
        Assert.Equal(("4940111", MessageId.Format(row.Id), "0"), (message["to"], message["message-id"], message["status"]));
        Assert.Equal(("order-1", "dept-2"), (message["client-ref"], message["account-ref"]));
        Assert.Equal((MessageSource.Rest, "bank0001", "AcmeInc", "4940111", "Hello"), (row.Source, row.Account, row.Originator, row.Recipient, row.Text));
        Assert.Equal(("order-1", "dept-2", "http://example.org/r", true), (row.ClientReference, row.AccountReference, row.CallbackUrl, row.ReceiptRequested));
        Assert.Equal(GatewayOverHttp.Start.ToUnixTimeMilliseconds() + 60_000, row.ExpiresAt);
    }

    [Fact]
    public async Task A_long_text_has_a_message_object_for_each_segment_with_an_id_of_its_own()
    {
        var messages = await _gateway.FormAsync(Key + "&from=AcmeInc&to=4940111&text=" + new string('a', 400));
        messages.IsAccepted(segments: 3);
        var row = Assert.Single(await _gateway.MessagesAsync());
        Assert.Equal([MessageId.Format(row.Id), MessageId.Format(row.Id + 1), MessageId.Format(row.Id + 2)], messages.Select(m => m["message-id"]));
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("application/jsonrequest")]
    [InlineData("application/x-javascript")]
    [InlineData("text/json")]
    [InlineData("text/javascript")]
    [InlineData("text/x-javascript")]
    [InlineData("text/x-json")]
    [InlineData("application/x-www-form-urlencoded")] // what curl says of every -d
    [InlineData("text/plain")]
    public async Task A_json_object_is_read_whatever_it_is_called(string type)
    {
        (await _gateway.JsonAsync("""
             {"api_key":"bank0001","api_secret":"s3cret-s3cret","from":4940222,"to":4940111,"text":"Grüße 😀","ttl":900000,
              "status-report-req":false,"clientRef":"an old SDK's mistake","trusted-number":true,"pool-id":null,"failover":[{"to":"1"}]}
            """, type)).IsAccepted();
        var row = Assert.Single(await _gateway.MessagesAsync());
        Assert.Equal(("4940222", "Grüße 😀", false), (row.Originator, row.Text, row.ReceiptRequested));
        Assert.Equal(GatewayOverHttp.Start.ToUnixTimeMilliseconds() + 900_000, row.ExpiresAt);
    }

    [Fact]
    public async Task Query_of_a_get_query_of_an_empty_post_and_the_v1_alias_all_send()
    {
        (await _gateway.GetAsync(Whole)).IsAccepted();
        (await _gateway.GetAsync(Whole, "/v1/sms/json")).IsAccepted();
        (await _gateway.FormAsync("", "/sms/json?" + Whole)).IsAccepted();
        (await _gateway.FormAsync("to=4940111&text=x&", "/v1/sms/json?from=A&" + Key)).IsAccepted();
        Assert.Equal(4, (await _gateway.MessagesAsync()).Count);
    }

    [Fact]
    public async Task A_text_of_3200_emoji_units_fits_a_query()
    {
        var text = string.Concat(Enumerable.Repeat("😀", 1600));
        (await _gateway.GetAsync(Key + "&from=A&to=4940111&type=unicode&text=" + Uri.EscapeDataString(text))).IsAccepted(segments: 49);
        Assert.Equal(text, Assert.Single(await _gateway.MessagesAsync()).Text);
    }

    [Theory]
    [InlineData("%2B4940111")]
    [InlineData("+4940111")] // unescaped: a blank by the time it is read
    [InlineData("004940111")]
    [InlineData("49-40%20111")]
    public async Task Prefixes_and_separators_of_a_recipient_are_taken_off(string to)
    {
        var message = Assert.Single(await _gateway.FormAsync(Key + "&from=A&text=x&to=" + to));
        Assert.Equal(("0", "4940111"), (message["status"], message["to"]));
        Assert.Equal("4940111", Assert.Single(await _gateway.MessagesAsync()).Recipient);
    }

    [Theory]
    [InlineData("AcmeInc", "AcmeInc")]
    [InlineData("Vonage%20APIs", "Vonage APIs")]
    [InlineData("A%20very%20long%20name", "A very long")]
    [InlineData("{A}{B}{C}{D}", "{A}{B}")] // brackets take two septets each
    [InlineData("%2B491700000001", "491700000001")]
    public async Task A_sender_is_made_to_fit(string from, string stored)
    {
        (await _gateway.FormAsync(Key + "&to=4940111&text=x&from=" + from)).IsAccepted();
        Assert.Equal(stored, Assert.Single(await _gateway.MessagesAsync()).Originator);
    }

    [Fact]
    public async Task Binary_content_is_stored_as_user_data_with_its_header()
    {
        (await _gateway.FormAsync(Key + "&from=A&to=4940111&type=binary&udh=050003CC0201&body=0102FF&protocol-id=5&message-class=1")).IsAccepted();
        var row = Assert.Single(await _gateway.MessagesAsync());
        Assert.Equal("050003CC02010102FF", Convert.ToHexString(row.UserData!));
        Assert.Equal((ContentKind.UserData, 9, true, 0x15, 5),
            (row.Content, row.UserDataLength, row.HasUserDataHeader, row.DataCodingScheme, row.ProtocolIdentifier));
    }

    [Fact]
    public async Task Unicode_forces_ucs2_and_a_class_is_kept()
    {
        (await _gateway.FormAsync(Whole + "&type=unicode&message-class=0")).IsAccepted();
        Assert.Equal(0x18, Assert.Single(await _gateway.MessagesAsync()).DataCodingScheme);
    }

    [Fact]
    public async Task Xml_is_answered_in_camel_case()
    {
        var response = await _gateway.Client.GetAsync($"/sms/xml?{Whole}&client-ref=a%3Cb", Cancel);
        Assert.Equal("text/xml", response.Content.Headers.ContentType!.MediaType);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.StartsWith("<?xml version='1.0' encoding='UTF-8' ?>", text, StringComparison.Ordinal);
        var messages = XDocument.Parse(text).Root!.Element("messages")!;
        Assert.Equal("mt-submission-response", messages.Parent!.Name);
        Assert.Equal("1", messages.Attribute("count")!.Value);
        var message = Assert.Single(messages.Elements("message"));
        Assert.Equal(["to", "messageId", "status", "remainingBalance", "messagePrice", "network", "clientRef"], message.Elements().Select(e => e.Name.LocalName));
        Assert.Equal("a<b", message.Element("clientRef")!.Value);
    }

    [Fact]
    public async Task Xml_tells_errors_too()
    {
        var text = await _gateway.Client.GetStringAsync("/v1/sms/xml?api_key=x%01", Cancel);
        var message = XDocument.Parse(text).Descendants("message").Single();
        Assert.Equal(("2", "Missing api_secret"), (message.Element("status")!.Value, message.Element("errorText")!.Value));
    }

    [Fact]
    public async Task Head_answers_200_and_sends_nothing_and_put_is_not_found()
    {
        var head = await _gateway.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/sms/json?" + Whole), Cancel);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        var put = await _gateway.Client.PutAsync("/sms/json?" + Whole, null, Cancel);
        Assert.Equal(HttpStatusCode.NotFound, put.StatusCode);
        Assert.Empty(await _gateway.MessagesAsync());
    }

    [Fact]
    public async Task Replies_are_not_cached()
    {
        var response = await _gateway.Client.GetAsync("/sms/json?" + Whole, Cancel);
        Assert.True(response.Headers.CacheControl!.NoStore);
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
    }

    [Fact]
    public async Task The_description_lets_swagger_ui_send_a_message()
    {
        var document = await _gateway.Client.GetStringAsync("/swagger/v1/swagger.json", Cancel);
        using var json = System.Text.Json.JsonDocument.Parse(document);
        var post = json.RootElement.GetProperty("paths").GetProperty("/sms/json").GetProperty("post");
        var content = post.GetProperty("requestBody").GetProperty("content");
        Assert.Equal("4940111", content.GetProperty("application/json").GetProperty("example").GetProperty("to").GetString());
        Assert.True(content.GetProperty("application/x-www-form-urlencoded").GetProperty("schema").GetProperty("properties").TryGetProperty("api_key", out _));
        Assert.True(json.RootElement.GetProperty("paths").TryGetProperty("/webhooks/{carrier}/inbound-sms", out _));
        Assert.False(json.RootElement.GetProperty("paths").TryGetProperty("/v1/sms/json", out _));
    }
}
