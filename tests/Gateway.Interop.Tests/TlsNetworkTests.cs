using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Interop.Tests;

/// <summary>An S-CSCF that is the outbound proxy over TLS and reaches the gateway over TLS, both with certificates.</summary>
public sealed class TlsWorld : World
{
    private protected override Task<KamailioLab> StartLabAsync(int applicationServer, CancellationToken cancel) =>
        KamailioLab.StartScscfAsync(applicationServer, cancel, KamailioLab.WithTls);
}

[Trait("Category", "Interop")]
public sealed class TlsNetworkTests(TlsWorld world, ITestOutputHelper output) : WorldTest(world, output), IClassFixture<TlsWorld>
{
    //  app        gateway        Kamailio        handset
    //   |  HTTP      |     TLS      |     UDP      |
    //   |----------->|------------->|------------->|   RP-DATA, and its RP-ACK
    //   |            |<-------------|<-------------|   back the same way
    [Fact]
    public async Task Messages_go_to_handsets_and_come_from_them_through_a_proxy_over_tls()
    {
        await using var ue = world.Lab.NewUe(World.NewNumber());
        await using var other = world.Lab.NewUe(World.NewNumber());
        await ue.RegisterAsync(Cancel);
        await other.RegisterAsync(Cancel);
        await world.LearntAsync(ue, 1, Cancel);
        await world.LearntAsync(other, 1, Cancel);

        var id = await world.Gateway.SendSmsAsync(ue.Number, "sealed", Cancel);
        var sms = await ue.SmsAsync(Cancel);
        Assert.Equal("sealed", sms.Tpdu.Text);
        Assert.StartsWith("SIP/2.0/TLS 127.0.0.1:", sms.Message.All("Via").Last());
        Assert.Equal("delivered", (await world.Webhooks.ReceiptAsync(id, Cancel))["status"]);

        Assert.True(Assert.Single(await ue.SubmitAsync(other.Number, "and passed on", Cancel)).IsAck);
        Assert.Equal("and passed on", (await other.SmsAsync(Cancel)).Tpdu.Text);
    }

    [Fact]
    public async Task Many_at_once_are_each_delivered_once()
    {
        const int messages = 200;
        await using var ue = world.Lab.NewUe(World.NewNumber());
        await ue.RegisterAsync(Cancel);
        await world.LearntAsync(ue, 1, Cancel);

        var ids = await Task.WhenAll(Enumerable.Range(0, messages).Select(i => world.Gateway.SendSmsAsync(ue.Number, $"number {i}", Cancel)));
        foreach (var id in ids) Assert.Equal("delivered", (await world.Webhooks.ReceiptAsync(id, Cancel))["status"]);

        var texts = ue.Requests.Snapshot().Where(request => request.Is3gppSms)
            .Select(request => RpMessage.Read(request.Body)).Where(rp => rp.IsData).Select(rp => SmsTpdu.Read(rp.Tpdu).Text);
        Assert.Equal(Enumerable.Range(0, messages).Select(i => $"number {i}").Order(), texts.Order());
    }
}
