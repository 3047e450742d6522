using System.Text;
using Xunit;

namespace Gateway.Sip.Tests.Engine;

//    endpoint                                   peer
//       |  MESSAGE  t=0                           |
//       |---------------------------------------->|
//       |  MESSAGE  t=0.5 1.5 3.5 7.5 … 31.5      |   timer E: T1 doubling to T2
//       |---------------------------------------->|
//       |        100 (Proceeding: every T2)       |
//       |<----------------------------------------|
//       |        2xx–6xx                          |   outcome; repetitions are discarded
//       |<----------------------------------------|
//       |  t=32 without final: timer F, TimedOut  |
public sealed class ClientTransactionTests : EngineTest
{
    [Fact]
    public async Task An_unanswered_request_is_sent_eleven_times_and_then_times_out()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartAsync();
        var start = Time.GetTimestamp();
        var sending = SendAsync(endpoint, NewRequest(peer.Address));
        List<(double At, string Text)> sent = [.. peer.Pending().Select(m => (0.0, m.Text))];

        AdvanceByTicks(
            TimeSpan.FromSeconds(31.98),
            () => sent.AddRange(peer.Pending().Select(m => (Time.GetElapsedTime(start).TotalSeconds, m.Text))));
        Assert.False(sending.IsCompleted);
        AdvanceByTicks(TimeSpan.FromSeconds(0.02));

        Assert.Equal([0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5], sent.Select(s => s.At));
        Assert.Single(sent.Select(s => s.Text).Distinct());
        Assert.Equal(SipOutcomeKind.TimedOut, (await sending.InTimeAsync()).Kind);
        Assert.Equal(0, endpoint.ClientTransactions.Count);
        Assert.Equal(0, endpoint.Wheel.Waiting);
    }

    [Fact]
    public async Task A_repetition_is_the_request_again_whatever_others_were_sent_meanwhile()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartAsync();
        var waiting = SendAsync(endpoint, NewRequest(peer.Address, text: "the first"));
        var first = await peer.ReceiveAsync();
        for (var i = 0; i < 50; i++)
        {
            var sending = SendAsync(endpoint, NewRequest(peer.Address, text: $"another, {i}"));
            peer.Send((await peer.ReceiveAsync()).Reply(200), endpoint.Udp());
            Assert.Equal(200, (await sending.InTimeAsync()).Response?.StatusCode);
        }

        AdvanceByTicks(TimeSpan.FromSeconds(0.5));
        var again = await peer.ReceiveAsync();
        peer.Send(again.Reply(200), endpoint.Udp());

        Assert.Equal(first.Text, again.Text);
        Assert.Equal(200, (await waiting.InTimeAsync()).Response?.StatusCode);
    }

    [Fact]
    public async Task The_timers_of_an_ims_access_network_are_settings()
    {
        using var peer = new UdpPeer();
        var timers = new SipTimers { T1 = TimeSpan.FromSeconds(2), T2 = TimeSpan.FromSeconds(16) };
        var endpoint = await StartAsync(new SipEndpointOptions { Timers = timers });
        var start = Time.GetTimestamp();
        var sending = SendAsync(endpoint, NewRequest(peer.Address));
        List<double> sent = [.. peer.Pending().Select(_ => 0.0)];

        AdvanceByTicks(TimeSpan.FromSeconds(128), () => sent.AddRange(peer.Pending().Select(_ => Time.GetElapsedTime(start).TotalSeconds)));

        Assert.Equal([0, 2, 6, 14, 30, 46, 62, 78, 94, 110, 126], sent);
        Assert.Equal(SipOutcomeKind.TimedOut, (await sending.InTimeAsync()).Kind);
    }

    [Fact]
    public async Task After_a_provisional_response_the_request_is_repeated_every_T2()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartAsync();
        var start = Time.GetTimestamp();
        var sending = SendAsync(endpoint, NewRequest(peer.Address));
        var request = Assert.Single(peer.Pending());

        peer.Send(request.Reply(100), endpoint.Udp());
        await BarrierAsync(peer, endpoint);
        List<double> repeated = [];
        AdvanceByTicks(
            TimeSpan.FromSeconds(32), () => repeated.AddRange(peer.Pending().Select(_ => Time.GetElapsedTime(start).TotalSeconds)));

        Assert.Equal([0.5, 4.5, 8.5, 12.5, 16.5, 20.5, 24.5, 28.5], repeated);   // the timer that ran is not set anew
        Assert.Equal(SipOutcomeKind.TimedOut, (await sending.InTimeAsync()).Kind);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(404)]
    [InlineData(500)]
    [InlineData(603)]
    public async Task A_final_response_is_the_outcome_and_its_repetitions_change_nothing(int status)
    {
        using var peer = new UdpPeer();
        var endpoint = await StartAsync();
        var sending = SendAsync(endpoint, NewRequest(peer.Address));
        var request = Assert.Single(peer.Pending());

        peer.Send(request.Reply(status), endpoint.Udp());
        var outcome = await sending.InTimeAsync();
        Assert.Equal(0, endpoint.ClientTransactions.Count);
        peer.Send(request.Reply(status), endpoint.Udp());
        peer.Send(request.Reply(status == 200 ? 404 : 200), endpoint.Udp());
        await BarrierAsync(peer, endpoint);

        Assert.Equal(SipOutcomeKind.Final, outcome.Kind);
        Assert.Equal(status, outcome.Response!.StatusCode);
        AdvanceByTicks(TimeSpan.FromSeconds(5));
        Assert.Equal(0, endpoint.Wheel.Waiting);
        Assert.Empty(peer.Pending());   // and nothing was sent again meanwhile
    }

    [Fact]
    public async Task All_plain_answers_of_one_status_are_one_and_what_comes_after_does_not_change_them()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartAsync();
        List<SipResponse?> responses = [];
        for (var i = 0; i < 3; i++)
        {
            var sending = SendAsync(endpoint, NewRequest(peer.Address));
            var reply = (await peer.ReceiveAsync()).Reply(200).Replace("Whatever", "OK", StringComparison.Ordinal);
            peer.Send(reply, endpoint.Udp());
            responses.Add((await sending.InTimeAsync()).Response);
            peer.Send(reply, endpoint.Udp());   // matches nothing any more
        }

        await BarrierAsync(peer, endpoint);
        Assert.Single(responses.Distinct());
        Assert.Equal((200, "OK"), (responses[0]!.StatusCode, responses[0]!.ReasonPhrase));
        Assert.Empty(responses[0]!.Headers);
        Assert.Equal(0, endpoint.ClientTransactions.Count);
    }

    [Theory]
    [InlineData("branch=", "branch=z9hG4bKother")]
    [InlineData("CSeq: 1 MESSAGE", "CSeq: 1 OPTIONS")]
    [InlineData("127.0.0.1:", "127.0.0.9:")]
    public async Task A_plain_answer_that_is_not_ours_is_discarded(string ours, string theirs)
    {
        using var peer = new UdpPeer();
        var endpoint = await StartAsync();
        var sending = SendAsync(endpoint, NewRequest(peer.Address));
        var reply = (await peer.ReceiveAsync()).Reply(200).Replace("Whatever", "OK", StringComparison.Ordinal);

        peer.Send(reply.Replace(ours, theirs, StringComparison.Ordinal), endpoint.Udp());
        await BarrierAsync(peer, endpoint);
        Assert.False(sending.IsCompleted);
        peer.Send(reply.Replace("200 OK", "202 Accepted", StringComparison.Ordinal), endpoint.Udp());

        Assert.Equal(202, (await sending.InTimeAsync()).Response!.StatusCode);
    }

    [Theory]
    [InlineData("branch=", "branch=z9hG4bKother")]
    [InlineData("CSeq: 1 MESSAGE", "CSeq: 1 OPTIONS")]
    [InlineData("127.0.0.1:", "127.0.0.9:")]
    public async Task A_response_that_is_not_ours_is_discarded(string ours, string theirs)
    {
        using var peer = new UdpPeer();
        var endpoint = await StartAsync();
        var sending = SendAsync(endpoint, NewRequest(peer.Address));
        var request = Assert.Single(peer.Pending());

        // Both by one socket, hence in order: when the second is taken, the first has been looked at.
        peer.Send(request.Reply(404).Replace(ours, theirs, StringComparison.Ordinal), endpoint.Udp());
        peer.Send(request.Reply(200), endpoint.Udp());

        Assert.Equal(200, (await sending.InTimeAsync()).Response!.StatusCode);
    }

    [Fact]
    public async Task Nothing_is_repeated_over_tcp()
    {
        using var listener = new TcpListeningPeer();
        // Time leaps, the kernel does not.
        var endpoint = await StartAsync(new SipEndpointOptions { WriteTimeout = TimeSpan.FromHours(1) });
        var sending = SendAsync(endpoint, NewRequest(listener.Address, transport: ";transport=tcp"));
        using var peer = await listener.AcceptAsync();
        await peer.ReceiveAsync();

        AdvanceByTicks(TimeSpan.FromSeconds(31.9));
        Assert.False(peer.HasUnread);
        AdvanceByTicks(TimeSpan.FromSeconds(0.2));

        Assert.Equal(SipOutcomeKind.TimedOut, (await sending.InTimeAsync()).Kind);
        Assert.False(peer.HasUnread);
        Assert.Equal(0, endpoint.ClientTransactions.Count);
    }

    [Fact]
    public async Task Over_tcp_a_transaction_is_gone_with_its_final_response()
    {
        using var listener = new TcpListeningPeer();
        var endpoint = await StartAsync();
        var sending = SendAsync(endpoint, NewRequest(listener.Address, transport: ";transport=tcp"));
        using var peer = await listener.AcceptAsync();
        await peer.SendAsync((await peer.ReceiveAsync()).Reply(202));

        Assert.Equal(202, (await sending.InTimeAsync()).Response!.StatusCode);
        Assert.Equal(0, endpoint.ClientTransactions.Count);
    }

    [Fact]
    public async Task A_connection_that_ends_ends_the_requests_on_it()
    {
        using var listener = new TcpListeningPeer();
        var endpoint = await StartAsync();
        var sending = SendAsync(endpoint, NewRequest(listener.Address, transport: ";transport=tcp"));
        using (var peer = await listener.AcceptAsync())
            await peer.ReceiveAsync();

        Assert.Equal(SipOutcomeKind.TransportError, (await sending.InTimeAsync()).Kind);
        Assert.Equal(0, endpoint.ClientTransactions.Count);
    }

    [Fact]
    public async Task A_caller_who_gives_up_stops_the_retransmissions()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartAsync();
        using var giveUp = new CancellationTokenSource();
        var sending = endpoint.SendAsync(NewRequest(peer.Address), cancellation: giveUp.Token).AsTask();
        Assert.Single(peer.Pending());

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending.InTimeAsync());
        AdvanceByTicks(TimeSpan.FromSeconds(32));
        Assert.Empty(peer.Pending());
        Assert.Equal(0, endpoint.ClientTransactions.Count);
    }

    [Fact]
    public async Task A_full_table_says_so_and_sends_nothing()
    {
        using var peer = new UdpPeer();
        var endpoint = await StartAsync(new SipEndpointOptions { MaxClientTransactions = 2 });
        var first = SendAsync(endpoint, NewRequest(peer.Address));
        var second = SendAsync(endpoint, NewRequest(peer.Address));

        Assert.Equal(SipOutcomeKind.Overloaded, (await SendAsync(endpoint, NewRequest(peer.Address)).InTimeAsync()).Kind);

        var sent = peer.Pending();
        Assert.Equal(2, sent.Count);
        foreach (var request in sent)
            peer.Send(request.Reply(200), endpoint.Udp());
        await first.InTimeAsync();
        await second.InTimeAsync();
        var third = SendAsync(endpoint, NewRequest(peer.Address));
        Assert.Single(peer.Pending());
        Assert.False(third.IsCompleted);
    }

    [Fact]
    public async Task A_response_finds_its_transaction_among_very_many_as_fast_as_among_few()
    {
        using var peer = new UdpPeer();
        var timers = new SipTimers { T1 = TimeSpan.FromHours(1), T2 = TimeSpan.FromHours(2) };
        var endpoint = await StartAsync(new SipEndpointOptions { Timers = timers });
        const int many = 50_000;
        List<Task<SipOutcome>> sending = [];
        List<SipResponse> responses = [];
        for (var i = 0; i < many; i++)
        {
            sending.Add(SendAsync(endpoint, NewRequest(peer.Address)));
            responses.AddRange(peer.Pending().Select(m => (SipResponse)SipParser.Parse(Encoding.UTF8.GetBytes(m.Reply(200))).Message!));
        }

        Assert.Equal(many, endpoint.ClientTransactions.Count);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.All(responses, r => Assert.True(endpoint.ClientTransactions.TryDeliver(r)));

        // Looking through the table for each would be 1.25 thousand million looks.
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.All(await Task.WhenAll(sending).InTimeAsync(), o => Assert.Equal(SipOutcomeKind.Final, o.Kind));
    }
}
