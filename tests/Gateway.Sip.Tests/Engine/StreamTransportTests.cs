using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace Gateway.Sip.Tests.Engine;

//    peer                                        endpoint
//     |  connect, request, request, …                |
//     |--------------------------------------------->|   framed by Content-Length, in any pieces
//     |  responses, and requests the other way       |
//     |<-------------------------------------------->|   over the same connection
//     |  CRLF CRLF                                   |
//     |--------------------------------------------->|
//     |  CRLF                                        |
//     |<---------------------------------------------|
public sealed class StreamTransportTests : EngineTest
{
    private async Task<SipEndpoint> StartAnsweringAsync(TimeProvider time, SipEndpointOptions? options = null)
    {
        var endpoint = await StartAsync(time, options, "tcp://127.0.0.1:0");
        endpoint.OnRequest = incoming => incoming.RespondAsync(200);
        return endpoint;
    }

    private static string Request(TcpPeer peer, int number, string body = "hello") =>
        RawRequest(peer.Address, $"z9hG4bK{number}", transport: "TCP", callId: $"call-{number}", body: body);

    [Fact]
    public async Task Many_messages_in_one_stretch_are_each_answered()
    {
        var endpoint = await StartAnsweringAsync(TimeProvider.System);
        using var peer = await TcpPeer.ConnectAsync(endpoint.Tcp());
        const int requests = 5_000;   // some 1.5 MB: many times what any buffer on the way holds
        var sending = SendAllAsync();

        var answered = new HashSet<string>();
        for (var i = 0; i < requests; i++)
        {
            var answer = await peer.ReceiveAsync();
            Assert.Equal("SIP/2.0 200 OK", answer.StartLine);
            Assert.True(answered.Add(answer.Header("Call-ID")));
        }

        await sending;

        async Task SendAllAsync()
        {
            for (var i = 0; i < requests; i += 100)
                await peer.SendAsync(string.Concat(Enumerable.Range(i, 100).Select(n => Request(peer, n))));
        }
    }

    [Fact]
    public async Task A_message_may_come_octet_by_octet()
    {
        var endpoint = await StartAnsweringAsync(TimeProvider.System);
        using var peer = await TcpPeer.ConnectAsync(endpoint.Tcp());
        foreach (var octet in Encoding.UTF8.GetBytes(Request(peer, 1) + Request(peer, 2)))
            await peer.SendAsync(new[] { octet });

        var answers = new[] { await peer.ReceiveAsync(), await peer.ReceiveAsync() };
        Assert.Equal(["call-1", "call-2"], answers.Select(a => a.Header("Call-ID")).Order());
    }

    [Fact]
    public async Task A_message_that_is_too_large_is_refused_and_the_connection_closed()
    {
        var endpoint = await StartAnsweringAsync(TimeProvider.System);
        using var peer = await TcpPeer.ConnectAsync(endpoint.Tcp());
        await peer.SendAsync(Request(peer, 1, new string('x', 65_536)).Split("\r\n\r\n")[0] + "\r\n\r\n");

        Assert.StartsWith("SIP/2.0 513", (await peer.ReceiveAsync()).StartLine, StringComparison.Ordinal);
        Assert.True(await peer.IsClosedAsync());
    }

    [Fact]
    public async Task A_stream_that_is_not_sip_is_closed()
    {
        var endpoint = await StartAnsweringAsync(TimeProvider.System);
        using var peer = await TcpPeer.ConnectAsync(endpoint.Tcp());
        await peer.SendAsync("GET / HTTP/1.1\r\nHost: gateway\r\n\r\n");

        Assert.True(await peer.IsClosedAsync());
    }

    [Fact]
    public async Task A_message_begun_and_not_finished_is_not_waited_for_for_ever()
    {
        var options = new SipEndpointOptions { IdleTimeout = TimeSpan.FromDays(100), WriteTimeout = TimeSpan.FromDays(100) };
        var endpoint = await StartAnsweringAsync(Time, options);
        using var peer = await TcpPeer.ConnectAsync(endpoint.Tcp());
        await peer.SendAsync(Request(peer, 1));
        await peer.ReceiveAsync();
        await peer.SendAsync(Request(peer, 2)[..50]);

        await Wait.UntilAsync(
            () =>
            {
                Time.Advance(TimeSpan.FromSeconds(1));
                return endpoint.ConnectionCount == 0;
            },
            "the connection is closed");
        Assert.True(await peer.IsClosedAsync());
    }

    [Fact]
    public async Task A_peer_that_takes_nothing_delays_nobody_else_and_loses_its_connection()
    {
        var timers = new SipTimers { T1 = TimeSpan.FromMilliseconds(100) };
        var options = new SipEndpointOptions { WriteTimeout = TimeSpan.FromSeconds(6), Timers = timers };
        var endpoint = await StartAnsweringAsync(TimeProvider.System, options);
        using var dead = new TcpListeningPeer();
        using var live = new TcpListeningPeer();
        List<Task<SipOutcome>> toDead = [];
        for (var i = 0; i < 400; i++)   // 16 MB, more than the kernel takes for a peer that does not read
            toDead.Add(SendAsync(endpoint, NewRequest(dead.Address, text: new string('x', 40_000), transport: ";transport=tcp")));

        using var unread = await dead.AcceptAsync();
        for (var i = 0; i < 5; i++)
        {
            var clock = System.Diagnostics.Stopwatch.StartNew();
            var sending = SendAsync(endpoint, NewRequest(live.Address, transport: ";transport=tcp"));
            using var peer = await live.AcceptAsync();
            await peer.SendAsync((await peer.ReceiveAsync()).Reply(200));
            Assert.Equal(200, (await sending.InTimeAsync()).Response!.StatusCode);
            Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(4));
            peer.Dispose();
            await Wait.UntilAsync(() => endpoint.ConnectionCount == 1, "the closed connection is forgotten");
        }

        // Beyond the queue's limit at once, the rest when the peer is given up or has taken it in vain.
        var outcomes = await Task.WhenAll(toDead).InTimeAsync();
        Assert.All(outcomes, o => Assert.Contains(o.Kind, new[] { SipOutcomeKind.TransportError, SipOutcomeKind.TimedOut }));
        Assert.Contains(outcomes, o => o.Kind == SipOutcomeKind.TransportError);
    }

    [Fact]
    public async Task Sixty_four_requests_to_a_cold_destination_share_one_connection()
    {
        var endpoint = await StartAnsweringAsync(TimeProvider.System);
        using var listener = new TcpListeningPeer();
        var sending = Enumerable.Range(0, 64)
            .Select(_ => Task.Run(() => SendAsync(endpoint, NewRequest(listener.Address, transport: ";transport=tcp")))).ToList();
        using var peer = await listener.AcceptAsync();
        for (var i = 0; i < 64; i++)
            await peer.SendAsync((await peer.ReceiveAsync()).Reply(200));

        Assert.All(await Task.WhenAll(sending).InTimeAsync(), o => Assert.Equal(200, o.Response?.StatusCode));
        Assert.False(listener.HasConnection);
        Assert.Equal(1, endpoint.ConnectionCount);
    }

    [Fact]
    public async Task Requests_go_back_over_the_connection_a_peer_made()
    {
        var endpoint = await StartAnsweringAsync(TimeProvider.System);
        var flow = new TaskCompletionSource<SipFlow>();
        endpoint.OnRequest = incoming =>
        {
            flow.TrySetResult(incoming.Flow);
            return incoming.RespondAsync(200);
        };
        using var peer = await TcpPeer.ConnectAsync(endpoint.Tcp());
        await peer.SendAsync(Request(peer, 1));
        await peer.ReceiveAsync();

        var byFlow = SendAsync(endpoint, NewRequest(new IPEndPoint(IPAddress.Loopback, 9)), SipTarget.At(await flow.Task.InTimeAsync()));
        await peer.SendAsync((await peer.ReceiveAsync()).Reply(200));
        Assert.Equal(200, (await byFlow.InTimeAsync()).Response!.StatusCode);

        var byAddress = SendAsync(endpoint, NewRequest(peer.Address, transport: ";transport=tcp"));
        await peer.SendAsync((await peer.ReceiveAsync()).Reply(200));
        Assert.Equal(200, (await byAddress.InTimeAsync()).Response!.StatusCode);
        Assert.Equal(1, endpoint.ConnectionCount);
    }

    [Theory]
    [InlineData(";alias", true)]
    [InlineData("", false)]
    public async Task A_connection_serves_the_address_in_the_via_when_its_peer_asks_for_that(string alias, bool reused)
    {
        var endpoint = await StartAnsweringAsync(TimeProvider.System);
        using var listener = new TcpListeningPeer();   // where the peer says it listens
        using var peer = await TcpPeer.ConnectAsync(endpoint.Tcp());
        await peer.SendAsync(RawRequest(listener.Address, "z9hG4bK1", transport: "TCP", via: alias));
        await peer.ReceiveAsync();

        var sending = SendAsync(endpoint, NewRequest(listener.Address, transport: ";transport=tcp"));

        using var other = reused ? null : await listener.AcceptAsync();
        var chosen = other ?? peer;
        await chosen.SendAsync((await chosen.ReceiveAsync()).Reply(200));
        Assert.Equal(200, (await sending.InTimeAsync()).Response!.StatusCode);
        Assert.False(listener.HasConnection);
    }

    [Fact]
    public async Task An_alias_is_one_goes_with_its_connection_and_is_not_taken_from_another()
    {
        var endpoint = await StartAnsweringAsync(TimeProvider.System);
        using var listener = new TcpListeningPeer();
        using var elsewhere = new TcpListeningPeer();
        using var second = await TcpPeer.ConnectAsync(endpoint.Tcp());
        using (var first = await TcpPeer.ConnectAsync(endpoint.Tcp()))
        {
            foreach (var (peer, wanted) in new[] { (first, listener), (first, elsewhere), (second, listener) })
            {
                await peer.SendAsync(RawRequest(wanted.Address, $"z9hG4bK{Guid.NewGuid():N}", transport: "TCP", via: ";alias"));
                await peer.ReceiveAsync();
            }

            var aliased = SendAsync(endpoint, NewRequest(listener.Address, transport: ";transport=tcp"));
            await first.SendAsync((await first.ReceiveAsync()).Reply(200));
            Assert.Equal(200, (await aliased.InTimeAsync()).Response!.StatusCode);
            await OverOneOfItsOwnAsync(elsewhere);
        }

        await Wait.UntilAsync(() => endpoint.ConnectionCount == 1, "only the second one is left");
        await OverOneOfItsOwnAsync(listener);

        async Task OverOneOfItsOwnAsync(TcpListeningPeer to)
        {
            var sending = SendAsync(endpoint, NewRequest(to.Address, transport: ";transport=tcp"));
            using var peer = await to.AcceptAsync();
            await peer.SendAsync((await peer.ReceiveAsync()).Reply(200));
            Assert.Equal(200, (await sending.InTimeAsync()).Response!.StatusCode);
        }
    }

    [Fact]
    public async Task When_the_connection_has_gone_the_response_goes_to_the_address_in_the_via()
    {
        var endpoint = await StartAnsweringAsync(TimeProvider.System);
        var taken = new TaskCompletionSource();
        var gone = new TaskCompletionSource();
        endpoint.OnRequest = async incoming =>
        {
            taken.SetResult();
            await gone.Task;
            await incoming.RespondAsync(200);
        };
        using var listener = new TcpListeningPeer();
        using (var peer = await TcpPeer.ConnectAsync(endpoint.Tcp()))
        {
            await peer.SendAsync(RawRequest(listener.Address, "z9hG4bK1", transport: "TCP"));
            await taken.Task.WaitAsync(Wait.Deadline, TestContext.Current.CancellationToken);
        }

        await Wait.UntilAsync(() => endpoint.ConnectionCount == 0, "the connection has gone");
        gone.SetResult();

        using var again = await listener.AcceptAsync();
        Assert.Equal("SIP/2.0 200 OK", (await again.ReceiveAsync()).StartLine);
    }

    [Fact]
    public async Task A_connection_the_peer_closed_while_idle_is_made_anew()
    {
        var endpoint = await StartAnsweringAsync(TimeProvider.System);
        using var listener = new TcpListeningPeer();
        for (var i = 0; i < 20; i++)
        {
            var sending = SendAsync(endpoint, NewRequest(listener.Address, transport: ";transport=tcp"));
            using var peer = await listener.AcceptAsync();
            await peer.SendAsync((await peer.ReceiveAsync()).Reply(200));
            Assert.Equal(200, (await sending.InTimeAsync()).Response!.StatusCode);
        }
    }

    [Fact]
    public async Task A_peer_may_hold_only_so_many_connections()
    {
        var endpoint = await StartAnsweringAsync(TimeProvider.System, new SipEndpointOptions { MaxConnectionsPerPeer = 2 });
        using var first = await TcpPeer.ConnectAsync(endpoint.Tcp());
        using var second = await TcpPeer.ConnectAsync(endpoint.Tcp());
        await Wait.UntilAsync(() => endpoint.ConnectionCount == 2, "two are accepted");
        Assert.True(await IsRefusedAsync());

        first.Dispose();
        await Wait.UntilAsync(() => endpoint.ConnectionCount == 1, "one has ended");
        using var fourth = await TcpPeer.ConnectAsync(endpoint.Tcp());
        await fourth.SendAsync(Request(fourth, 1));
        Assert.Equal("SIP/2.0 200 OK", (await fourth.ReceiveAsync()).StartLine);

        async Task<bool> IsRefusedAsync()
        {
            try
            {
                using var third = await TcpPeer.ConnectAsync(endpoint.Tcp());
                return await third.IsClosedAsync();
            }
            catch (SocketException)
            {
                return true;   // reset before connecting had ended
            }
        }
    }

    [Fact]
    public async Task A_connection_that_cannot_be_made_is_an_outcome_and_not_waited_for_longer_than_allowed()
    {
        var options = new SipEndpointOptions { ConnectTimeout = TimeSpan.FromMilliseconds(200) };
        var endpoint = await StartAnsweringAsync(TimeProvider.System, options);
        IPEndPoint nobody;
        using (var closed = new TcpListeningPeer())
            nobody = closed.Address;
        var refused = await SendAsync(endpoint, NewRequest(nobody, transport: ";transport=tcp")).InTimeAsync();
        Assert.Equal(SipOutcomeKind.TransportError, refused.Kind);

        // A full backlog leaves further connections unanswered.
        using var full = new TcpListeningPeer(backlog: 0);
        using var occupying = await TcpPeer.ConnectAsync(full.Address);
        var silent = await SendAsync(endpoint, NewRequest(full.Address, transport: ";transport=tcp")).InTimeAsync();
        Assert.Equal(SipOutcomeKind.TransportError, silent.Kind);
    }
}
