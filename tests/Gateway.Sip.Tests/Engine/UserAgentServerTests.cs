using Xunit;

namespace Gateway.Sip.Tests.Engine;

//    peer                                     endpoint              application
//     |  request                                  |                      |
//     |------------------------------------------>|--------------------->|  throws, or leaves it
//     |        500 (OPTIONS: 200)                 |<---------------------|
//     |<------------------------------------------|
//     |  request beyond a limit                   |
//     |------------------------------------------>|
//     |        503, Retry-After                   |
//     |<------------------------------------------|
public sealed class UserAgentServerTests : EngineTest
{
    [Fact]
    public async Task What_the_application_throws_is_answered_500_once()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartAsync();
        var calls = 0;
        endpoint.OnRequest = _ =>
        {
            Interlocked.Increment(ref calls);
            throw new InvalidOperationException("the application is broken");
        };
        var request = RawRequest(peer.Address, "z9hG4bK1");
        peer.Send(request, endpoint.Udp());
        var answer = await peer.ReceiveAsync();
        peer.Send(request, endpoint.Udp());

        Assert.Equal("SIP/2.0 500 Server Internal Error", answer.StartLine);
        Assert.Equal(answer.Text, (await peer.ReceiveAsync()).Text);
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task What_the_application_leaves_is_answered_500()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartAsync();
        endpoint.OnRequest = _ => Task.CompletedTask;
        peer.Send(RawRequest(peer.Address, "z9hG4bK1"), endpoint.Udp());

        Assert.Equal("SIP/2.0 500 Server Internal Error", (await peer.ReceiveAsync()).StartLine);
    }

    [Fact]
    public async Task Options_is_answered_for_an_application_that_leaves_it()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartAsync(new SipEndpointOptions { UserAgent = "gateway" });
        endpoint.OnRequest = _ => Task.CompletedTask;
        peer.Send(RawRequest(peer.Address, "z9hG4bK1", "OPTIONS"), endpoint.Udp());

        var answer = await peer.ReceiveAsync();
        Assert.Equal("SIP/2.0 200 OK", answer.StartLine);
        Assert.Contains("MESSAGE", answer.Header("Allow"), StringComparison.Ordinal);
        Assert.Equal("gateway", answer.Header("Server"));
    }

    [Fact]
    public async Task Options_is_for_the_application_to_answer_if_it_wants_to()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartAsync();
        endpoint.OnRequest = incoming => incoming.RespondAsync(404);
        peer.Send(RawRequest(peer.Address, "z9hG4bK1", "OPTIONS"), endpoint.Udp());

        Assert.Equal("SIP/2.0 404 Not Found", (await peer.ReceiveAsync()).StartLine);
    }

    [Theory]
    [InlineData("INVITE", "405")]
    [InlineData("PUBLISH", "405")]
    [InlineData("BYE", "481")]
    [InlineData("CANCEL", "481")]
    public async Task What_is_not_served_is_refused_alike_each_time_and_leaves_no_state(string method, string status)
    {
        using var peer = new UdpPeer();
        var endpoint = await StartAsync();
        endpoint.OnRequest = _ => throw new InvalidOperationException("not for the application");
        var request = RawRequest(peer.Address, "z9hG4bK1", method);

        peer.Send(request, endpoint.Udp());
        var first = await peer.ReceiveAsync();
        peer.Send(request, endpoint.Udp());
        var second = await peer.ReceiveAsync();

        Assert.StartsWith($"SIP/2.0 {status}", first.StartLine, StringComparison.Ordinal);
        Assert.Equal(first.Text, second.Text);
        Assert.Equal(status == "405", first.Headers("Allow").Count == 1);
        Assert.Equal(0, endpoint.ServerTransactions.Count);
    }

    [Fact]
    public async Task An_ack_is_swallowed()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartAsync();
        peer.Send(RawRequest(peer.Address, "z9hG4bK1", "ACK"), endpoint.Udp());
        await BarrierAsync(peer, endpoint);

        Assert.Empty(peer.Pending());
        Assert.Equal(0, endpoint.ServerTransactions.Count);
    }

    [Fact]
    public async Task A_request_against_the_grammar_is_answered_with_what_is_wrong()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartAsync();
        var request = RawRequest(peer.Address, "z9hG4bK1").Replace("CSeq: 7 MESSAGE", "CSeq: seven MESSAGE", StringComparison.Ordinal);
        peer.Send(request, endpoint.Udp());

        Assert.Equal("SIP/2.0 400 Malformed CSeq header field", (await peer.ReceiveAsync()).StartLine);
    }

    [Fact]
    public async Task More_requests_than_may_be_worked_on_are_answered_503_with_retry_after_and_never_met_with_silence()
    {
        using var peer = new UdpPeer();
        var options = new SipEndpointOptions { MaxRequestsInProgress = 10, OverloadRetryAfter = TimeSpan.FromSeconds(7) };
        var endpoint = await StartAsync(options);
        var release = new TaskCompletionSource();
        endpoint.OnRequest = async incoming =>
        {
            await release.Task;
            await incoming.RespondAsync(200);
        };

        for (var i = 0; i < 100; i++)
            peer.Send(RawRequest(peer.Address, $"z9hG4bK{i}"), endpoint.Udp());
        List<Received> answers = [];
        while (answers.Count < 90)
            answers.Add(await peer.ReceiveAsync());
        release.SetResult();
        while (answers.Count < 100)
            answers.Add(await peer.ReceiveAsync());

        Assert.Equal(90, answers.Count(a => a.StartLine == "SIP/2.0 503 Service Unavailable" && a.Header("Retry-After") == "7"));
        Assert.Equal(10, answers.Count(a => a.StartLine == "SIP/2.0 200 OK"));
        Assert.Equal(100, answers.Select(a => a.Branch).Distinct().Count());
        Assert.All(answers, a => Assert.Contains("tag=", a.Header("To"), StringComparison.Ordinal));
        Assert.All(answers, a => Assert.Equal("call-1", a.Header("Call-ID")));
    }

    [Fact]
    public async Task A_full_transaction_table_answers_503_until_there_is_room()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartAsync(new SipEndpointOptions { MaxServerTransactions = 3 });
        endpoint.OnRequest = incoming => incoming.RespondAsync(200);
        List<string> answers = [];
        for (var i = 0; i < 5; i++)
        {
            peer.Send(RawRequest(peer.Address, $"z9hG4bK{i}"), endpoint.Udp());
            answers.Add((await peer.ReceiveAsync()).StartLine[8..11]);
        }

        Assert.Equal(["200", "200", "200", "503", "503"], answers);
        peer.Send(RawRequest(peer.Address, "z9hG4bK0"), endpoint.Udp());
        Assert.Equal("SIP/2.0 200 OK", (await peer.ReceiveAsync()).StartLine);   // repetitions are still served
        AdvanceByTicks(TimeSpan.FromSeconds(33));
        peer.Send(RawRequest(peer.Address, "z9hG4bK5"), endpoint.Udp());
        Assert.Equal("SIP/2.0 200 OK", (await peer.ReceiveAsync()).StartLine);
    }

    [Fact]
    public async Task A_peer_beyond_its_rate_is_answered_503_in_that_second_and_others_are_not()
    {
        using var greedy = new UdpPeer("127.0.0.2");
        using var modest = new UdpPeer("127.0.0.3");
        var endpoint = await StartAsync(new SipEndpointOptions { MaxRequestsPerSecondPerPeer = 3 });
        endpoint.OnRequest = incoming => incoming.RespondAsync(200);

        Assert.Equal(["200", "200", "200", "503", "503"], await AskAsync(greedy, 5));
        Assert.Equal(["200"], await AskAsync(modest, 1));
        AdvanceByTicks(TimeSpan.FromSeconds(1));
        Assert.Equal(["200"], await AskAsync(greedy, 1));

        async Task<List<string>> AskAsync(UdpPeer peer, int times)
        {
            List<string> answers = [];
            for (var i = 0; i < times; i++)
            {
                peer.Send(RawRequest(peer.Address, $"z9hG4bK{Guid.NewGuid():N}"), endpoint.Udp());
                answers.Add((await peer.ReceiveAsync()).StartLine[8..11]);
            }

            return answers;
        }
    }

    [Fact]
    public async Task Sixty_four_clients_at_once_are_each_answered_once()
    {
        var endpoint = await StartAsync(TimeProvider.System);
        var calls = 0;
        endpoint.OnRequest = async incoming =>
        {
            Interlocked.Increment(ref calls);
            await Task.Yield();
            await incoming.RespondAsync(200);
        };

        var clients = Enumerable.Range(0, 64).Select(n => Task.Run(async () =>
        {
            using var peer = new UdpPeer();
            for (var i = 0; i < 50; i++)
            {
                var request = RawRequest(peer.Address, $"z9hG4bK{n}-{i}", callId: $"{n}-{i}");
                peer.Send(request, endpoint.Udp());
                var answer = await peer.ReceiveAsync();
                Assert.Equal("SIP/2.0 200 OK", answer.StartLine);
                Assert.Equal($"{n}-{i}", answer.Header("Call-ID"));
            }

            Assert.Empty(peer.Pending());
        }));
        await Task.WhenAll(clients);

        Assert.Equal(64 * 50, calls);
    }
}
