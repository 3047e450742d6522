using System.Net;
using Xunit;

namespace Gateway.Sip.Tests.Engine;

//  endpoint                peer
//   |  MESSAGE, 200          |
//   |<---------------------->|
//   |  CRLF CRLF             |  each PingInterval
//   |----------------------->|
//   |  CRLF                  |  or nothing, as many peers do
//   |<-----------------------|
public sealed class KeepAliveTests : EngineTest
{
    private async Task<SipEndpoint> ListenAsync(TimeProvider time, SipEndpointOptions? options = null)
    {
        var endpoint = await StartAsync(time, options, "tcp://127.0.0.1:0");
        endpoint.OnRequest = incoming => incoming.RespondAsync(200);
        return endpoint;
    }

    private static string Request(TcpPeer peer, int number) => RawRequest(peer.Address, $"z9hG4bK{number}", transport: "TCP", callId: $"call-{number}");

    [Fact]
    public async Task A_ping_is_answered_with_a_pong()
    {
        var endpoint = await ListenAsync(TimeProvider.System);
        using var peer = await TcpPeer.ConnectAsync(endpoint.Tcp());
        await peer.SendAsync("\r\n\r\n");
        Assert.Equal("\r\n", await peer.ReceiveExactlyAsync(2));
        await peer.SendAsync(Request(peer, 1));
        Assert.Equal("SIP/2.0 200 OK", (await peer.ReceiveAsync()).StartLine);
    }

    [Fact]
    public async Task An_idle_connection_is_closed_and_a_ping_keeps_it()
    {
        // Time leaps here: a write begun before a leap would seem to have taken as long.
        var options = new SipEndpointOptions { IdleTimeout = TimeSpan.FromMinutes(2), WriteTimeout = TimeSpan.FromHours(1) };
        var endpoint = await ListenAsync(Time, options);
        using var silent = await TcpPeer.ConnectAsync(endpoint.Tcp());
        using var alive = await TcpPeer.ConnectAsync(endpoint.Tcp());
        await Wait.UntilAsync(() => endpoint.ConnectionCount == 2, "both are accepted");
        for (var minute = 0; minute < 5; minute++)
        {
            await alive.SendAsync("\r\n\r\n");
            Assert.Equal("\r\n", await alive.ReceiveExactlyAsync(2));
            AdvanceByTicks(TimeSpan.FromMinutes(1));
        }

        Assert.True(await silent.IsClosedAsync());
        await alive.SendAsync(Request(alive, 1));
        Assert.Equal("SIP/2.0 200 OK", (await alive.ReceiveAsync()).StartLine);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_peer_that_has_answered_our_keep_alives_and_stops_is_given_up_and_one_that_never_did_is_not(bool answers)
    {
        var options = new SipEndpointOptions
        {
            PingInterval = TimeSpan.FromMinutes(1), PongTimeout = TimeSpan.FromMinutes(10),   // time runs ahead of the sockets here
            IdleTimeout = TimeSpan.FromDays(1), WriteTimeout = TimeSpan.FromDays(1),
        };
        var endpoint = await StartAsync(options);
        using var listener = new TcpListeningPeer();
        var sending = SendAsync(endpoint, NewRequest(listener.Address, transport: ";transport=tcp"));
        using var peer = await listener.AcceptAsync();
        await peer.SendAsync((await peer.ReceiveAsync()).Reply(200));
        await sending.InTimeAsync();

        AdvanceByTicks(TimeSpan.FromSeconds(47));   // less than 80 % of the interval
        Assert.False(peer.HasUnread);
        AdvanceByTicks(TimeSpan.FromSeconds(16));
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("\r\n\r\n", await peer.ReceiveExactlyAsync(4));
            if (answers)
            {
                await peer.SendAsync("\r\n");
                await IsServedAsync();
            }

            AdvanceByTicks(TimeSpan.FromSeconds(63));
        }

        AdvanceByTicks(TimeSpan.FromMinutes(11));
        if (!answers)
        {
            await IsServedAsync();
            return;
        }

        Assert.True(await peer.IsClosedAsync());
        await Wait.UntilAsync(() => endpoint.ConnectionCount == 0, "it is forgotten");

        async Task IsServedAsync()
        {
            await peer.SendAsync(RawRequest(peer.Address, $"z9hG4bK{Guid.NewGuid():N}", "INVITE", transport: "TCP"));
            var text = "";
            while (!text.EndsWith("\r\nContent-Length: 0\r\n\r\n", StringComparison.Ordinal))
            {
                var next = await peer.ReceiveExactlyAsync(1);
                Assert.NotEmpty(next);
                text += next;
            }

            Assert.Contains("SIP/2.0 405", text);
        }
    }

    [Fact]
    public async Task No_keep_alive_is_sent_on_a_connection_that_the_peer_made_nor_where_none_is_wanted()
    {
        var endpoint = await ListenAsync(Time, new SipEndpointOptions { PingInterval = null, WriteTimeout = TimeSpan.FromDays(1) });
        using var accepted = await TcpPeer.ConnectAsync(endpoint.Tcp());
        using var listener = new TcpListeningPeer();
        var sending = SendAsync(endpoint, NewRequest(listener.Address, transport: ";transport=tcp"));
        using var made = await listener.AcceptAsync();
        await made.SendAsync((await made.ReceiveAsync()).Reply(200));
        await sending.InTimeAsync();

        AdvanceByTicks(TimeSpan.FromMinutes(5));

        await made.SendAsync("\r\n\r\n");
        await accepted.SendAsync("\r\n\r\n");
        Assert.Equal("\r\n", await made.ReceiveExactlyAsync(2));
        Assert.Equal("\r\n", await accepted.ReceiveExactlyAsync(2));
        Assert.False(made.HasUnread || accepted.HasUnread);
    }
}
