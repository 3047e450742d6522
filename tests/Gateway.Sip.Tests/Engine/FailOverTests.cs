using System.Net;
using Xunit;

namespace Gateway.Sip.Tests.Engine;

//    endpoint            first target         second target
//     |  MESSAGE branch=1    |                     |
//     |--------------------->|                     |
//     |  503, silence, RST   |                     |
//     |<---------------------|                     |
//     |  MESSAGE branch=2, same Call-ID and CSeq   |      RFC 3263 §4.3
//     |------------------------------------------->|
public sealed class FailOverTests : EngineTest
{
    private const string Name = "core.example.org";

    private static DnsPeer Dns(IPEndPoint first, IPEndPoint second, string transport = "udp") => new DnsPeer()
        .AddSrv($"_sip._{transport}.{Name}", 1, 0, first.Port, "first.example.org").AddA("first.example.org", first.Address.ToString())
        .AddSrv($"_sip._{transport}.{Name}", 2, 0, second.Port, "second.example.org").AddA("second.example.org", second.Address.ToString());

    private static SipRequest ToName(string transport = "") => new Func<SipRequest>(() =>
    {
        var request = NewRequest(new IPEndPoint(IPAddress.Loopback, 9));
        request.RequestUri = SipUri.Parse($"sip:bob@{Name}{transport}");
        return request;
    })();

    [Fact]
    public async Task After_a_503_the_next_target_gets_the_request_with_a_new_branch()
    {
        using var first = new UdpPeer();
        using var second = new UdpPeer();
        using var dns = Dns(first.Address, second.Address);
        var endpoint = await StartAsync(new SipEndpointOptions { NameServers = [dns.Address] });

        var sending = SendAsync(endpoint, ToName());
        var refused = await first.ReceiveAsync();
        first.Send(refused.Reply(503), endpoint.Udp());
        var taken = await second.ReceiveAsync();
        second.Send(taken.Reply(202), endpoint.Udp());

        Assert.Equal(202, (await sending.InTimeAsync()).Response!.StatusCode);
        Assert.NotEqual(refused.Branch, taken.Branch);
        Assert.Single(taken.Headers("Via"));
        Assert.Equal(refused.Header("Call-ID"), taken.Header("Call-ID"));
        Assert.Equal(refused.Header("CSeq"), taken.Header("CSeq"));
        Assert.Equal(refused.Header("From"), taken.Header("From"));
    }

    [Fact]
    public async Task A_target_that_was_silent_is_left_alone_for_a_while()
    {
        using var first = new UdpPeer();
        using var second = new UdpPeer();
        using var dns = Dns(first.Address, second.Address);
        var endpoint = await StartAsync(new SipEndpointOptions { NameServers = [dns.Address] });

        var sending = SendAsync(endpoint, ToName());
        await first.ReceiveAsync();
        AdvanceByTicks(TimeSpan.FromSeconds(32.1));
        second.Send((await second.ReceiveAsync()).Reply(200), endpoint.Udp());
        Assert.Equal(200, (await sending.InTimeAsync()).Response!.StatusCode);
        first.Pending();

        sending = SendAsync(endpoint, ToName());
        second.Send((await second.ReceiveAsync()).Reply(200), endpoint.Udp());
        Assert.Equal(200, (await sending.InTimeAsync()).Response!.StatusCode);
        Assert.Empty(first.Pending());

        Time.Advance(TimeSpan.FromSeconds(31));
        sending = SendAsync(endpoint, ToName());
        first.Send((await first.ReceiveAsync()).Reply(200), endpoint.Udp());
        Assert.Equal(200, (await sending.InTimeAsync()).Response!.StatusCode);
    }

    [Fact]
    public async Task After_a_refused_connection_the_next_target_is_tried()
    {
        using var second = new TcpListeningPeer();
        IPEndPoint dead;
        using (var closed = new TcpListeningPeer())
            dead = closed.Address;
        using var dns = Dns(dead, second.Address, "tcp");
        var endpoint = await StartAsync(TimeProvider.System, new SipEndpointOptions { NameServers = [dns.Address] });

        var sending = SendAsync(endpoint, ToName(";transport=tcp"));
        using var peer = await second.AcceptAsync();
        await peer.SendAsync((await peer.ReceiveAsync()).Reply(200));

        Assert.Equal(200, (await sending.InTimeAsync()).Response!.StatusCode);
    }

    [Theory]
    [InlineData(404)]
    [InlineData(480)]
    [InlineData(500)]
    [InlineData(603)]
    public async Task Any_other_failure_is_the_answer(int status)
    {
        using var first = new UdpPeer();
        using var second = new UdpPeer();
        using var dns = Dns(first.Address, second.Address);
        var endpoint = await StartAsync(new SipEndpointOptions { NameServers = [dns.Address] });

        var sending = SendAsync(endpoint, ToName());
        first.Send((await first.ReceiveAsync()).Reply(status), endpoint.Udp());

        Assert.Equal(status, (await sending.InTimeAsync()).Response!.StatusCode);
        Assert.Empty(second.Pending());
    }

    [Fact]
    public async Task The_only_target_is_used_whatever_it_answered_before_and_its_503_is_the_answer()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartAsync();
        for (var i = 0; i < 3; i++)
        {
            var sending = SendAsync(endpoint, NewRequest(peer.Address));
            peer.Send((await peer.ReceiveAsync()).Reply(503, "Retry-After: 60\r\n"), endpoint.Udp());
            var outcome = await sending.InTimeAsync();
            Assert.Equal((SipOutcomeKind.Final, 503), (outcome.Kind, outcome.Response!.StatusCode));
            Assert.True(outcome.Response.Headers.TryGet<RetryAfter>(HeaderName.RetryAfter, out var after));
            Assert.Equal(60u, after.Seconds);
        }
    }

    [Fact]
    public async Task The_top_route_decides_and_not_the_request_uri()
    {
        using var proxy = new UdpPeer();
        var endpoint = await StartAsync();
        var request = new SipRequest(SipMethod.Message, SipUri.Parse("tel:+4915112345678"));
        foreach (var (name, value) in NewRequest(proxy.Address).Headers)
            request.Headers.Add(name, value);
        request.Headers.Add(HeaderName.Route, $"<sip:{proxy.Address};lr>, <sip:192.0.2.1;lr>");

        _ = SendAsync(endpoint, request);

        Assert.Equal("MESSAGE tel:+4915112345678 SIP/2.0", (await proxy.ReceiveAsync()).StartLine);
    }

    [Theory]
    [InlineData("tel:+4915112345678", "tel")]
    [InlineData("sip:bob@127.0.0.1;transport=sctp", "sctp")]
    [InlineData("sips:bob@127.0.0.1", "127.0.0.1")]
    public async Task What_cannot_be_located_is_a_transport_error_that_says_why(string uri, string named)
    {
        var endpoint = await StartAsync();
        var request = NewRequest(new IPEndPoint(IPAddress.Loopback, 9));
        request.RequestUri = SipUri.Parse(uri);

        var outcome = await SendAsync(endpoint, request).InTimeAsync();

        Assert.Equal(SipOutcomeKind.TransportError, outcome.Kind);
        Assert.Contains(named, outcome.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sixty_four_senders_at_once_get_each_their_own_answer()
    {
        using var peer = new UdpPeer();
        using var until = new CancellationTokenSource();
        var endpoint = await StartAsync(TimeProvider.System);
        var answering = peer.AnswerAllAsync(request => request.Reply(200), until.Token);

        var senders = Enumerable.Range(0, 64).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 50; i++)
            {
                var request = NewRequest(peer.Address);
                var outcome = await SendAsync(endpoint, request).InTimeAsync();
                Assert.Equal(request.CallId, outcome.Response!.CallId);
            }
        }));
        await Task.WhenAll(senders);

        await until.CancelAsync();
        await answering;
    }
}
