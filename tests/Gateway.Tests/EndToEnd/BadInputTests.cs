using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.EndToEnd;

/// <summary>What is wrong gets its right answer, and the next message is delivered all the same.</summary>
[Collection<LocalGatewayCollection>]
public sealed class BadInputTests(LocalGateway local)
{
    private static int _numbers = 200_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
    private GatewayProcess Gateway => local.Process;

    [Theory]
    [InlineData("4", "Bad Credentials", "api_secret", "wrong")]
    [InlineData("4", "Bad Credentials", "api_key", "nobody")]
    [InlineData("2", "Missing api_key", "api_key", null)]
    [InlineData("2", "Missing to param", "to", null)]
    [InlineData("2", "Missing from param", "from", null)]
    [InlineData("2", "Missing Message Text", "text", null)]
    [InlineData("3", "to address is not numeric", "to", "anybody")]
    [InlineData("6", "Unroutable message - rejected", "to", "33612345678")]
    [InlineData("15", "Illegal Sender Address - rejected", "from", "Банк")]
    [InlineData("16", "value for ttl field out of range", "ttl", "1")]
    public async Task A_request_to_send(string status, string error, string field, string? value)
    {
        var fields = new Dictionary<string, string>
        {
            ["api_key"] = GatewayProcess.ApiKey, ["api_secret"] = GatewayProcess.ApiSecret,
            ["from"] = "Bank", ["to"] = "4940100001", ["text"] = "x",
        };
        if (value is null) fields.Remove(field);
        else fields[field] = value;

        var reply = Assert.Single(await Gateway.SendAsync(Cancel, [.. fields.Select(entry => (entry.Key, entry.Value))]));

        Assert.Equal((status, error), (reply.Status, reply.ErrorText));
        await StillServesAsync();
    }

    [Theory]
    [InlineData(3200, "0")]
    [InlineData(3201, "12")]
    public async Task A_text_of_so_many_characters(int characters, string status)
    {
        var reply = await Gateway.SendAsync(Cancel, ("api_key", GatewayProcess.ApiKey), ("api_secret", GatewayProcess.ApiSecret),
            ("from", "Bank"), ("to", "4940100001"), ("text", new string('x', characters)));

        Assert.Equal(status, reply[0].Status);
        await StillServesAsync();
    }

    [Theory]
    [InlineData("application/json", "{\"api_key\": \"bank0001\", ")]
    [InlineData("application/json", "[[[[[[[[[[[[[[[[")]
    [InlineData("application/json", "\"\\ud800\"")]
    [InlineData("application/x-www-form-urlencoded", "%zz=%&&==&%ff%fe=\u0001")]
    [InlineData("multipart/form-data; boundary=x", "--y\r\n\r\n")]
    [InlineData("image/png", "\u0089PNG")]
    public async Task A_garbage_body_is_answered_like_any_other_fault(string contentType, string body)
    {
        using var content = new ByteArrayContent(Encoding.Latin1.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);

        using var response = await Gateway.Http.PostAsync("/sms/json", content, Cancel);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        var reply = await response.Content.ReadAsStringAsync(Cancel);
        Assert.Matches("\"status\": \"[23]\"", reply);
        await StillServesAsync();
    }

    [Theory]
    [InlineData("/webhooks/nobody/inbound-sms?msisdn=447700900001&to=4940999&text=hi", HttpStatusCode.NotFound)]
    [InlineData("/webhooks/vonage/inbound-sms?msisdn=447700900001&to=4940999&text=hi", HttpStatusCode.Unauthorized)]
    [InlineData("/webhooks/vonage/inbound-sms?secret=wrong&msisdn=447700900001&to=4940999&text=hi", HttpStatusCode.Unauthorized)]
    [InlineData("/webhooks/vonage/inbound-sms?secret=carrier-secret&to=4940999&text=hi", HttpStatusCode.BadRequest)]
    [InlineData("/webhooks/vonage/delivery-receipt?secret=carrier-secret&messageId=1&msisdn=1&status=delivered", HttpStatusCode.NotFound)]
    [InlineData("/sms/pigeon", HttpStatusCode.NotFound)]
    public async Task A_carriers_webhook(string path, HttpStatusCode status)
    {
        using var response = await Gateway.Http.GetAsync(path, Cancel);

        Assert.Equal(status, response.StatusCode);
        await StillServesAsync();
    }

    [Fact]
    public async Task A_message_from_an_untrusted_address_is_forbidden_and_a_registration_too()
    {
        await using var stranger = new RawUe(NewNumber(), Gateway.Sip, bindTo: IPAddress.Parse("127.0.0.2"));

        var message = await stranger.MessageAsync("sip:+4940100001@ims.lab", "text/plain", "let me in"u8.ToArray(), Cancel,
            headers: $"P-Asserted-Identity: <{stranger.Identity}>");
        var thirdParty = await stranger.RequestAsync("REGISTER", "sip:ims.lab", Cancel, to: "sip:+4940100001@ims.lab",
            headers: ["Expires: 600"]);

        Assert.Equal((403, 403), (message.Status, thirdParty.Status));
        await Assert.ThrowsAsync<InvalidOperationException>(() => stranger.RegisterAsync(Cancel));
        await StillServesAsync();
    }

    [Theory]
    [InlineData("00", 400, null)]              // no RP-Message Reference: nothing an RP answer could name
    [InlineData("0007", 202, (byte)96)]        // ends where RP-OA should be
    [InlineData("00070007919471", 202, (byte)96)]
    [InlineData("000700079194710000000005110A", 202, (byte)96)]
    [InlineData("0707", 202, (byte)97)]        // RP-MTI 7 is reserved
    [InlineData("0107", 202, (byte)97)]        // RP-DATA of the other direction
    [InlineData("0507", 202, null)]            // not a message of the direction MS to network: no answer to what cannot be one
    public async Task A_truncated_rp_message(string hex, int status, byte? cause)
    {
        await using var ue = new RawUe(NewNumber(), Gateway.Sip);
        await ue.RegisterAsync(Cancel);

        var (callId, response) = await ue.SendRpAsync(Convert.FromHexString(hex), Cancel);

        Assert.Equal(status, response.Status);
        if (cause is not null)
        {
            var report = await ue.ReportAsync(callId, Cancel);
            Assert.Equal((true, (byte)7, cause), (report.IsError, report.Reference, report.Cause));
        }
        await StillServesAsync();
    }

    [Fact]
    public async Task A_text_with_u0000_which_no_alphabet_has()
    {
        await using var client = new RawUe(NewNumber(), Gateway.Sip);
        await client.RegisterAsync(Cancel, RawUe.OttTags);

        var response = await client.MessageAsync($"sip:+4940100001@{GatewayProcess.Domain}", "text/plain", "a\0b"u8.ToArray(), Cancel);
        using var webhook = await Gateway.Http.GetAsync(
            "/webhooks/vonage/inbound-sms?secret=carrier-secret&msisdn=447700900001&to=4940999&text=a%00b", Cancel);
        using var id = await Gateway.Http.GetAsync(
            "/webhooks/vonage/inbound-sms?secret=carrier-secret&msisdn=447700900001&to=4940999&text=a&messageId=%00", Cancel);

        Assert.Equal((400, HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (response.Status, webhook.StatusCode, id.StatusCode));
        await StillServesAsync();
    }

    [Theory]
    [InlineData("SUBSCRIBE", "Event: presence\r\nExpires: 60", 489)]
    [InlineData("SUBSCRIBE", "Event: reg\r\nExpires: 60", 400)]
    [InlineData("SUBSCRIBE", "Event: reg\r\nExpires: 60\r\nContact: <sip:a@127.0.0.1>", 403)]
    [InlineData("NOTIFY", "Event: reg\r\nSubscription-State: active;expires=60", 481)]
    [InlineData("INVITE", "Contact: <sip:a@127.0.0.1>", 405)]
    [InlineData("PUBLISH", "Event: presence", 405)]
    public async Task A_request_that_is_not_for_us(string method, string headers, int status)
    {
        await using var ue = new RawUe(NewNumber(), Gateway.Sip);

        var response = await ue.RequestAsync(method, $"sip:smsc@{Gateway.Sip}", Cancel, headers: headers.Split("\r\n"));

        Assert.Equal(status, response.Status);
        await StillServesAsync();
    }

    [Fact]
    public async Task Noise_on_the_sip_addresses_is_borne()
    {
        using var udp = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        byte[][] noises = [[], [0], [.. Enumerable.Repeat((byte)0xFF, 1400)], [.. "MESSAGE\r\n\r\n"u8], [.. "SIP/2.0 999\r\nVia: \r\n\r\n"u8]];
        foreach (var noise in noises) await udp.SendAsync(noise, Gateway.Sip, Cancel);
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(Gateway.Sip, Cancel);
        await tcp.GetStream().WriteAsync("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"u8.ToArray(), Cancel);

        await StillServesAsync();
    }

    /// <summary>A message posted now reaches a handset that registers now.</summary>
    private async Task StillServesAsync()
    {
        await using var ue = new RawUe(NewNumber(), Gateway.Sip);
        await ue.RegisterAsync(Cancel);
        await Gateway.SendSmsAsync(ue.Number, "still here", Cancel);
        Assert.Equal("still here", (await ue.SmsAsync(Cancel)).Tpdu.Text);
    }

    private static string NewNumber() => $"4940{Interlocked.Increment(ref _numbers)}";
}
