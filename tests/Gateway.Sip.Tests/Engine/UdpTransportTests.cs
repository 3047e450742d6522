using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace Gateway.Sip.Tests.Engine;

public sealed class UdpTransportTests : EngineTest
{
    //   peer:p1, Via says p2           endpoint
    //    |  request, no rport             |
    //    |------------------------------->|
    //    |  response to p2                |      RFC 3261 §18.2.2
    //    |<-------------------------------|
    [Fact]
    public async Task Without_rport_the_response_goes_to_the_port_of_the_via()
    {
        using var sender = new UdpPeer();
        using var named = new UdpPeer();
        var endpoint = await StartAsync();
        endpoint.OnRequest = incoming => incoming.RespondAsync(200);

        sender.Send(RawRequest(named.Address, "z9hG4bK1"), endpoint.Udp());

        Assert.Equal("SIP/2.0 200 OK", (await named.ReceiveAsync()).StartLine);
        Assert.Empty(sender.Pending());
    }

    [Fact]
    public async Task With_rport_the_response_goes_back_where_the_request_came_from_and_the_via_tells_it()
    {
        using var sender = new UdpPeer();
        using var named = new UdpPeer();
        var endpoint = await StartAsync();
        endpoint.OnRequest = incoming => incoming.RespondAsync(200);

        sender.Send(RawRequest(named.Address, "z9hG4bK1", via: ";rport"), endpoint.Udp());

        var via = (await sender.ReceiveAsync()).Header("Via");
        Assert.Equal("127.0.0.1", Received.Parameter(via, "received"));
        Assert.Equal(sender.Address.Port.ToString(), Received.Parameter(via, "rport"));
    }

    [Fact]
    public async Task A_via_that_names_another_host_gets_received_and_the_other_vias_stay()
    {
        using var sender = new UdpPeer();
        var endpoint = await StartAsync();
        endpoint.OnRequest = incoming => incoming.RespondAsync(200);
        var request = RawRequest(sender.Address, "z9hG4bK1")
            .Replace("UDP 127.0.0.1:", "UDP ue.example.org:", StringComparison.Ordinal)
            .Replace("branch=z9hG4bK1", "branch=z9hG4bK1, SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKx", StringComparison.Ordinal);

        sender.Send(request, endpoint.Udp());

        var vias = string.Join(", ", (await sender.ReceiveAsync()).Headers("Via"));
        Assert.Equal(
            $"SIP/2.0/UDP ue.example.org:{sender.Address.Port};branch=z9hG4bK1;received=127.0.0.1, SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKx",
            vias);
    }

    [Fact]
    public async Task Octets_beyond_the_content_length_of_a_datagram_are_no_part_of_the_body()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartAsync();
        var bodies = new List<string>();
        endpoint.OnRequest = incoming =>
        {
            bodies.Add(Encoding.UTF8.GetString(incoming.Request.Body.Span));
            return incoming.RespondAsync(200);
        };

        peer.Send(RawRequest(peer.Address, "z9hG4bK1", body: "exactly this") + "and not this", endpoint.Udp());
        await peer.ReceiveAsync();

        Assert.Equal(["exactly this"], bodies);
    }

    [Fact]
    public async Task A_flood_of_tiny_datagrams_is_survived()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartAsync();
        endpoint.OnRequest = incoming => incoming.RespondAsync(200);
        for (var i = 0; i < 50_000; i++)
            peer.Send([(byte)i], endpoint.Udp());
        peer.Send([], endpoint.Udp());
        peer.Send("\r\n\r\n"u8.ToArray(), endpoint.Udp());

        // The kernel may have dropped some datagrams, this one too: it is sent until answered, as a client would.
        var request = RawRequest(peer.Address, "z9hG4bK1");
        await Wait.UntilAsync(
            () =>
            {
                peer.Send(request, endpoint.Udp());
                return peer.Pending().Any(m => m.StartLine == "SIP/2.0 200 OK");
            },
            "the endpoint still answers");
    }

    [Fact]
    public async Task A_port_nobody_listens_on_does_not_stop_the_receiving()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartAsync();
        endpoint.OnRequest = incoming => incoming.RespondAsync(200);
        int deadPort;
        using (var dead = new UdpPeer())
            deadPort = dead.Address.Port;

        var lost = SendAsync(endpoint, NewRequest(new IPEndPoint(IPAddress.Loopback, deadPort)));
        for (var i = 0; i < 10; i++)
        {
            AdvanceByTicks(TimeSpan.FromSeconds(1));   // retransmissions, each met by ICMP
            peer.Send(RawRequest(peer.Address, $"z9hG4bK{i}"), endpoint.Udp());
            Assert.Equal("SIP/2.0 200 OK", (await peer.ReceiveAsync()).StartLine);
        }

        AdvanceByTicks(TimeSpan.FromSeconds(30));
        Assert.Contains((await lost.InTimeAsync()).Kind, new[] { SipOutcomeKind.TimedOut, SipOutcomeKind.TransportError });
    }

    [Theory]
    [InlineData("udp")]
    [InlineData("tcp")]
    public async Task A_port_that_is_taken_is_named(string scheme)
    {
        var first = await StartAsync(null, $"{scheme}://127.0.0.1:0");
        var address = first.Bound[0].ToString();

        var failure = await Assert.ThrowsAsync<IOException>(() => StartAsync(null, address));

        Assert.Contains(address, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tls://127.0.0.1:5061")]
    [InlineData("wss://127.0.0.1:443")]
    public async Task A_transport_that_is_not_served_is_named(string address)
    {
        var failure = await Assert.ThrowsAsync<IOException>(() => StartAsync(null, address));

        Assert.Contains(address, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Both_address_families_are_served_side_by_side()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "this machine has no IPv6");
        var endpoint = await StartAsync(null, "udp://127.0.0.1:0", "udp://[::1]:0");
        endpoint.OnRequest = incoming => incoming.RespondAsync(200);
        foreach (var address in endpoint.Bound)
        {
            using var peer = new UdpPeer(address.EndPoint.Address.ToString());
            peer.Send(RawRequest(peer.Address, "z9hG4bK1"), address.EndPoint);
            Assert.Equal("SIP/2.0 200 OK", (await peer.ReceiveAsync()).StartLine);

            var sending = SendAsync(endpoint, NewRequest(peer.Address));
            var request = Assert.Single(peer.Pending());
            Assert.Contains($"UDP {address.EndPoint};", request.Header("Via"), StringComparison.Ordinal);
            peer.Send(request.Reply(200), address.EndPoint);
            Assert.Equal(200, (await sending.InTimeAsync()).Response!.StatusCode);
        }
    }

    [Fact]
    public async Task A_socket_bound_to_all_addresses_gives_the_one_the_peer_sees()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartAsync(null, "udp://0.0.0.0:0");
        _ = SendAsync(endpoint, NewRequest(peer.Address));

        var request = Assert.Single(peer.Pending());
        Assert.Contains($"UDP 127.0.0.1:{endpoint.Udp().Port};", request.Header("Via"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_goes_from_the_socket_whose_address_the_peer_sees()
    {
        using var peer = new UdpPeer("127.0.0.3");
        var endpoint = await StartAsync(null, "udp://127.0.0.2:0", "udp://127.0.0.1:0");

        _ = SendAsync(endpoint, NewRequest(peer.Address));

        Assert.Equal(endpoint.Bound[1].EndPoint, Assert.Single(peer.Pending()).From);   // the system's own choice of source
    }

    [Fact]
    public async Task A_flow_leads_back_through_the_socket_it_was_seen_on()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartAsync(null, "udp://127.0.0.1:0", "udp://127.0.0.1:0");
        var flow = new TaskCompletionSource<SipFlow>();
        endpoint.OnRequest = incoming =>
        {
            flow.TrySetResult(incoming.Flow);
            return incoming.RespondAsync(200);
        };
        peer.Send(RawRequest(peer.Address, "z9hG4bK1"), endpoint.Bound[1].EndPoint);
        await peer.ReceiveAsync();

        _ = SendAsync(endpoint, NewRequest(new IPEndPoint(IPAddress.Loopback, 9)), SipTarget.At(await flow.Task.InTimeAsync()));

        Assert.Equal(endpoint.Bound[1].EndPoint, Assert.Single(peer.Pending()).From);
    }

    [Theory]
    [InlineData("udp:127.0.0.1:5070")]
    [InlineData("tcp:[::1]:5070")]
    [InlineData("wss:10.1.2.3:443")]
    public void A_flow_is_stored_as_text(string text)
    {
        Assert.True(SipFlow.TryParse(text, out var flow));
        Assert.Equal(text, flow.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("udp")]
    [InlineData("udp:127.0.0.1")]
    [InlineData("sctp:127.0.0.1:5060")]
    [InlineData("udp:host:5060")]
    public void What_is_no_flow_is_not_read_as_one(string text) => Assert.False(SipFlow.TryParse(text, out _));

    [Theory]
    [InlineData("udp://127.0.0.1:5060", "udp://127.0.0.1:5060")]
    [InlineData("tcp://[::1]", "tcp://[::1]:5060")]
    [InlineData("TLS://0.0.0.0", "tls://0.0.0.0:5061")]
    [InlineData("udp://127.0.0.1:0", "udp://127.0.0.1:0")]
    public void A_listen_address_is_read_with_the_default_port(string text, string expected) =>
        Assert.Equal(expected, SipListenAddress.Parse(text).ToString());

    [Theory]
    [InlineData("127.0.0.1:5060")]
    [InlineData("sctp://127.0.0.1:5060")]
    [InlineData("udp://localhost:5060")]
    public void A_listen_address_that_cannot_be_read_is_named(string text)
    {
        Assert.False(SipListenAddress.TryParse(text, out _, out var error));
        Assert.Contains(text, error, StringComparison.Ordinal);
    }
}
