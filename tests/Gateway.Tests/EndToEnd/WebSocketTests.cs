using System.Net;
using System.Net.WebSockets;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.EndToEnd;

/// <summary>SIP over WebSocket at the gateway as its settings make it listen.</summary>
public sealed class WebSocketTests(WebSocketTests.Gateways gateways) : IClassFixture<WebSocketTests.Gateways>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/", HttpStatusCode.UpgradeRequired)]
    [InlineData("/sms/json", HttpStatusCode.UpgradeRequired)]
    [InlineData("/swagger/index.html", HttpStatusCode.UpgradeRequired)]
    [InlineData("/healthz/live", HttpStatusCode.UpgradeRequired)]
    public async Task Nothing_but_sip_is_served_there(string path, HttpStatusCode expected)
    {
        using var response = await gateways.Process.Http.GetAsync(new Uri($"http://127.0.0.1:{gateways.WebSocketPort}{path}"), Cancel);

        Assert.Equal(expected, response.StatusCode);
        Assert.Equal("websocket", Assert.Single(response.Headers.Upgrade).Name);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("xmpp")]
    [InlineData("SIP.2")]
    public async Task Who_does_not_offer_the_subprotocol_is_refused(string? subprotocol)
    {
        Assert.Equal(HttpStatusCode.BadRequest, await RefusalAsync($"ws://127.0.0.1:{gateways.WebSocketPort}/", subprotocol));
    }

    [Fact]
    public async Task The_rest_port_serves_no_sip()
    {
        Assert.Equal(HttpStatusCode.NotFound, await RefusalAsync($"ws://127.0.0.1:{gateways.Process.HttpPort}/", "sip"));
    }

    [Fact]
    public async Task A_page_of_another_origin_is_refused()
    {
        Assert.Equal(HttpStatusCode.Forbidden, await RefusalAsync($"ws://127.0.0.1:{gateways.WebSocketPort}/", "sip", "https://elsewhere.example"));
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("sip");
        socket.Options.SetRequestHeader("Origin", "https://phone.example");
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{gateways.WebSocketPort}/"), Cancel);
        Assert.Equal("sip", socket.SubProtocol);
    }

    [Fact]
    public async Task Texts_go_both_ways_between_a_client_on_a_websocket_and_a_handset()
    {
        await using var handset = new RawUe("4940600002", gateways.Process.Sip);
        await handset.RegisterAsync(Cancel);
        await using var client = await gateways.ConnectAsync("4940600001", Cancel);
        Assert.Equal(200, (await client.RegisterAsync(Cancel)).Status);

        Assert.Equal(202, (await client.SendTextAsync(handset.Number, "from the browser", Cancel)).Status);
        var sms = await handset.SmsAsync(Cancel);
        Assert.Equal(("from the browser", "4940600001"), (sms.Tpdu.Text, sms.Tpdu.Address.TrimStart('+')));

        Assert.True(Assert.Single(await handset.SubmitAsync(client.Number, "to the browser", Cancel)).IsAck);
        Assert.Equal("to the browser", (await client.TextAsync(Cancel)).Text);
    }

    [Fact]
    public async Task What_comes_when_the_connection_has_gone_waits_for_the_next_one()
    {
        await using (var first = await gateways.ConnectAsync("4940600003", Cancel))
        {
            await first.RegisterAsync(Cancel);
            await gateways.Process.SendSmsAsync(first.Number, "while connected", Cancel);
            Assert.Equal("while connected", (await first.TextAsync(Cancel)).Text);
            await first.CloseAsync(Cancel);
        }

        await gateways.Process.SendSmsAsync("4940600003", "while away", Cancel);
        await using var second = await gateways.ConnectAsync("4940600003", Cancel);
        var response = await second.RegisterAsync(Cancel);

        Assert.Contains(second.Contact, Assert.Single(response.All("Contact")));   // the first one's is gone with its connection
        Assert.Equal("while away", (await second.TextAsync(Cancel)).Text);
    }

    [Fact]
    public async Task A_contact_at_nothing_but_an_open_connection_is_gone_after_a_restart()
    {
        var port = FreePort.Next();
        var sip = FreePort.Next();
        await using var gateway = new GatewayProcess(sip, ("Sip__Listen", $"udp://127.0.0.1:{sip},ws://127.0.0.1:{port}"),
            ("Sip__Registrar__Users__0__Number", "4940600009"), ("Sip__Registrar__Users__0__Password", Gateways.Password));
        await gateway.StartAsync(Cancel);
        await using var before = await WebSocketUe.ConnectAsync(port, "4940600009", Gateways.Password, Cancel);
        Assert.Equal(200, (await before.RegisterAsync(Cancel)).Status);
        await gateway.KillAsync();
        await gateway.StartAsync(Cancel);
        await gateway.SendSmsAsync("4940600009", "after the restart", Cancel);

        await using var after = await WebSocketUe.ConnectAsync(port, "4940600009", Gateways.Password, Cancel);
        Assert.Contains(after.Contact, Assert.Single((await after.RegisterAsync(Cancel)).All("Contact")));
        Assert.Equal("after the restart", (await after.TextAsync(Cancel)).Text);
    }

    [Fact]
    public async Task A_websocket_is_no_trusted_peers()
    {
        // The handset of the same address, over UDP, is believed without a password.
        await using var stranger = await gateways.ConnectAsync("4940600099", Cancel);
        Assert.Equal(403, (await stranger.RegisterAsync(Cancel)).Status);
        Assert.Equal(403, (await stranger.SendTextAsync("4940600001", "hello", Cancel)).Status);
        await using var client = await gateways.ConnectAsync("4940600004", Cancel);
        Assert.Equal(403, (await client.RegisterAsync(Cancel, headers: "Path: <sip:elsewhere.example;lr>")).Status);
    }

    [Fact]
    public async Task A_flow_of_its_own_replaces_itself_and_is_told_its_timer()
    {
        const string Instance = ";reg-id=1;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>\"";
        await using var first = await gateways.ConnectAsync("4940600005", Cancel);
        var response = await first.RegisterAsync(Cancel, Instance);
        Assert.Equal(("outbound", "path, outbound", "120"), (response["Require"], response["Supported"], response["Flow-Timer"]));
        await using var second = await gateways.ConnectAsync("4940600005", Cancel);
        Assert.Contains(second.Contact, Assert.Single((await second.RegisterAsync(Cancel, Instance)).All("Contact")));
        await using var third = await gateways.ConnectAsync("4940600005", Cancel);
        Assert.Equal(2, (await third.RegisterAsync(Cancel, Instance.Replace("reg-id=1", "reg-id=2"))).All("Contact").Count());

        await gateways.Process.SendSmsAsync(first.Number, "to the latest flow", Cancel);
        Assert.Equal("to the latest flow", (await third.TextAsync(Cancel)).Text);
        await third.CloseAsync(Cancel);
        await gateways.Process.SendSmsAsync(first.Number, "to the flow that is left", Cancel);
        Assert.Equal("to the flow that is left", (await second.TextAsync(Cancel)).Text);
    }

    private static async Task<HttpStatusCode> RefusalAsync(string uri, string? subprotocol, string? origin = null)
    {
        using var socket = new ClientWebSocket { Options = { CollectHttpResponseDetails = true } };
        if (subprotocol is not null) socket.Options.AddSubProtocol(subprotocol);
        if (origin is not null) socket.Options.SetRequestHeader("Origin", origin);
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(new Uri(uri), Cancel));
        return socket.HttpStatusCode;
    }

    /// <summary>A gateway that listens for WebSockets, with users.</summary>
    public sealed class Gateways : IAsyncLifetime
    {
        public const string Password = "open sesame";
        private static readonly string[] Users = ["4940600001", "4940600003", "4940600004", "4940600005"];
        private GatewayProcess? _process;

        internal GatewayProcess Process => _process!;
        internal int WebSocketPort { get; } = FreePort.Next();

        internal Task<WebSocketUe> ConnectAsync(string number, CancellationToken cancel) => WebSocketUe.ConnectAsync(WebSocketPort, number, Password, cancel);

        public async ValueTask InitializeAsync()
        {
            var sip = FreePort.Next();
            _process = await GatewayProcess.StartAsync(TestContext.Current.CancellationToken, sip,
            [
                ("Sip__Listen", $"udp://127.0.0.1:{sip},tcp://127.0.0.1:{sip},ws://127.0.0.1:{WebSocketPort}"), ("Sip__AllowedOrigins", "https://phone.example"),
                .. Users.SelectMany((number, i) => new (string, string?)[] { ($"Sip__Registrar__Users__{i}__Number", number), ($"Sip__Registrar__Users__{i}__Password", Password) }),
            ]);
        }

        public async ValueTask DisposeAsync()
        {
            if (_process is not null) await _process.DisposeAsync();
        }
    }
}
