using System.Text.Json.Nodes;
using Gateway.Store;
using Gateway.Tests.Support;
using Gateway.Webhooks;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;
using Xunit;

namespace Gateway.Tests.Rules;

/// <summary>openapi/webhooks.yaml describes every webhook that the gateway sends, in each format, signed and not.</summary>
public sealed class WebhookContractTests
{
    private const string Outside = "33612345678", Secret = "signature-secret";
    private static readonly (string ApiKey, string Number, string Format, string? Method)[] Accounts =
    [
        ("bank0001", "4940999", "PostJson", "sha256"), ("bank0002", "4940998", "Get", "md5hash"), ("bank0003", "4940997", "Post", null),
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_webhook_of_a_busy_day_is_as_described()
    {
        var (check, _) = await ReadAsync();
        await using var customer = await WebhookReceiver.StartAsync(Cancel);
        var received = new System.Collections.Concurrent.ConcurrentBag<ReceivedWebhook>();
        customer.Answer = webhook =>
        {
            received.Add(webhook);
            return 200;
        };
        await using var gateway = await GatewayProcess.StartAsync(Cancel, null, [.. Accounts.SelectMany((account, i) => Settings(i, account, customer)),
            ("Carriers__0__Name", "far"), ("Carriers__0__BaseUrl", "http://127.0.0.1:9"), ("Carriers__0__ApiKey", "k"), ("Carriers__0__ApiSecret", "s")]);
        await using var handset = new RawUe("4940600001", gateway.Sip);
        await handset.RegisterAsync(Cancel);
        foreach (var (apiKey, number, format, method) in Accounts)
        {
            var before = received.Count;
            await SendAsync(gateway, $"api_key={apiKey}&api_secret=correct-horse&from=AcmeInc&to={handset.Number}&client-ref=a%26b&text={new string('x', 200)}");
            await SendAsync(gateway, $"api_key={apiKey}&api_secret=correct-horse&from=4915100000&to=4940600009&text=late&ttl=1000");
            await handset.SubmitAsync(number, "Stop it", Cancel);
            await handset.SubmitAsync(number, "Привет", Cancel);
            await CallAsync(gateway, $"to={number}&messageId=t-{number}&text={new string('y', 300)}");
            await CallAsync(gateway, $"to={number}&messageId=b-{number}&type=binary&data=CAFE&udh=06050415811581");
            await CallAsync(gateway, $"to={number}&messageId=c-{number}&type=text&concat=true&concat-ref=7&concat-total=2&concat-part=1&text=half");
            await Deadline.UntilAsync(() => Task.FromResult(received.Count - before >= 9), () => $"nine webhooks in {format}; there are {received.Count - before}", Cancel);
            var webhooks = received.Where(webhook => webhook["api-key"] == apiKey).ToList();
            Assert.All(webhooks, webhook => Assert.Equal(method is not null, webhook["sig"] is not null));
            Assert.Equal(["delivered", "expired"], webhooks.Select(webhook => webhook["status"]).OfType<string>().Distinct().Order());
            Assert.Equal(["binary", "text", "unicode"], webhooks.Select(webhook => webhook["type"]).OfType<string>().Distinct().Order());
            Assert.Contains(webhooks, webhook => webhook["concat"] == "true");
            if (method is not null)
            {
                Assert.True(Signature.TryParseMethod(method, out var signed));
                Assert.All(webhooks, webhook => Assert.Equal(Signature.Sign(signed, Secret, webhook.Fields), webhook["sig"]));
            }
        }
        Assert.All(received, webhook => Assert.Empty(check.Faults(webhook.Path == "/receipt" ? "DeliveryReceipt" : "InboundMessage", webhook.Fields)));
    }

    [Fact]
    public async Task The_description_is_a_valid_document_and_names_every_receipt_status()
    {
        var (check, document) = await ReadAsync();
        Assert.Equal(["deliveryReceipt", "inboundMessage", "messageStatus", "messageInbound"], document["webhooks"]!.AsObject().Select(webhook => webhook.Key));
        foreach (var status in Enum.GetValues<ReceiptStatus>())
        {
            var row = DeliveryReceipt.For(
                new ShortMessageRow { Recipient = "4940111", Originator = "Bank", ReceiptRequested = true }, 0, status, 99,
                new AccountSettings { ApiKey = "bank0001", DeliveryReceiptUrl = "http://shop.example" }, 1_780_315_445_000)!;
            var fields = WebhookFields.Parse(row.Fields).ToDictionary();
            Assert.Equal(["message-timestamp is missing"], check.Faults("DeliveryReceipt", fields)); // which each try adds
            fields["message-timestamp"] = "2026-11-24 12:00:00";
            Assert.Empty(check.Faults("DeliveryReceipt", fields));
            fields["sig"] = new string('a', 32);
            Assert.Equal(["sig without timestamp", "sig without nonce"], check.Faults("DeliveryReceipt", fields));
            fields.Remove("sig");
            fields["status"] = "lost";
            Assert.Single(check.Faults("DeliveryReceipt", fields));
            fields["status"] = "failed";
            fields["extra"] = "1";
            Assert.Equal(["extra is not described"], check.Faults("DeliveryReceipt", fields));
        }
    }

    [Fact]
    public async Task Webhooks_of_the_messages_API_are_as_described()
    {
        var (check, _) = await ReadAsync();
        var account = new AccountSettings { ApiKey = "bank0001", DeliveryReceiptUrl = "http://shop.example", InboundUrl = "http://shop.example", WebhookFormat = "Messages" };
        var message = new ShortMessageRow { Id = 1, Recipient = "4940111", Originator = "Bank", Text = "Stop", ReceiptRequested = true, ClientReference = "my-ref", Price = 1 };
        foreach (var state in Enum.GetValues<MessageState>())
            Assert.Empty(Faults("MessageStatus", MessageWebhook.Status(message, state, 99, account, 1_780_315_445_000)!));
        Assert.Empty(Faults("MessageInbound", Assert.Single(InboundMessage.For(message, account, 1_780_315_445_000))));
        message.Content = ContentKind.UserData;
        (message.UserData, message.UserDataLength, message.DataCodingScheme) = ([1, 2], 2, 4);
        Assert.Empty(Faults("MessageInbound", Assert.Single(InboundMessage.For(message, account, 1_780_315_445_000))));

        IEnumerable<string> Faults(string schema, WebhookRow row)
        {
            var body = JsonNode.Parse(row.Fields)!.AsObject();
            return check.Faults(schema, Texts(body)).Concat(body.Where(member => member.Value is JsonObject).SelectMany(member => check.Faults(member.Key switch
            {
                "error" => "MessageError",
                "usage" => "MessageUsage",
                "sms"   => schema == "MessageStatus" ? "MessageCount" : "MessageParts",
                _       => "MessageNetwork",
            }, Texts(member.Value!.AsObject()))));
        }

        static Dictionary<string, string> Texts(JsonObject members) =>
            members.Where(member => member.Value is JsonValue).ToDictionary(member => member.Key, member => member.Value!.GetValue<string>());
    }

    private static async Task<(JsonSchemaCheck Check, JsonNode Document)> ReadAsync()
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "openapi", "webhooks.yaml"), Cancel);
        var settings = new OpenApiReaderSettings();
        settings.AddYamlReader();
        var read = OpenApiDocument.Parse(text, "yaml", settings);
        Assert.Empty(read.Diagnostic!.Errors.Select(error => error.ToString()));
        Assert.Empty(read.Diagnostic.Warnings.Select(warning => warning.ToString()));
        var document = JsonNode.Parse(await read.Document!.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1, Cancel))!;
        return (new JsonSchemaCheck(document), document);
    }

    private static IEnumerable<(string, string?)> Settings(int i, (string ApiKey, string Number, string Format, string? Method) account, WebhookReceiver customer) =>
    [
        ($"Accounts__{i}__ApiKey", account.ApiKey), ($"Accounts__{i}__ApiSecret", "correct-horse"), ($"Accounts__{i}__Numbers__0", account.Number),
        ($"Accounts__{i}__WebhookFormat", account.Format), ($"Accounts__{i}__DeliveryReceiptUrl", customer.ReceiptUrl),
        ($"Accounts__{i}__InboundUrl", customer.InboundUrl), ($"Accounts__{i}__MinTtlMilliseconds", "1000"),
        ($"Accounts__{i}__SignatureSecret", account.Method is null ? null : Secret), ($"Accounts__{i}__SignatureMethod", account.Method ?? "sha256"),
    ];

    private static async Task SendAsync(GatewayProcess gateway, string query)
    {
        var reply = await gateway.Http.GetStringAsync($"/sms/json?{query}", Cancel);
        Assert.Contains("\"status\":\"0\"", reply.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    private static async Task CallAsync(GatewayProcess gateway, string query)
    {
        using var response = await gateway.Http.GetAsync($"/webhooks/far/inbound-sms?msisdn={Outside}&{query}", Cancel);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Cancel));
    }
}
