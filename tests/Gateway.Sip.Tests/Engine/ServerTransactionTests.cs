using System.Collections.Concurrent;
using Xunit;

namespace Gateway.Sip.Tests.Engine;

//    peer                                     endpoint              application
//     |  MESSAGE                                  |                      |
//     |------------------------------------------>|--------------------->|   once
//     |  MESSAGE again, while it works            |                      |
//     |------------------------------------------>|  absorbed            |
//     |        100, when 3.5 s have passed        |                      |
//     |<------------------------------------------|                      |
//     |        200                                |      RespondAsync    |
//     |<------------------------------------------|<---------------------|
//     |  MESSAGE again, until timer J             |                      |
//     |------------------------------------------>|                      |
//     |        200, the same octets               |                      |
//     |<------------------------------------------|                      |
public sealed class ServerTransactionTests : EngineTest
{
    private readonly ConcurrentQueue<IncomingRequest> _given = new();

    private async Task<SipEndpoint> StartHoldingAsync(SipEndpointOptions? options = null, params string[] listen)
    {
        var endpoint = await StartAsync(options, listen);
        endpoint.OnRequest = incoming =>
        {
            _given.Enqueue(incoming);
            return Task.Delay(TimeSpan.FromDays(1), Time);   // the application answers when the test says so
        };
        return endpoint;
    }

    private async Task<IncomingRequest> GivenAsync()
    {
        await Wait.UntilAsync(() => !_given.IsEmpty, "a request is given to the application");
        Assert.True(_given.TryDequeue(out var incoming));
        return incoming;
    }

    [Fact]
    public async Task A_request_that_is_ignored_gets_no_answer_however_often_it_is_repeated()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartHoldingAsync();
        var request = RawRequest(peer.Address, "z9hG4bK1");
        peer.Send(request, endpoint.Udp());
        var incoming = await GivenAsync();

        incoming.Ignore();
        AdvanceByTicks(TimeSpan.FromSeconds(5));   // beyond the 100 of RFC 4320
        peer.Send(request, endpoint.Udp());
        await BarrierAsync(peer, endpoint);
        await incoming.RespondAsync(200);

        Assert.True(incoming.IsAnswered);
        Assert.Empty(peer.Pending());
        Assert.Empty(_given);
        AdvanceByTicks(TimeSpan.FromSeconds(28));
        Assert.Equal(0, endpoint.ServerTransactions.Count);
    }

    [Fact]
    public async Task A_request_repeated_while_the_application_works_is_given_once_and_answered_once()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartHoldingAsync();
        var request = RawRequest(peer.Address, "z9hG4bK1");
        peer.Send(request, endpoint.Udp());
        var incoming = await GivenAsync();

        for (var i = 0; i < 20; i++)
            peer.Send(request, endpoint.Udp());
        await BarrierAsync(peer, endpoint);
        Assert.Empty(_given);
        Assert.Empty(peer.Pending());
        await incoming.RespondAsync(202);

        Assert.Equal("SIP/2.0 202 Accepted", Assert.Single(peer.Pending()).StartLine);
    }

    [Fact]
    public async Task Repetitions_after_the_answer_get_the_same_octets_until_timer_J()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartHoldingAsync();
        var request = RawRequest(peer.Address, "z9hG4bK1");
        peer.Send(request, endpoint.Udp());
        var incoming = await GivenAsync();
        await incoming.RespondAsync(200);
        await incoming.RespondAsync(500);   // a second answer is none
        var answer = Assert.Single(peer.Pending());
        Assert.Equal("SIP/2.0 200 OK", answer.StartLine);

        AdvanceByTicks(TimeSpan.FromSeconds(31.9));
        peer.Send(request, endpoint.Udp());
        Assert.Equal(answer.Text, (await peer.ReceiveAsync()).Text);
        Assert.Equal(1, endpoint.ServerTransactions.Count);

        AdvanceByTicks(TimeSpan.FromSeconds(0.2));
        Assert.Equal(0, endpoint.ServerTransactions.Count);
        Assert.Equal(0, endpoint.Wheel.Waiting);
        Assert.Empty(_given);
        peer.Send(request, endpoint.Udp());
        Assert.NotSame(incoming, await GivenAsync());   // what comes later is a new request, for the application to recognise
    }

    [Fact]
    public async Task Trying_is_sent_when_the_clients_timer_E_has_come_to_T2_and_repeated_for_repetitions()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartHoldingAsync();
        var request = RawRequest(peer.Address, "z9hG4bK1");
        peer.Send(request, endpoint.Udp());
        var incoming = await GivenAsync();

        AdvanceByTicks(TimeSpan.FromSeconds(3.48));
        Assert.Empty(peer.Pending());
        AdvanceByTicks(TimeSpan.FromSeconds(0.02));
        Assert.Equal("SIP/2.0 100 Trying", Assert.Single(peer.Pending()).StartLine);

        peer.Send(request, endpoint.Udp());
        Assert.Equal("SIP/2.0 100 Trying", (await peer.ReceiveAsync()).StartLine);
        await incoming.RespondAsync(200);
        Assert.Equal("SIP/2.0 200 OK", Assert.Single(peer.Pending()).StartLine);
    }

    [Fact]
    public async Task An_answer_after_the_client_has_given_up_is_not_sent()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartHoldingAsync();
        peer.Send(RawRequest(peer.Address, "z9hG4bK1"), endpoint.Udp());
        var incoming = await GivenAsync();

        AdvanceByTicks(TimeSpan.FromSeconds(32.1));
        Assert.Single(peer.Pending());   // the 100
        await incoming.RespondAsync(200);

        Assert.Empty(peer.Pending());
        Assert.Equal(0, endpoint.ServerTransactions.Count);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(183)]
    [InlineData(408)]
    public async Task What_rfc_4320_forbids_cannot_be_answered(int status)
    {
        using var peer = new UdpPeer();
        var endpoint = await StartHoldingAsync();
        peer.Send(RawRequest(peer.Address, "z9hG4bK1"), endpoint.Udp());
        var incoming = await GivenAsync();

        await Assert.ThrowsAsync<ArgumentException>(() => incoming.RespondAsync(status));

        Assert.False(incoming.IsAnswered);
        Assert.Empty(peer.Pending());
    }

    [Theory]
    [InlineData("z9hG4bK1", "MESSAGE", "z9hG4bK2", "MESSAGE")]   // branch
    [InlineData("z9hG4bK1", "MESSAGE", "z9hG4bK1", "OPTIONS")]   // method
    public async Task Requests_that_differ_in_branch_or_method_are_two(string branch1, string method1, string branch2, string method2)
    {
        using var peer = new UdpPeer();
        var endpoint = await StartHoldingAsync();
        peer.Send(RawRequest(peer.Address, branch1, method1), endpoint.Udp());
        peer.Send(RawRequest(peer.Address, branch2, method2), endpoint.Udp());

        await GivenAsync();
        await GivenAsync();
    }

    [Fact]
    public async Task Requests_of_two_clients_with_the_same_branch_are_two()
    {
        using var peer = new UdpPeer();
        using var other = new UdpPeer();
        var endpoint = await StartHoldingAsync();
        peer.Send(RawRequest(peer.Address, "z9hG4bK1"), endpoint.Udp());
        other.Send(RawRequest(other.Address, "z9hG4bK1"), endpoint.Udp());

        await GivenAsync();
        await GivenAsync();
    }

    [Theory]
    [InlineData("1")]         // RFC 2543: no magic cookie
    [InlineData("z9hG4bK")]   // RFC 4475 §3.2.1: nothing but the cookie
    public async Task Without_a_unique_branch_the_rules_of_rfc_2543_tell_requests_apart(string branch)
    {
        using var peer = new UdpPeer();
        var endpoint = await StartHoldingAsync();
        var first = RawRequest(peer.Address, branch, callId: "call-1");
        peer.Send(first, endpoint.Udp());
        peer.Send(first, endpoint.Udp());
        peer.Send(RawRequest(peer.Address, branch, callId: "call-2"), endpoint.Udp());
        await BarrierAsync(peer, endpoint);

        Assert.Equal(["call-1", "call-2"], new[] { await GivenAsync(), await GivenAsync() }.Select(i => i.Request.CallId).Order());
        Assert.Empty(_given);
    }

    [Fact]
    public async Task Over_tcp_a_transaction_is_gone_with_its_answer()
    {
        var endpoint = await StartHoldingAsync(null, "tcp://127.0.0.1:0");
        using var peer = await TcpPeer.ConnectAsync(endpoint.Tcp());
        await peer.SendAsync(RawRequest(peer.Address, "z9hG4bK1", transport: "TCP"));
        await (await GivenAsync()).RespondAsync(200);

        Assert.Equal("SIP/2.0 200 OK", (await peer.ReceiveAsync()).StartLine);
        Assert.Equal(0, endpoint.ServerTransactions.Count);
    }
}
