using Gateway.Sip.Events;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Sip.Tests.Engine;

/// <summary>The Contact of a SUBSCRIBE is an address at which its notifier reaches us, however we listen.</summary>
public sealed class ContactTests : EngineTest
{
    [Theory]
    [InlineData("0.0.0.0", "127.0.0.1")]
    [InlineData("[::]", "[::1]")]
    public async Task An_endpoint_on_any_address_gives_the_one_the_notifier_sees(string listen, string seen)
    {
        var endpoint = await StartAsync(null, $"udp://{listen}:0");
        using var notifier = new UdpPeer(seen.Trim('[', ']'));

        _ = SubscribeAsync(endpoint, $"sip:user@{notifier.Address}");

        var subscribe = await notifier.ReceiveAsync();
        Assert.Equal($"<sip:smsc@{seen}:{endpoint.Udp().Port}>", subscribe.Header("Contact"));
    }

    [Theory]
    [InlineData("tcp://127.0.0.1:0", "tcp")]
    [InlineData("tcp://0.0.0.0:0", "tcp")]
    [InlineData("udp://127.0.0.1:0", "udp")]   // who does not listen with TCP is reached with UDP
    [InlineData("udp://0.0.0.0:0", "udp")]
    public async Task Over_tcp_it_names_where_we_listen(string listen, string transport)
    {
        var endpoint = await StartAsync(null, listen);
        using var notifier = new TcpListeningPeer();

        _ = SubscribeAsync(endpoint, $"sip:user@{notifier.Address};transport=tcp");

        using var connection = await notifier.AcceptAsync();
        var subscribe = await connection.ReceiveAsync();
        var parameter = transport == "udp" ? "" : $";transport={transport}";
        Assert.Equal($"<sip:smsc@127.0.0.1:{endpoint.Bound[0].EndPoint.Port}{parameter}>", subscribe.Header("Contact"));
    }

    [Fact]
    public async Task Of_several_addresses_it_names_the_one_of_the_transport_in_use()
    {
        var endpoint = await StartAsync(null, "udp://127.0.0.1:0", "tcp://127.0.0.1:0");
        using var overUdp = new UdpPeer();
        using var overTcp = new TcpListeningPeer();

        _ = SubscribeAsync(endpoint, $"sip:user@{overUdp.Address}");
        _ = SubscribeAsync(endpoint, $"sip:user@{overTcp.Address};transport=tcp");

        Assert.Equal($"<sip:smsc@{endpoint.Udp()}>", (await overUdp.ReceiveAsync()).Header("Contact"));
        using var connection = await overTcp.AcceptAsync();
        Assert.Equal($"<sip:smsc@{endpoint.Tcp()};transport=tcp>", (await connection.ReceiveAsync()).Header("Contact"));
    }

    [Fact]
    public async Task Over_tls_it_names_the_tls_address_and_is_sips_where_the_request_is()
    {
        using var folder = new TlsFolder();
        folder.Write("peer", "127.0.0.1").Dispose();
        var tls = folder.Options("peer");
        var endpoint = await StartAsync(new SipEndpointOptions { Tls = tls }, "tls://0.0.0.0:0");
        var notifier = await StartAsync(new SipEndpointOptions { Tls = tls }, "tls://127.0.0.1:0");
        var contacts = new List<string>();
        notifier.OnRequest = incoming =>
        {
            lock (contacts)
                contacts.Add(incoming.Request.Headers.Get(HeaderName.Contact)!);
            return incoming.RespondAsync(404);
        };

        await SubscribeAsync(endpoint, $"sip:user@{notifier.Tls()};transport=tls").WaitAsync(Wait.Deadline, TestContext.Current.CancellationToken);
        await SubscribeAsync(endpoint, $"sips:user@{notifier.Tls()}").WaitAsync(Wait.Deadline, TestContext.Current.CancellationToken);

        var port = endpoint.Tls().Port;
        Assert.Equal([$"<sip:smsc@127.0.0.1:{port};transport=tls>", $"<sips:smsc@127.0.0.1:{port}>"], contacts);
    }

    private static async Task SubscribeAsync(SipEndpoint endpoint, string resource)
    {
        var subscription = new Subscription(endpoint, new SubscriptionRequest
        {
            ResourceUri = SipUri.Parse(resource),
            From = new NameAddr(SipUri.Parse("sip:smsc@ims.example.org")),
            ContactUser = "smsc",
        }, _ => Task.CompletedTask, _ => { });
        await subscription.StartAsync();
    }
}
