using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Rest;
using Gateway.Store;
using Gateway.Webhooks;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Xunit;

namespace Gateway.Tests.Rest;

/// <summary>The Messages API: who may send, what is taken, how it is refused, and what its webhooks say.</summary>
public sealed class MessagesApiTests : IAsyncLifetime
{
    private const string Application = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab";
    private const string Whole = """{"channel":"sms","message_type":"text","to":"4940111","from":"AcmeInc","text":"Hello"}""";
    private static readonly RSA Key = RSA.Create(2048);
    private GatewayOverHttp _gateway = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _gateway = await GatewayOverHttp.StartAsync(GatewayOverHttp.Settings(Account(1000)));

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task A_text_is_taken_with_a_uuid_that_leads_to_it()
    {
        var reply = await SendAsync("""
            {"channel":"sms","message_type":"text","to":"+4940111","from":4940222,"text":"Hello","client_ref":"my-ref","ttl":600,
             "webhook_url":"http://shop.example/status","webhook_version":"v1","trusted_recipient":true,"failover":[]}
            """, HttpStatusCode.Accepted);
        Assert.Equal(["message_uuid"], reply.AsObject().Select(field => field.Key));
        var row = Assert.Single(await _gateway.MessagesAsync());
        Assert.True(MessageUuid.TryParse(reply["message_uuid"]!.GetValue<string>(), out var id));
        Assert.Equal(row.Id, id);
        Assert.Equal((MessageSource.Messages, "bank0001", "4940222", "4940111", "Hello", "my-ref", "http://shop.example/status", true),
            (row.Source, row.Account, row.Originator, row.Recipient, row.Text, row.ClientReference, row.CallbackUrl, row.ReceiptRequested));
        Assert.Equal(GatewayOverHttp.Start.ToUnixTimeMilliseconds() + 600_000, row.ExpiresAt);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(0x0A00000012345678)]
    [InlineData(long.MaxValue)]
    public void A_uuid_is_one_and_stands_for_its_id_alone(long id)
    {
        var uuid = MessageUuid.Of(id);
        Assert.Matches("^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", uuid);
        Assert.True(MessageUuid.TryParse(uuid.ToUpperInvariant(), out var parsed));
        Assert.Equal(id, parsed);
        Assert.False(MessageUuid.TryParse(uuid[..^1] + (uuid[^1] == '0' ? '1' : '0'), out _));
        Assert.False(MessageUuid.TryParse("x", out _));
    }

    [Theory]
    [InlineData("auto", "Hello", false)]
    [InlineData("auto", "Привет", true)]
    [InlineData("text", "Hello", false)]
    [InlineData("unicode", "Hello", true)]
    public async Task The_encoding_is_as_asked_for(string encoding, string text, bool ucs2)
    {
        await SendAsync($$"""{"channel":"sms","message_type":"text","to":"4940111","from":"A","text":"{{text}}","sms":{"encoding_type":"{{encoding}}"} }""", HttpStatusCode.Accepted);
        Assert.Equal(ucs2 ? 8 : 0, Assert.Single(await _gateway.MessagesAsync()).DataCodingScheme);
    }

    [Theory]
    [InlineData("""{}""", "channel,message_type,to,from,text")]
    [InlineData("""{"channel":"whatsapp","message_type":"image","to":"x","from":"","text":""}""", "channel,message_type,to,from,text")]
    [InlineData("""{"channel":"sms","message_type":"text","to":{},"from":[],"text":true,"sms":7}""", "to,from,text,sms")]
    [InlineData("""{"channel":"sms","message_type":"text","to":"4940111","from":"A","text":"x","ttl":19,"client_ref":"\u0000","webhook_url":"ftp://x","webhook_version":"v0.1","failover":[{}],"sms":{"encoding_type":"base64"}}""",
        "webhook_version,failover,sms.encoding_type,ttl,webhook_url,client_ref")]
    [InlineData("""{"channel":"sms","message_type":"text","to":"4940111","from":"A","text":"\ud800"}""", "body")]
    [InlineData("[]", "body")]
    [InlineData("{", "body")]
    [InlineData("", "body")]
    public async Task All_that_is_wrong_is_named(string body, string parameters)
    {
        var problem = await SendAsync(body, HttpStatusCode.UnprocessableEntity);
        Assert.Equal(("https://developer.vonage.com/api-errors/messages#1020", "Invalid params"), (problem["type"]!.GetValue<string>(), problem["title"]!.GetValue<string>()));
        Assert.Equal(32, problem["instance"]!.GetValue<string>().Length);
        Assert.Equal(parameters.Split(','), problem["invalid_parameters"]!.AsArray().Select(fault => fault!["name"]!.GetValue<string>()));
        Assert.Empty(await _gateway.MessagesAsync());
    }

    [Fact]
    public async Task A_token_of_the_application_does_and_a_bent_one_does_not()
    {
        await SendAsync(Whole, HttpStatusCode.Accepted, Bearer(Token()));
        await SendAsync(Whole, HttpStatusCode.Accepted, Bearer(Token(issued: 240, expires: 1140))); // the client's clock is four minutes ahead
        using var other = RSA.Create(2048);
        foreach (var token in new[]
            {
                Token(key: other), Token(application: "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ac"), Token(issued: -3600, expires: -301), Token(issued: 301, expires: 1200),
                Token(issued: 0, expires: 100_000), Token(algorithm: SecurityAlgorithms.RsaSha512), Unsigned(), Confused(), Token()[..^4] + "AAAA", "a.b.c", "..", "",
            })
            Assert.Equal("Unauthorized", (await SendAsync(Whole, HttpStatusCode.Unauthorized, Bearer(token)))["title"]!.GetValue<string>());
        Assert.Equal(2, (await _gateway.MessagesAsync()).Count);
    }

    [Fact]
    public async Task Wrong_secrets_rates_balances_and_recipients_are_refused_with_their_status()
    {
        await SendAsync(Whole, HttpStatusCode.Unauthorized, Basic("bank0001:wrong"));
        await SendAsync(Whole, HttpStatusCode.Unauthorized, new AuthenticationHeaderValue("Digest", "x"));
        Assert.EndsWith("#1040", (await SendAsync(Whole.Replace("4940111", "33600000000", StringComparison.Ordinal), HttpStatusCode.UnprocessableEntity))["type"]!.GetValue<string>(), StringComparison.Ordinal);

        await using var gateway = await GatewayOverHttp.StartAsync(GatewayOverHttp.Settings(Account(3)));
        await SendAsync(Whole, HttpStatusCode.Accepted, gateway: gateway);
        Assert.EndsWith("#1070", (await SendAsync(Whole, HttpStatusCode.PaymentRequired, gateway: gateway))["type"]!.GetValue<string>(), StringComparison.Ordinal);
        await SendAsync("{}", HttpStatusCode.UnprocessableEntity, gateway: gateway);
        await SendAsync(Whole, HttpStatusCode.TooManyRequests, gateway: gateway);
        await gateway.Service<Rejections>().WriteAsync(Cancel);
        await using var db = gateway.Store.Open();
        Assert.Equal([9, 3], db.Rejections.OrderBy(row => row.Id).Select(row => (int)row.Status).ToList());
    }

    [Theory]
    [InlineData(MessageState.Delivered, 0, "delivered")]
    [InlineData(MessageState.Expired, 1, "undeliverable")]
    [InlineData(MessageState.Failed, 10, "undeliverable")]
    [InlineData(MessageState.Rejected, 7, "rejected")]
    public void A_status_tells_of_the_whole_message(MessageState state, byte errorCode, string word)
    {
        var message = new ShortMessageRow
        {
            Id = 0x0A00000012345678, Source = MessageSource.Messages, Recipient = "4940111", Originator = "AcmeInc", SegmentCount = 3, Price = 5_000_000,
            ReceiptRequested = true, ClientReference = "my-ref",
        };
        var row = MessageWebhook.Status(message, state, errorCode, Account(1, receipts: "http://shop.example"), 1_780_315_445_000)!;
        Assert.Equal((WebhookKind.MessageStatus, "http://shop.example"), (row.Kind, row.Url));
        var body = JsonNode.Parse(row.Fields)!;
        Assert.Equal((MessageUuid.Of(message.Id), "4940111", "AcmeInc", "sms", "2026-06-01T12:04:05Z", word, "my-ref", "EUR", "0.15000000", "3"),
            (Text(body["message_uuid"]), Text(body["to"]), Text(body["from"]), Text(body["channel"]), Text(body["timestamp"]), Text(body["status"]), Text(body["client_ref"]),
                Text(body["usage"]!["currency"]), Text(body["usage"]!["price"]), Text(body["sms"]!["count_total"])));
        Assert.Equal(errorCode == 0 ? null : errorCode.ToString(), body["error"] is { } error ? Text(error["title"]) : null);
        Assert.Null(MessageWebhook.Status(message, state, errorCode, Account(1), 0)); // nobody to tell
    }

    [Fact]
    public async Task What_comes_for_an_account_of_the_messages_format_comes_whole_and_signed()
    {
        var account = Account(1, inbound: "http://shop.example/in");
        var message = new ShortMessageRow { Id = 7, Recipient = "4940999", Originator = "4940111", Text = "Stop " + new string('x', 200), SegmentCount = 2 };
        var row = Assert.Single(InboundMessage.For(message, account, 1_780_315_445_000));
        using var request = WebhookRequest.For(row, account, GatewayOverHttp.Start)!;
        var octets = await request.Content!.ReadAsByteArrayAsync(Cancel);
        var body = JsonNode.Parse(octets)!;
        Assert.Equal(("text", message.Text, "4940111", "4940999", "2", "STOP"),
            (Text(body["message_type"]), Text(body["text"]), Text(body["from"]), Text(body["to"]), Text(body["sms"]!["num_messages"]), Text(body["sms"]!["keyword"])));

        Assert.Equal(("POST", "application/json", "Bearer"), (request.Method.Method, request.Content.Headers.ContentType!.MediaType, request.Headers.Authorization!.Scheme));
        var token = request.Headers.Authorization.Parameter!;
        var parts = token.Split('.');
        Assert.Equal(parts[2], Base64UrlEncoder.Encode(HMACSHA256.HashData("short"u8, Encoding.UTF8.GetBytes($"{parts[0]}.{parts[1]}"))));
        var jwt = new JsonWebToken(token);
        Assert.Equal(("HS256", "Vonage", Convert.ToHexStringLower(SHA256.HashData(octets)), "bank0001", Application),
            (jwt.Alg, jwt.Issuer, jwt.GetClaim("payload_hash").Value, jwt.GetClaim("api_key").Value, jwt.GetClaim("application_id").Value));
    }

    private static string? Text(JsonNode? node) => node?.GetValue<string>();

    private static AccountSettings Account(int rate, string? receipts = null, string? inbound = null) => new()
    {
        ApiKey = "bank0001", ApiSecret = "s3cret-s3cret", MaxRequestsPerSecond = rate, ApplicationId = Application, PublicKey = Key.ExportSubjectPublicKeyInfoPem(),
        Prices = new() { [""] = 1 }, Balance = rate == 3 ? 1 : null, DeliveryReceiptUrl = receipts,
        InboundUrl = inbound, WebhookFormat = inbound is null ? "PostJson" : "Messages", SignatureSecret = inbound is null ? null : "short",
    };

    private async Task<JsonNode> SendAsync(string body, HttpStatusCode status, AuthenticationHeaderValue? authorization = null, GatewayOverHttp? gateway = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/messages") { Content = Replies.Body(body, "application/json") };
        request.Headers.Authorization = authorization ?? Basic("bank0001:s3cret-s3cret");
        using var response = await (gateway ?? _gateway).Client.SendAsync(request, Cancel);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.StatusCode == status, $"{response.StatusCode}: {text}");
        Assert.Equal(status == HttpStatusCode.Accepted ? "application/json" : "application/problem+json", response.Content.Headers.ContentType!.MediaType);
        return JsonNode.Parse(text)!;
    }

    private static AuthenticationHeaderValue Basic(string pair) => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(pair)));

    private static AuthenticationHeaderValue Bearer(string token) => new("Bearer", token);

    /// <summary>Times in seconds from now.</summary>
    private static string Token(RSA? key = null, string application = Application, int issued = 0, int expires = 900, string algorithm = SecurityAlgorithms.RsaSha256) =>
        new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(Claims(application, issued, expires), new SigningCredentials(new RsaSecurityKey(key ?? Key), algorithm));

    private static string Unsigned() => $"{Base64UrlEncoder.Encode("""{"alg":"none","typ":"JWT"}""")}.{Base64UrlEncoder.Encode(Claims(Application, 0, 900))}.";

    /// <summary>The public key taken for a secret.</summary>
    private static string Confused()
    {
        var text = $"{Base64UrlEncoder.Encode("""{"alg":"HS256","typ":"JWT"}""")}.{Base64UrlEncoder.Encode(Claims(Application, 0, 900))}";
        return $"{text}.{Base64UrlEncoder.Encode(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Key.ExportSubjectPublicKeyInfoPem()), Encoding.UTF8.GetBytes(text)))}";
    }

    private static string Claims(string application, int issued, int expires)
    {
        var now = GatewayOverHttp.Start.ToUnixTimeSeconds();
        return $$"""{"application_id":"{{application}}","iat":{{now + issued}},"exp":{{now + expires}},"jti":"x"}""";
    }
}
