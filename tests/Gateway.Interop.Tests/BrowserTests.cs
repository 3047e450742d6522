using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Gateway.Handset;
using Gateway.Sip;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gateway.Interop.Tests;

/// <summary>A browser that registers over WebSocket and exchanges texts with a VoLTE handset.</summary>
[Trait("Category", "Interop")]
public sealed class BrowserTests
{
    private const string Password = "open sesame";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("ws")]
    [InlineData("wss")]
    public async Task JsSIP_in_Chromium_exchanges_texts_with_a_handset_and_its_messages_are_delivered(string scheme)
    {
        var files = Directory.CreateTempSubdirectory("gateway-browser-");
        try
        {
            await ExchangeAsync(scheme, files.FullName);
        }
        finally
        {
            files.Delete(recursive: true);
        }
    }

    private static async Task ExchangeAsync(string scheme, string files)
    {
        var (sip, port, number) = (FreePort.Next(), FreePort.Next(), World.NewNumber());
        await using var webhooks = await WebhookReceiver.StartAsync(Cancel);
        var (certificate, key) = WriteCertificate(files);
        await using var gateway = await GatewayProcess.StartAsync(Cancel, sip,
            ("Sip__Listen", $"udp://127.0.0.1:{sip},{scheme}://127.0.0.1:{port}"), ("Sip__Tls__Certificate", certificate), ("Sip__Tls__Key", key),
            ("Sip__Registrar__Users__0__Number", number), ("Sip__Registrar__Users__0__Password", Password),
            ("Accounts__0__DeliveryReceiptUrl", webhooks.ReceiptUrl));
        await using var handset = new Handset.Handset(
            new HandsetOptions
            {
                Kind = HandsetKind.Volte, Number = World.NewNumber(), Domain = GatewayProcess.Domain, Registrar = SipUri.Create(null, gateway.Sip),
                ServiceCentre = SipUri.Parse(GatewayProcess.ServiceCentre), Listen = new IPEndPoint(IPAddress.Loopback, 0),
            },
            TimeProvider.System, NullLoggerFactory.Instance);
        var shown = new Arrivals<ReceivedText>("the handset");
        handset.OnText += shown.Add;
        await handset.StartAsync(Cancel);
        await handset.WhenRegisteredAsync(Cancel).WaitAsync(Deadline.Answer, Cancel);

        await using var browser = ChildProcess.Start("node", ["browser.js"], NodeSdk.Folder, input: JsonSerializer.Serialize(new
        {
            browser = "/usr/bin/chromium",
            server = $"{scheme}://127.0.0.1:{port}",
            uri = $"sip:+{number}@{GatewayProcess.Domain}",
            user = number,
            password = Password,
            to = handset.Identity.ToString(),
            text = "Grüße from the page",
        }));
        try
        {
            var text = await shown.NextAsync(Cancel, Deadline.Start);
            Assert.Equal(("Grüße from the page", $"+{number}"), (text.Text, text.From));
            await browser.SaysAsync("sent 202", Cancel);

            Assert.Equal(SendVerdict.Accepted, (await handset.SendAsync(number, "from the handset: 世界 😀", cancellation: Cancel)).Verdict);
            await browser.SaysAsync($"received from +{handset.Options.Number.TrimStart('+')}: from the handset: 世界 😀", Cancel);

            var id = await gateway.SendSmsAsync(number, "bye", Cancel, from: "Bank");
            await browser.SaysAsync("received from Bank: bye", Cancel);
            Assert.Equal("delivered", (await webhooks.ReceiptAsync(id, Cancel))["status"]);

            await browser.ExitAsync(Cancel);
            await gateway.SaysAsync($"{number} has 0 contacts here", Cancel);   // gone with the page
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"browser:\n{browser.Output}\ngateway:\n{gateway.Output}", e);
        }
    }

    private static (string Certificate, string Key) WriteCertificate(string files)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=gateway", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(30));
        var (certificateFile, keyFile) = (Path.Combine(files, "gateway.pem"), Path.Combine(files, "gateway.key"));
        File.WriteAllText(certificateFile, certificate.ExportCertificatePem());
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
        return (certificateFile, keyFile);
    }
}
