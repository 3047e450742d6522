using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Interop.Tests;

/// <summary>What the unmodified SDKs read and change around sending, and the Messages API with the application's key.</summary>
[Trait("Category", "Interop")]
public sealed class SdkAccountTests : IAsyncLifetime
{
    private const string ApiKey = "shop0001", Secret = "another-secret", SignatureSecret = "signature-secret", Number = "4940777";
    private const string Application = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab";

    private readonly RSA _key = RSA.Create(2048);
    private GatewayProcess _gateway = null!;
    private WebhookReceiver _webhooks = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _webhooks = await WebhookReceiver.StartAsync(Cancel);
        _gateway = await GatewayProcess.StartAsync(Cancel, null,
            ("Accounts__0__ApiKey", ApiKey), ("Accounts__0__ApiSecret", Secret), ("Accounts__0__SignatureSecret", SignatureSecret), ("Accounts__0__Numbers__0", Number),
            ("Accounts__0__Prices__49", "0.04"), ("Accounts__0__Balance", "10.25"), ("Accounts__0__ApplicationId", Application),
            ("Accounts__0__PublicKey", _key.ExportSubjectPublicKeyInfoPem()));
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _webhooks.DisposeAsync();
        _key.Dispose();
    }

    [Theory]
    [InlineData(NodeSdk.ServerSdk3)]
    [InlineData(NodeSdk.Nexmo)]
    public async Task Balance_settings_numbers_and_the_messages_api(string sdk)
    {
        await using var ue = new RawUe(World.NewNumber(), _gateway.Sip);
        await ue.RegisterAsync(Cancel);
        using var reply = await NodeSdk.RunAsync("account.js", new
        {
            sdk, host = "127.0.0.1", port = _gateway.HttpPort, number = Number, url = _webhooks.Url,
            credentials = new { apiKey = ApiKey, apiSecret = Secret, applicationId = Application, privateKey = _key.ExportPkcs8PrivateKeyPem() },
            message = new { channel = "sms", messageType = "text", to = ue.Number, from = "AcmeInc", text = "Привет", clientRef = "my-ref" },
        }, Cancel);
        var said = reply.RootElement;
        Assert.False(said.TryGetProperty("error", out var error), error.ToString());

        Assert.Equal((10.25m, false), (said.GetProperty("balance").GetProperty("value").GetDecimal(), said.GetProperty("balance").GetProperty("autoReload").GetBoolean()));
        Assert.Equal(($"{_webhooks.Url}/mo", $"{_webhooks.Url}/dr"),
            (said.GetProperty("settings").GetProperty("mo-callback-url").GetString(), said.GetProperty("settings").GetProperty("dr-callback-url").GetString()));
        var number = Assert.Single(said.GetProperty("numbers").GetProperty("numbers").EnumerateArray());
        Assert.Equal((Number, "DE", $"{_webhooks.Url}/number"),
            (number.GetProperty("msisdn").GetString(), number.GetProperty("country").GetString(), number.GetProperty("moHttpUrl").GetString()));
        if (sdk == NodeSdk.ServerSdk3) await SentByTheApplicationAsync(ue, said.GetProperty("sent").GetProperty("messageUUID").GetString()!);
    }

    /// <summary>The token it sent with was taken, its handset has the text, and the SDK's verifier takes the status webhook's token.</summary>
    private async Task SentByTheApplicationAsync(RawUe ue, string uuid)
    {
        var sms = await ue.SmsAsync(Cancel);
        Assert.Equal((0x08, "Привет"), (sms.Tpdu.DataCodingScheme, sms.Tpdu.Text));
        var status = await _webhooks.Received.NextAsync(webhook => webhook.Path == "/dr", Cancel);
        Assert.Equal((uuid, "delivered", "my-ref"), (status["message_uuid"], status["status"], status["client_ref"]));
        Assert.Equal("0.04000000", JsonDocument.Parse(status["usage"]!).RootElement.GetProperty("price").GetString());
        Assert.StartsWith("Bearer ", status.Authorization, StringComparison.Ordinal);
        var token = status.Authorization!["Bearer ".Length..];
        using var verdict = await NodeSdk.RunAsync("token.js", new { token, secret = SignatureSecret }, Cancel);
        Assert.Equal((true, false), (verdict.RootElement.GetProperty("right").GetBoolean(), verdict.RootElement.GetProperty("wrong").GetBoolean()));
        var claims = JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(token.Split('.')[1])).RootElement;
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(status.Body))), claims.GetProperty("payload_hash").GetString());
    }
}
