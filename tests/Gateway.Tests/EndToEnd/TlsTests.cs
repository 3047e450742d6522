using System.Net;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.EndToEnd;

/// <summary>The gateway as its settings make it listen with TLS, and handsets that come over it.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly TlsFolder _files = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task Handsets_register_send_and_receive_over_their_tls_connections()
    {
        _files.Write("gateway", "127.0.0.1");
        var port = FreePort.Next();
        await using var gateway = await GatewayProcess.StartAsync(Cancel, port,
            ("Sip__Listen", $"tls://127.0.0.1:{port}"), ("Sip__Tls__Certificate", _files.At("gateway.pem")), ("Sip__Tls__Key", _files.At("gateway.key")));
        await using var handset = new RawUe("4940310001", new IPEndPoint(IPAddress.Loopback, port), tls: _files);
        await using var client = new RawUe("4940310002", new IPEndPoint(IPAddress.Loopback, port), tls: _files);
        await handset.RegisterAsync(Cancel);
        await client.RegisterAsync(Cancel, RawUe.OttTags);

        Assert.True(Assert.Single(await handset.SubmitAsync(client.Number, "over tls", Cancel)).IsAck);
        Assert.Equal("over tls", (await client.TextAsync(Cancel)).Text);
        Assert.Equal(202, (await client.SendTextAsync(handset.Number, "and back", Cancel)).Status);
        Assert.Equal("and back", (await handset.SmsAsync(Cancel)).Tpdu.Text);
    }
}
