using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace Gateway.Sip.Tests.Engine;

//    endpoint                                  peer, udp and tcp on one port
//     |  connect                                    |
//     |-------------------------------------------->|   the request is larger than 1,300 octets
//     |  MESSAGE over tcp                           |
//     |-------------------------------------------->|
//     |  or, refused: MESSAGE over udp after all    |   RFC 3261 §18.1.1
//     |-------------------------------------------->|
public sealed class LargeRequestTests : EngineTest
{
    private static readonly string Long = new('x', 1_400);

    [Fact]
    public async Task A_large_request_goes_by_tcp()
    {
        var endpoint = await StartAsync();
        using var listener = new TcpListeningPeer();

        var sending = SendAsync(endpoint, NewRequest(listener.Address, text: Long));

        using var peer = await listener.AcceptAsync();
        var request = await peer.ReceiveAsync();
        Assert.StartsWith("SIP/2.0/TCP ", request.Header("Via"), StringComparison.Ordinal);
        Assert.Single(request.Headers("Via"));
        Assert.Equal(Long, request.Body);
        await peer.SendAsync(request.Reply(200));
        Assert.Equal(200, (await sending.InTimeAsync()).Response!.StatusCode);
    }

    [Fact]
    public async Task A_large_request_goes_by_udp_where_tcp_is_refused_and_the_next_one_at_once()
    {
        var endpoint = await StartAsync();
        using var peer = new UdpPeer();   // nobody listens on its TCP port

        for (var i = 0; i < 2; i++)
        {
            var sending = SendAsync(endpoint, NewRequest(peer.Address, text: Long));
            var request = await peer.ReceiveAsync();
            Assert.StartsWith("SIP/2.0/UDP ", request.Header("Via"), StringComparison.Ordinal);
            Assert.Equal(Long, request.Body);
            peer.Send(request.Reply(200), endpoint.Udp());
            Assert.Equal(200, (await sending.InTimeAsync()).Response!.StatusCode);
        }
    }

    [Fact]
    public async Task A_request_of_1300_octets_goes_by_udp()
    {
        var endpoint = await StartAsync();
        using var peer = new UdpPeer();
        _ = SendAsync(endpoint, NewRequest(peer.Address, text: "x"));
        var overhead = Encoding.UTF8.GetByteCount(Assert.Single(peer.Pending()).Text) - 1 + 2;   // Content-Length gets two more digits

        _ = SendAsync(endpoint, NewRequest(peer.Address, text: new string('x', 1_300 - overhead)));

        Assert.Equal(1_300, Encoding.UTF8.GetByteCount(Assert.Single(peer.Pending()).Text));
    }

    [Fact]
    public async Task A_large_request_along_a_flow_stays_on_it()
    {
        var endpoint = await StartAsync();
        using var peer = new UdpPeer();

        var flow = new SipFlow(SipTransportKind.Udp, peer.Address, endpoint.Udp());
        _ = SendAsync(endpoint, NewRequest(peer.Address, text: Long), SipTarget.At(flow));

        Assert.Equal(Long, Assert.Single(peer.Pending()).Body);
    }

    [Fact]
    public async Task A_request_no_datagram_can_hold_fails_where_tcp_is_refused()
    {
        var endpoint = await StartAsync();
        using var peer = new UdpPeer();

        var outcome = await SendAsync(endpoint, NewRequest(peer.Address, text: new string('x', 70_000))).InTimeAsync();

        Assert.Equal(SipOutcomeKind.TransportError, outcome.Kind);
    }
}
