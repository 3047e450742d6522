using CsCheck;
using Gateway.Acceptance;
using Gateway.Rest;
using Xunit;
using static Gateway.Tests.Rest.Replies;

namespace Gateway.Tests.Rest;

/// <summary>Every refusal of the SMS API with its status and text, and what no request may ever cause.</summary>
public sealed class SmsRefusalTests : IAsyncLifetime
{
    private GatewayOverHttp _gateway = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _gateway = await GatewayOverHttp.StartAsync();

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Theory]
    // Missing, in the order they are asked for.
    [InlineData("", 2, "Missing api_key")]
    [InlineData("api_secret=x", 2, "Missing api_key")]
    [InlineData("api_key=bank0001", 2, "Missing api_secret")]
    [InlineData("api_key=nobody&api_secret=s3cret-s3cret", 4, "Bad Credentials")]
    [InlineData("api_key=bank0001&api_secret=s3cret-s3creT", 4, "Bad Credentials")]
    [InlineData(Key, 2, "Missing from param")]
    [InlineData(Key + "&from=", 2, "Missing from param")]
    [InlineData(Key + "&from=A", 2, "Missing to param")]
    [InlineData(Key + "&from=A&to=abc", 2, "Missing Message Text")]
    [InlineData(Key + "&from=A&to=abc&type=binary", 2, "Missing body param")]
    // Forms.
    [InlineData(Key + "&from=A&text=x&to=abc", 3, "to address is not numeric")]
    [InlineData(Key + "&from=A&text=x&to=49401234567890123", 3, "to address is longer than 15 digits")]
    [InlineData(Key + "&from=1234567890123456&text=x&to=4940111", 15, "Illegal Sender Address - rejected")]
    [InlineData(Key + "&from=%D0%91%D0%B0%D0%BD%D0%BA&text=x&to=4940111", 15, "Illegal Sender Address - rejected")]
    [InlineData(Whole + "&type=fax", 3, "type must be text, unicode or binary")]
    [InlineData(Whole + "&type=wappush", 3, "type wappush is not supported, use text, unicode or binary")]
    [InlineData(Whole + "&type=vcal", 3, "type vcal is not supported, use text, unicode or binary")]
    [InlineData(Whole + "&type=vcard", 3, "type vcard is not supported, use text, unicode or binary")]
    [InlineData(Whole + "&ttl=soon", 3, "ttl is not a number of milliseconds")]
    [InlineData(Whole + "&ttl=-1", 3, "ttl is not a number of milliseconds")]
    [InlineData(Whole + "&ttl=19999", 16, "value for ttl field out of range")]
    [InlineData(Whole + "&ttl=604800001", 16, "value for ttl field out of range")]
    [InlineData(Whole + "&ttl=99999999999999999999999999", 16, "value for ttl field out of range")]
    [InlineData(Whole + "&status-report-req=perhaps", 3, "status-report-req must be 1, 0, true or false")]
    [InlineData(Whole + "&callback=example.org", 23, "Bad callback :: Missing Protocol")]
    [InlineData(Whole + "&callback=ftp%3A%2F%2Fexample.org", 23, "Bad callback :: Missing Protocol")]
    [InlineData(Whole + "&callback=http%3A%2F%2F", 23, "Bad callback :: Not a URL")]
    [InlineData(Whole + "&callback=http%3A%2F%2Fa%20b", 23, "Bad callback :: Not a URL")]
    [InlineData(Whole + "&message-class=4", 3, "message-class must be 0, 1, 2 or 3")]
    [InlineData(Whole + "&message-class=2", 3, "message-class 2 goes to the SIM and is not permitted")]
    [InlineData(Whole + "&protocol-id=64", 3, "protocol-id 64 acts on the handset unseen and is not permitted")]
    [InlineData(Whole + "&protocol-id=127", 3, "protocol-id 127 acts on the handset unseen and is not permitted")]
    [InlineData(Whole + "&protocol-id=256", 3, "protocol-id must be 0 to 255")]
    [InlineData(Key + "&from=A&to=4940111&text=a%00b", 3, "text has the character U+0000, which no message can carry")]
    [InlineData(Key + "&from=A&to=4940111&type=unicode&text=%00", 3, "text has the character U+0000, which no message can carry")]
    [InlineData(Whole + "&client-ref=%00", 3, "client-ref has control characters")]
    [InlineData(Key + "&from=A&to=4940111&type=binary&body=0G", 3, "body is not hexadecimal")]
    [InlineData(Key + "&from=A&to=4940111&type=binary&body=012", 3, "body is not hexadecimal")]
    [InlineData(Key + "&from=A&to=4940111&type=binary&body=01&udh=05", 3, "udh is not a user data header: TP-UDHL at octet 0")]
    [InlineData(Key + "&from=A&to=4940111&text=%FF", 3, "text is not valid UTF-8")]
    // Routing.
    [InlineData(Key + "&from=A&text=x&to=4799999999", 6, "Unroutable message - rejected")]
    public async Task A_request_is_refused_with_the_first_thing_wrong(string form, int status, string text)
    {
        (await _gateway.FormAsync(form)).IsRefused(status, text);
        Assert.Empty(await _gateway.MessagesAsync());
    }

    [Theory]
    [InlineData("""{"api_key":"bank0001",""", "body is not valid JSON at octet 21")]
    [InlineData("""[{"api_key":"bank0001"}]""", "body must be a JSON object")]
    [InlineData("""{"api_key":"\ud83d"}""", "body is not valid JSON at octet 19")]
    [InlineData("{} {}", "body is not valid JSON at octet 3")]
    [InlineData("""{"api_key":"bank0001","api_secret":"s3cret-s3cret","from":"A","to":["4940111"],"text":"x"}""", "to must be a text, a number or a boolean")]
    public async Task Malformed_json_is_refused_with_the_place(string json, string text) => (await _gateway.JsonAsync(json)).IsRefused(3, text);

    [Fact]
    public async Task Limits_are_exact()
    {
        (await _gateway.FormAsync(Key + "&from=A&to=4940111&text=" + new string('a', 3200))).IsAccepted(segments: 21);
        (await _gateway.FormAsync(Key + "&from=A&to=4940111&text=" + new string('a', 3201)))
            .IsRefused(12, "Message too long - text has 3201 characters, the limit is 3200");
        (await _gateway.FormAsync(Key + "&from=A&to=4940111&type=binary&body=" + new string('0', 280))).IsAccepted();
        (await _gateway.FormAsync(Key + "&from=A&to=4940111&type=binary&udh=0401020304&body=" + new string('0', 272)))
            .IsRefused(12, "Message too long - udh and body have 141 octets, the limit is 140");
        (await _gateway.FormAsync(Whole + "&client-ref=" + new string('r', 100))).IsAccepted();
        (await _gateway.FormAsync(Whole + "&client-ref=" + new string('r', 101))).IsRefused(3, "client-ref is longer than 100 characters");
        (await _gateway.FormAsync(Whole + "&ttl=20000")).IsAccepted();
        (await _gateway.FormAsync(Whole + "&ttl=604800000")).IsAccepted();
        (await _gateway.FormAsync(Whole + "&callback=http%3A%2F%2Fe.org%2F" + new string('p', 2000))).IsRefused(23, "Bad callback :: Too Long");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_beyond_its_limit_is_refused_with_and_without_a_length(bool chunked)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/sms/json") { Content = Body(Whole + "&pad=" + new string('x', 70_000), "application/x-www-form-urlencoded") };
        request.Headers.TransferEncodingChunked = chunked;
        (await ReadAsync(await _gateway.Client.SendAsync(request, Cancel))).IsRefused(3, "body is larger than 65536 octets");
    }

    [Fact]
    public async Task Multipart_is_refused_with_what_to_send_instead()
    {
        using var content = new MultipartFormDataContent { { new StringContent("bank0001"), "api_key" } };
        (await ReadAsync(await _gateway.Client.PostAsync("/sms/json", content, Cancel)))
            .IsRefused(3, "body must be application/x-www-form-urlencoded or JSON");
    }

    [Fact]
    public async Task Over_the_rate_the_wait_is_told_to_the_letter()
    {
        await using var slow = await GatewayOverHttp.StartAsync(GatewayOverHttp.Settings(GatewayOverHttp.Account(rate: 2)));
        (await slow.FormAsync(Whole)).IsAccepted();
        (await slow.FormAsync(Whole)).IsAccepted();
        var refused = await slow.FormAsync(Whole);
        refused.IsRefused(1, "Throughput Rate Exceeded - please wait [ 500 ] and retry");
        Assert.Equal("4940111", refused[0]["to"]);
        slow.Time.Advance(TimeSpan.FromMilliseconds(400));
        (await slow.FormAsync(Whole)).IsRefused(1, "Throughput Rate Exceeded - please wait [ 100 ] and retry");
        slow.Time.Advance(TimeSpan.FromMilliseconds(100));
        (await slow.FormAsync(Whole)).IsAccepted();
    }

    [Fact]
    public async Task An_account_may_be_allowed_shorter_validity_than_Nexmo_does()
    {
        var account = new AccountSettings { ApiKey = "bank0001", ApiSecret = "s3cret-s3cret", MinTtlMilliseconds = 5000 };
        await using var gateway = await GatewayOverHttp.StartAsync(GatewayOverHttp.Settings(account));
        (await gateway.FormAsync(Whole + "&ttl=4999")).IsRefused(16, "value for ttl field out of range");
        (await gateway.FormAsync(Whole + "&ttl=5000")).IsAccepted();
        var row = Assert.Single(await gateway.MessagesAsync());
        Assert.Equal(5000, row.ExpiresAt - GatewayOverHttp.Start.ToUnixTimeMilliseconds());
    }

    [Fact]
    public async Task A_request_that_is_refused_takes_nothing_from_the_rate()
    {
        await using var slow = await GatewayOverHttp.StartAsync(GatewayOverHttp.Settings(GatewayOverHttp.Account(rate: 1)));
        (await slow.FormAsync(Key)).IsRefused(2, "Missing from param");
        (await slow.FormAsync(Whole)).IsAccepted();
    }

    [Theory]
    [InlineData(Refusal.InvalidDestination, 3, "to address is not numeric")]
    [InlineData(Refusal.Unroutable, 6, "Unroutable message - rejected")]
    [InlineData(Refusal.TooLong, 12, "Message too long - why")]
    [InlineData(Refusal.Overloaded, 1, "Throughput Rate Exceeded - please wait [ 250 ] and retry")]
    [InlineData(Refusal.StoreUnavailable, 5, "Internal error - message store is not available, please retry")]
    public void Every_refusal_of_acceptance_has_a_status(Refusal refusal, int status, string text) =>
        Assert.Equal(new NexmoFault((NexmoStatus)status, text), NexmoFault.Of(AcceptanceResult.Refused(refusal, "why")));

    [Fact]
    public async Task Hostile_bodies_are_answered_and_nothing_breaks()
    {
        byte[][] bodies =
        [
            [0], [0xFF, 0xFE], [.. "{"u8], [.. "{\""u8], [.. "{}"u8], [.. "%"u8], [.. "%%%&&&==="u8], [.. "=&="u8], [.. "{\"a\":1e999999999}"u8],
            [.. System.Text.Encoding.ASCII.GetBytes(new string('{', 60_000))],
            [.. System.Text.Encoding.ASCII.GetBytes("{\"a\":" + new string('[', 60_000))],
            [.. System.Text.Encoding.ASCII.GetBytes("{\"a\":" + string.Concat(Enumerable.Repeat("{\"a\":", 10_000)))],
            [.. System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 9_000).Select(i => $"{i}=&")))],
            [.. System.Text.Encoding.ASCII.GetBytes("{\"to\":" + new string('9', 60_000) + "}")],
        ];
        foreach (var body in bodies)
            foreach (var type in (string[])["application/json", "application/x-www-form-urlencoded", "x", "text/json; charset=utf-16"])
                Assert.NotEqual("0", (await ReadAsync(await _gateway.Client.PostAsync("/sms/json", Body(body, type), Cancel)))[0]["status"]);
    }

    [Fact]
    public void Any_octets_are_read_without_an_exception() =>
        Gen.Byte.Array[0, 200].Sample(octets => RequestFields.Of(octets) is not null);

    [Fact]
    public void Any_json_like_text_is_read_without_an_exception() =>
        Gen.Char["{}[]\":,\\u0dD8 truefals1.-+e"].Array[0, 60].Sample(text => RequestFields.Of(System.Text.Encoding.UTF8.GetBytes("{\"" + new string(text))) is not null);

    [Fact]
    public void Any_values_of_known_fields_are_judged_without_an_exception()
    {
        string[] names =
            ["from", "to", "text", "type", "body", "udh", "ttl", "status-report-req", "callback", "message-class", "protocol-id", "client-ref"];
        string[] values = ["binary", "unicode", "1", "0", "05000300", "4940111", "http://x"];
        var value = Gen.Frequency((2, Gen.String[Gen.Char, 0, 30]), (1, Gen.Int[0, values.Length - 1].Select(i => values[i])));
        var field = Gen.Select(Gen.Int[0, names.Length - 1].Select(i => names[i]), value);
        field.Array[0, 12].Sample(pairs =>
        {
            var form = string.Join('&', pairs.Select(pair => $"{pair.Item1}={Uri.EscapeDataString(pair.Item2)}"));
            var fields = RequestFields.Of(System.Text.Encoding.UTF8.GetBytes(form));
            var request = SmsRequest.Read(fields, 20_000, out var fault);
            return request is null ? fault.Text.Length > 0 && fault.Status != NexmoStatus.Success : fault == default;
        });
    }
}
