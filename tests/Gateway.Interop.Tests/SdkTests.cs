using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Interop.Tests;

/// <summary>The SDKs of three generations send to handsets at the gateway's own registrar.</summary>
[Trait("Category", "Interop")]
public sealed class SdkTests(SdkTests.Accounts accounts) : IClassFixture<SdkTests.Accounts>
{
    private const string Secret = "another-secret", SignatureSecret = "signature-secret";
    private static readonly string[] Methods = ["md5hash", "md5", "sha1", "sha256", "sha512"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Sdks))]
    public async Task Text(string sdk)
    {
        var (sms, _) = await SendAsync(sdk, new { text = "plain text 1 + 1, 100%", type = "text" });

        Assert.Equal((0x00, "plain text 1 + 1, 100%", "AcmeInc"), (sms[0].Tpdu.DataCodingScheme, sms[0].Tpdu.Text, sms[0].Tpdu.Address));
    }

    [Theory]
    [MemberData(nameof(Sdks))]
    public async Task Unicode(string sdk)
    {
        var (sms, _) = await SendAsync(sdk, new { text = "Привет, 世界 😀", type = "unicode" });

        Assert.Equal((0x08, "Привет, 世界 😀"), (sms[0].Tpdu.DataCodingScheme, sms[0].Tpdu.Text));
    }

    [Theory]
    [MemberData(nameof(Sdks))]
    public async Task Long_text(string sdk)
    {
        var text = string.Join(' ', Enumerable.Range(1, 70).Select(i => $"word{i}"));

        var (sms, sent) = await SendAsync(sdk, new { text, type = "text" });

        Assert.Equal((text.Length + 152) / 153, sent.Count);
        Assert.Equal(sent.Count, sent.Select(message => message.MessageId).Distinct().Count());
        Assert.Equal(text, string.Concat(sms.Select(part => part.Tpdu.Text)));
    }

    [Theory]
    [MemberData(nameof(Sdks))]
    public async Task Binary(string sdk)
    {
        var (sms, _) = await SendAsync(sdk, new { type = "binary", body = "0011223344", udh = "06050415811581" });

        Assert.Equal(0x04, sms[0].Tpdu.DataCodingScheme);
        Assert.Equal(0x40, sms[0].Tpdu.FirstOctet & 0x40);
        Assert.Equal("060504158115810011223344", Convert.ToHexString(sms[0].Tpdu.UserData));
    }

    [Theory]
    [MemberData(nameof(SignedSends))]
    public async Task Signed_sends_are_taken_and_their_signed_receipts_verify(string sdk, string method)
    {
        await using var ue = await RegisteredAsync();

        var (error, sent) = await NodeSdk.SendAsync(sdk, accounts.Gateway,
            new { apiKey = method, apiSecret = "not used", signatureSecret = SignatureSecret, signatureMethod = method },
            new { to = ue.Number, from = "AcmeInc", text = "signed by the sdk" }, Cancel);

        Assert.Null(error);
        Assert.Equal("0", Assert.Single(sent).Status);
        Assert.Equal("signed by the sdk", (await ue.SmsAsync(Cancel)).Tpdu.Text);
        var receipt = await accounts.Webhooks.ReceiptAsync(sent[0].MessageId!, Cancel);
        await NodeSdk.VerifyAsync(receipt, SignatureSecret, method, Cancel);
    }

    [Theory]
    [MemberData(nameof(Sdks))]
    public async Task A_wrong_secret_is_told(string sdk)
    {
        var (_, sent) = await NodeSdk.SendAsync(sdk, accounts.Gateway, new { apiKey = Methods[0], apiSecret = "wrong-secret" },
            new { to = "4940100001", from = "AcmeInc", text = "no" }, Cancel);

        Assert.Equal(("4", "Bad Credentials"), (Assert.Single(sent).Status, sent[0].ErrorText));
    }

    public static TheoryData<string> Sdks() => [NodeSdk.ServerSdk3, NodeSdk.ServerSdk2, NodeSdk.Nexmo];

    // The third generation does not sign what it sends.
    public static TheoryData<string, string> SignedSends() =>
        [.. new[] { NodeSdk.ServerSdk2, NodeSdk.Nexmo }
            .SelectMany(sdk => Methods.Select(method => new TheoryDataRow<string, string>(sdk, method)))];

    private async Task<(IReadOnlyList<ReceivedSms> Received, IReadOnlyList<SentSms> Sent)> SendAsync(string sdk, object content)
    {
        await using var ue = await RegisteredAsync();
        var fields = content.GetType().GetProperties().ToDictionary(property => property.Name, property => property.GetValue(content));
        (fields["to"], fields["from"]) = (ue.Number, "AcmeInc");

        var (error, sent) = await NodeSdk.SendAsync(sdk, accounts.Gateway, new { apiKey = Methods[0], apiSecret = Secret }, fields, Cancel);

        Assert.Null(error);
        Assert.NotEmpty(sent);
        Assert.All(sent, message => Assert.Equal("0", message.Status));
        var received = new List<ReceivedSms>();
        foreach (var _ in sent) received.Add(await ue.SmsAsync(Cancel));
        return (received, sent);
    }

    private async Task<RawUe> RegisteredAsync()
    {
        var ue = new RawUe(World.NewNumber(), accounts.Gateway.Sip);
        await ue.RegisterAsync(Cancel);
        return ue;
    }

    /// <summary>A gateway with an account for each way of signing, whose key is the name of the method.</summary>
    public sealed class Accounts : IAsyncLifetime
    {
        private GatewayProcess? _gateway;
        private WebhookReceiver? _webhooks;

        internal GatewayProcess Gateway => _gateway!;
        internal WebhookReceiver Webhooks => _webhooks!;

        public async ValueTask InitializeAsync()
        {
            _webhooks = await WebhookReceiver.StartAsync(Cancel);
            _gateway = await GatewayProcess.StartAsync(Cancel, null, [.. Methods.SelectMany((method, i) => new (string, string?)[]
            {
                ($"Accounts__{i}__ApiKey", method), ($"Accounts__{i}__ApiSecret", Secret), ($"Accounts__{i}__SignatureSecret", SignatureSecret),
                ($"Accounts__{i}__SignatureMethod", method), ($"Accounts__{i}__DeliveryReceiptUrl", _webhooks.ReceiptUrl),
            })]);
        }

        public async ValueTask DisposeAsync()
        {
            if (_gateway is not null) await _gateway.DisposeAsync();
            if (_webhooks is not null) await _webhooks.DisposeAsync();
        }
    }
}
