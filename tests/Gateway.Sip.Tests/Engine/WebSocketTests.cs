using System.Net;
using System.Net.WebSockets;
using System.Text;
using Xunit;

namespace Gateway.Sip.Tests.Engine;

//    browser                                     endpoint
//     |  one request in one message                  |
//     |--------------------------------------------->|   no Content-Length needed
//     |  responses, and requests the other way       |
//     |<-------------------------------------------->|   over the same WebSocket, or not at all
//     |  CRLF CRLF                                   |
//     |--------------------------------------------->|
//     |  CRLF                                        |
//     |<---------------------------------------------|
public sealed class WebSocketTests : EngineTest
{
    private static readonly IPEndPoint Nowhere = new(IPAddress.Loopback, 9);

    private SipFlow _flow;

    private async Task<SipEndpoint> StartAnsweringAsync(TimeProvider time, SipEndpointOptions? options = null)
    {
        var endpoint = await StartAsync(time, options, "udp://127.0.0.1:0");
        endpoint.OnRequest = incoming =>
        {
            _flow = incoming.Flow;
            var response = incoming.Request.CreateResponse(200);
            response.Headers.Add(HeaderName.Server, Convert.ToHexString(incoming.Request.Body.Span));
            return incoming.RespondAsync(response);
        };
        return endpoint;
    }

    private static string Request(int n = 1, string body = "hello", string transport = "WS") =>
        $"MESSAGE sip:gateway@ims.example.org SIP/2.0\r\nVia: SIP/2.0/{transport} df7jal23ls0d.invalid;branch=z9hG4bK{n};rport\r\n"
        + "From: <sip:bob@ims.example.org>;tag=from-1\r\nTo: <sip:gateway@ims.example.org>\r\n"
        + $"Call-ID: call-{n}\r\nCSeq: {n} MESSAGE\r\nMax-Forwards: 70\r\nContent-Type: text/plain\r\n\r\n{body}";

    [Theory]
    [InlineData(WebSocketMessageType.Text, SipTransportKind.Ws, "WS")]
    [InlineData(WebSocketMessageType.Binary, SipTransportKind.Wss, "WSS")]
    public async Task A_request_without_content_length_is_answered_and_requests_go_back_over_the_same_connection(
        WebSocketMessageType type, SipTransportKind kind, string via)
    {
        var endpoint = await StartAnsweringAsync(TimeProvider.System);
        using var peer = await WebSocketPeer.ConnectAsync(endpoint, kind);

        await peer.SendAsync(Request(body: "grüße", transport: via), type);
        var response = await peer.ReceiveAsync();
        Assert.Equal("SIP/2.0 200 OK", response.StartLine);
        Assert.Equal(Convert.ToHexString("grüße"u8), response.Header("Server"));
        Assert.Contains(";received=127.0.0.1", response.Header("Via"));

        Assert.Equal(kind, _flow.Kind);
        var sending = SendAsync(endpoint, NewRequest(Nowhere, transport: ";transport=ws"), SipTarget.Over(_flow));
        var request = await peer.ReceiveAsync();
        Assert.StartsWith($"SIP/2.0/{via} 127.0.0.1:", request.Header("Via"));
        await peer.SendAsync(request.Reply(202).Replace("Content-Length: 0\r\n", ""), type);
        Assert.Equal(202, (await sending.InTimeAsync()).Response!.StatusCode);
    }

    [Fact]
    public async Task What_is_utf8_goes_out_as_text_and_the_rest_as_binary()
    {
        var endpoint = await StartAnsweringAsync(TimeProvider.System);
        using var peer = await WebSocketPeer.ConnectAsync(endpoint);
        await peer.SendAsync([.. Encoding.UTF8.GetBytes(Request(body: "")), 0xFF, 0x00, 0xFE], WebSocketMessageType.Binary);
        Assert.Equal("FF00FE", (await peer.ReceiveAsync()).Header("Server"));

        foreach (var (body, type) in new[] { ("é"u8.ToArray(), WebSocketMessageType.Text), ([0xE9], WebSocketMessageType.Binary) })
        {
            var message = NewRequest(Nowhere);
            message.Body = body;
            var sending = SendAsync(endpoint, message, SipTarget.Over(_flow));
            var (sentAs, text) = await peer.NextAsync();
            Assert.Equal(type, sentAs);
            await peer.SendAsync(new Received(text, Nowhere).Reply(200));
            Assert.Equal(200, (await sending.InTimeAsync()).Response!.StatusCode);
        }
    }

    [Fact]
    public async Task A_message_may_come_in_any_number_of_frames()
    {
        var endpoint = await StartAnsweringAsync(TimeProvider.System);
        using var peer = await WebSocketPeer.ConnectAsync(endpoint);
        var octets = Encoding.UTF8.GetBytes(Request(body: "ü"));
        for (var i = 0; i < octets.Length; i++)
            await peer.SendAsync([octets[i]], WebSocketMessageType.Text, end: i == octets.Length - 1);

        Assert.Equal(Convert.ToHexString("ü"u8), (await peer.ReceiveAsync()).Header("Server"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_message_of_more_octets_than_allowed_is_told_1009(bool inFrames)
    {
        var endpoint = await StartAnsweringAsync(TimeProvider.System, new SipEndpointOptions { MaxMessageOctets = 65_536 });
        using var peer = await WebSocketPeer.ConnectAsync(endpoint);
        var head = Encoding.UTF8.GetByteCount(Request(body: ""));

        await peer.SendAsync(Request(body: new string('x', 65_536 - head)));
        Assert.Equal(2 * (65_536 - head), (await peer.ReceiveAsync()).Header("Server").Length);
        var larger = Request(2, body: new string('x', 65_537 - head));
        for (var at = 0; at < larger.Length; at += inFrames ? 1_000 : larger.Length)
            await peer.SendAsync(larger[at..Math.Min(larger.Length, at + (inFrames ? 1_000 : larger.Length))], end: !inFrames || at + 1_000 >= larger.Length);

        Assert.Equal(WebSocketCloseStatus.MessageTooBig, await peer.CloseStatusAsync());
        Assert.True(await peer.Served.InTimeAsync());
        Assert.Equal(0, endpoint.ConnectionCount);
    }

    [Fact]
    public async Task Keep_alives_are_answered_and_what_is_no_sip_changes_nothing()
    {
        var endpoint = await StartAnsweringAsync(TimeProvider.System);
        using var peer = await WebSocketPeer.ConnectAsync(endpoint);
        foreach (var nothing in new[] { "", "\r\n", "hello", "GET / HTTP/1.1\r\n\r\n", "\r\n\r\n" })
            await peer.SendAsync(nothing);
        Assert.Equal("\r\n", (await peer.NextAsync()).Text);

        await peer.SendAsync(Request());
        Assert.Equal("SIP/2.0 200 OK", (await peer.ReceiveAsync()).StartLine);
    }

    [Fact]
    public async Task A_keep_alive_over_udp_is_answered_too()
    {
        var endpoint = await StartAnsweringAsync(TimeProvider.System);
        using var peer = new UdpPeer();
        peer.Send("\r\n", endpoint.Udp());
        peer.Send("\r\n\r\n", endpoint.Udp());

        Assert.Equal("\r\n", (await peer.ReceiveAsync()).Text);
        await BarrierAsync(peer, endpoint);
        Assert.Empty(peer.Pending());
    }

    [Theory]
    [InlineData(new byte[] { 0x83, 0x80, 0, 0, 0, 0 }, WebSocketCloseStatus.ProtocolError)]              // an opcode that means nothing
    [InlineData(new byte[] { 0x81, 0x81, 0, 0, 0, 0, 0xFF }, WebSocketCloseStatus.InvalidPayloadData)]   // text that is not UTF-8
    public async Task A_frame_against_the_protocol_ends_the_connection(byte[] frame, WebSocketCloseStatus status)
    {
        var endpoint = await StartAnsweringAsync(TimeProvider.System);
        using var peer = await WebSocketPeer.ConnectAsync(endpoint);
        await peer.SendRawAsync(frame);

        Assert.Equal(status, await peer.CloseStatusAsync());
        Assert.True(await peer.Served.InTimeAsync());
    }

    [Fact]
    public async Task A_connection_that_has_gone_is_never_made_anew()
    {
        var endpoint = await StartAnsweringAsync(TimeProvider.System);
        var closed = new TaskCompletionSource<SipFlow>();
        endpoint.OnConnectionClosed = flow => closed.TrySetResult(flow);
        using (var peer = await WebSocketPeer.ConnectAsync(endpoint))
        {
            await peer.SendAsync(Request());
            await peer.ReceiveAsync();
            var cutShort = SendAsync(endpoint, NewRequest(Nowhere), SipTarget.Over(_flow));
            await peer.ReceiveAsync();
            await peer.Client.CloseAsync(WebSocketCloseStatus.NormalClosure, null, TestContext.Current.CancellationToken);
            Assert.Equal(SipOutcomeKind.FlowGone, (await cutShort.InTimeAsync()).Kind);
            Assert.True(await peer.Served.InTimeAsync());
        }

        Assert.Equal(_flow, await closed.Task.InTimeAsync());
        using var listener = new TcpListeningPeer();
        var flow = _flow with { Remote = listener.Address };
        Assert.Equal(SipOutcomeKind.FlowGone, (await SendAsync(endpoint, NewRequest(Nowhere), SipTarget.Over(flow)).InTimeAsync()).Kind);
        Assert.Equal(SipOutcomeKind.TransportError, (await SendAsync(endpoint, NewRequest(Nowhere), SipTarget.At(flow)).InTimeAsync()).Kind);
        foreach (var transport in new[] { ";transport=ws", ";transport=wss" })
            Assert.Equal(SipOutcomeKind.TransportError, (await SendAsync(endpoint, NewRequest(listener.Address, transport: transport)).InTimeAsync()).Kind);
        Assert.False(listener.HasConnection);
    }

    [Fact]
    public async Task A_peer_may_hold_only_so_many_connections_whatever_their_kind()
    {
        var endpoint = await StartAsync(TimeProvider.System, new SipEndpointOptions { MaxConnectionsPerPeer = 2 }, "tcp://127.0.0.1:0");
        using var tcp = await TcpPeer.ConnectAsync(endpoint.Tcp());
        await Wait.UntilAsync(() => endpoint.ConnectionCount == 1, "the first is accepted");
        using var second = await WebSocketPeer.ConnectAsync(endpoint);
        await Wait.UntilAsync(() => endpoint.ConnectionCount == 2, "the second is accepted");
        using var third = await WebSocketPeer.ConnectAsync(endpoint);
        Assert.False(await third.Served.InTimeAsync());

        tcp.Dispose();
        await Wait.UntilAsync(() => endpoint.ConnectionCount == 1, "one has ended");
        using var fourth = await WebSocketPeer.ConnectAsync(endpoint);
        await fourth.SendAsync("\r\n\r\n");
        Assert.Equal("\r\n", (await fourth.NextAsync()).Text);
    }

    [Fact]
    public async Task More_requests_than_a_peer_may_send_in_a_second_are_answered_503()
    {
        var endpoint = await StartAnsweringAsync(Time, new SipEndpointOptions { MaxRequestsPerSecondPerPeer = 3 });
        using var peer = await WebSocketPeer.ConnectAsync(endpoint);
        for (var i = 1; i <= 5; i++)
            await peer.SendAsync(Request(i));
        var statuses = new List<string>();
        for (var i = 1; i <= 5; i++)
            statuses.Add((await peer.ReceiveAsync()).StartLine.Split(' ')[1]);

        Assert.Equal(["200", "200", "200", "503", "503"], statuses.Order());
    }

    [Fact]
    public async Task A_peer_that_reads_nothing_is_bounded_and_dropped()
    {
        var endpoint = await StartAnsweringAsync(
            TimeProvider.System, new SipEndpointOptions { WriteTimeout = TimeSpan.FromMilliseconds(300), MaxQueuedOctetsPerConnection = 1 << 20 });
        using var peer = await WebSocketPeer.ConnectAsync(endpoint);
        await peer.SendAsync(Request());
        await peer.ReceiveAsync();

        // Some 12 MB, which the kernel's buffers and the queue do not hold.
        var sending = Enumerable.Range(0, 200)
            .Select(_ => SendAsync(endpoint, NewRequest(Nowhere, text: new string('x', 60_000)), SipTarget.Over(_flow))).ToList();

        Assert.All(
            await Task.WhenAll(sending).InTimeAsync(),
            o => Assert.Contains(o.Kind, new[] { SipOutcomeKind.FlowGone, SipOutcomeKind.TransportError }));
        Assert.True(await peer.Served.InTimeAsync());
        Assert.Equal(0, endpoint.ConnectionCount);
    }

    [Fact]
    public async Task Who_says_nothing_or_does_not_finish_is_dropped_and_who_has_spoken_may_be_silent()
    {
        var options = new SipEndpointOptions { PartialMessageTimeout = TimeSpan.FromSeconds(30), IdleTimeout = TimeSpan.FromMinutes(15) };
        var endpoint = await StartAnsweringAsync(Time, options);
        using var spoken = await WebSocketPeer.ConnectAsync(endpoint);
        await spoken.SendAsync(Request());
        await spoken.ReceiveAsync();
        using var mute = await WebSocketPeer.ConnectAsync(endpoint);
        Assert.Null(await AdvanceUntilClosedAsync(mute));
        AdvanceByTicks(TimeSpan.FromMinutes(20));
        await spoken.SendAsync(Request(2));
        Assert.Equal("SIP/2.0 200 OK", (await spoken.ReceiveAsync()).StartLine);

        // What has begun when the pong comes is not finished by it.
        await spoken.SendAsync("\r\n\r\n");
        Assert.Equal("\r\n", (await spoken.NextAsync()).Text);
        await spoken.SendAsync("MESSAGE sip:", end: false);
        Assert.Null(await AdvanceUntilClosedAsync(spoken));
    }

    /// <summary>The end comes some fake seconds later, once the endpoint has looked at the connection at all.</summary>
    private async Task<WebSocketCloseStatus?> AdvanceUntilClosedAsync(WebSocketPeer peer)
    {
        var closed = peer.CloseStatusAsync();
        await Wait.UntilAsync(
            () =>
            {
                AdvanceByTicks(TimeSpan.FromSeconds(1));
                return closed.IsCompleted;
            },
            "the connection ends");
        return await closed;
    }

    [Fact]
    public async Task When_the_server_leaves_it_says_so_after_what_it_still_had_to_say()
    {
        var endpoint = await StartAnsweringAsync(TimeProvider.System);
        using var peer = await WebSocketPeer.ConnectAsync(endpoint);
        await peer.SendAsync(Request());
        Assert.Equal("SIP/2.0 200 OK", (await peer.ReceiveAsync()).StartLine);

        peer.LetServerLeave();

        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, await peer.CloseStatusAsync());
        await peer.Client.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, TestContext.Current.CancellationToken);
        Assert.True(await peer.Served.InTimeAsync());
    }

    [Fact]
    public async Task An_endpoint_that_ends_takes_its_websockets_along_and_no_more_of_them()
    {
        var endpoint = await StartAnsweringAsync(TimeProvider.System);
        using var peer = await WebSocketPeer.ConnectAsync(endpoint);
        await peer.SendAsync(Request());
        await peer.ReceiveAsync();

        await endpoint.DisposeAsync();

        Assert.True(await peer.Served.InTimeAsync());
        using var late = await WebSocketPeer.ConnectAsync(endpoint);
        Assert.False(await late.Served.InTimeAsync());
    }
}
