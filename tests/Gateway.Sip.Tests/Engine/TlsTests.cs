using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Gateway.Sip.Transports;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Sip.Tests.Engine;

//    peer                                        endpoint
//     |  TCP, TLS handshake                          |   in time, with the certificate of that moment
//     |<-------------------------------------------->|
//     |  requests and responses, both ways           |
//     |<-------------------------------------------->|   as over TCP (StreamTransportTests)
public sealed class TlsTests : EngineTest
{
    private readonly TlsFolder _files = new();

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _files.Dispose();
    }

    private async Task<SipEndpoint> ListenAsync(SipTlsOptions tls, SipEndpointOptions? options = null)
    {
        var endpoint = await StartAsync(TimeProvider.System, (options ?? new SipEndpointOptions()) with { Tls = tls }, "tls://127.0.0.1:0");
        endpoint.OnRequest = incoming => incoming.RespondAsync(200);
        return endpoint;
    }

    private Task<SipEndpoint> CallerAsync(SipTlsOptions? tls = null) =>
        StartAsync(TimeProvider.System, new SipEndpointOptions { Tls = tls ?? new SipTlsOptions { TrustedCa = _files.Authority } }, "udp://127.0.0.1:0");

    private static async Task<(TcpPeer Peer, X509Certificate2 Shown)> ConnectAsync(IPEndPoint to, X509Certificate2? own = null)
    {
        var socket = new Socket(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(to);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "gateway.example",
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
            ClientCertificates = own is null ? null : [own],
        });
        return (new TcpPeer(socket, stream), (X509Certificate2)stream.RemoteCertificate!);
    }

    private static string Request(TcpPeer peer, int number, string body = "hello", string via = "") =>
        RawRequest(peer.Address, $"z9hG4bK{number}", transport: "TLS", callId: $"call-{number}", body: body, via: via);

    [Fact]
    public async Task Messages_go_both_ways_over_the_connection_a_client_made()
    {
        _files.Write("server", "127.0.0.1");
        var endpoint = await ListenAsync(_files.Options("server"));
        var flow = new TaskCompletionSource<SipFlow>();
        endpoint.OnRequest = incoming =>
        {
            flow.TrySetResult(incoming.Flow);
            return incoming.RespondAsync(200);
        };
        var (peer, _) = await ConnectAsync(endpoint.Tls());
        using var connected = peer;

        for (var i = 0; i < 50; i++)   // 20,000 octets: more than one TLS record
            await peer.SendAsync(Request(peer, i, new string('x', 20_000)));
        for (var i = 0; i < 50; i++)
            Assert.Equal("SIP/2.0 200 OK", (await peer.ReceiveAsync()).StartLine);
        var way = await flow.Task.InTimeAsync();
        Assert.Equal(SipTransportKind.Tls, way.Kind);

        var byFlow = SendAsync(endpoint, NewRequest(new IPEndPoint(IPAddress.Loopback, 9)), SipTarget.At(way));
        var received = await peer.ReceiveAsync();
        Assert.StartsWith("SIP/2.0/TLS 127.0.0.1:", received.Header("Via"));
        await peer.SendAsync(received.Reply(200));
        Assert.Equal(200, (await byFlow.InTimeAsync()).Response!.StatusCode);

        await peer.SendAsync("\r\n\r\n");
        Assert.Equal("\r\n", await peer.ReceiveExactlyAsync(2));
        Assert.Equal(1, endpoint.ConnectionCount);
    }

    [Theory]
    [InlineData("sip", ";transport=tls")]
    [InlineData("sips", "")]
    public async Task A_request_goes_over_one_tls_connection_when_its_uri_says_so(string scheme, string parameter)
    {
        _files.Write("server", "127.0.0.1");
        var server = await ListenAsync(_files.Options("server"));
        var caller = await CallerAsync();
        for (var i = 0; i < 20; i++)
        {
            var request = NewRequest(server.Tls());
            request.RequestUri = SipUri.Parse($"{scheme}:bob@{server.Tls()}{parameter}");
            var outcome = await SendAsync(caller, request).InTimeAsync();
            Assert.Equal(200, outcome.Response?.StatusCode);
        }

        Assert.Equal(1, caller.ConnectionCount);
        Assert.Equal(1, server.ConnectionCount);
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.0.0.2", false)]
    [InlineData("localhost", false)]
    public async Task A_server_reached_by_address_must_be_certified_for_it(string named, bool taken)
    {
        _files.Write("server", named);
        var server = await ListenAsync(_files.Options("server"));
        var caller = await CallerAsync();

        var outcome = await SendAsync(caller, NewRequest(server.Tls(), transport: ";transport=tls")).InTimeAsync();

        Assert.Equal(taken ? SipOutcomeKind.Final : SipOutcomeKind.TransportError, outcome.Kind);
        Assert.Equal(taken ? 1 : 0, caller.ConnectionCount);
    }

    [Theory]
    [InlineData("localhost", true)]
    [InlineData("sip:localhost", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("other.example", false)]
    public async Task A_server_reached_by_name_must_be_certified_for_the_name(string named, bool taken)
    {
        _files.Write("server", named);
        var server = await ListenAsync(_files.Options("server"));
        var caller = await CallerAsync();
        var target = SipTarget.At("localhost", server.Tls().Port, SipTransportKind.Tls);

        var outcome = await SendAsync(caller, NewRequest(server.Tls()), target).InTimeAsync();

        Assert.Equal(taken ? SipOutcomeKind.Final : SipOutcomeKind.TransportError, outcome.Kind);
    }

    [Theory]
    [InlineData("example.org", true, "EXAMPLE.org")]
    [InlineData("sip.example.org", false, "*.example.org")]
    [InlineData("example.org", false, "sip:other.example", "example.org")]
    [InlineData("example.org", true, "sip:other.example", "sip:example.org")]
    [InlineData("example.org", false, "sip:user@example.org")]
    [InlineData("example.org", true, "sip:user@other.example", "example.org")]
    [InlineData("example.org", false)]
    public void The_names_of_a_certificate_are_read_as_sip_reads_them(string host, bool named, params string[] names)
    {
        using var certificate = _files.Sign(names);
        Assert.Equal(named, SipDomainIdentity.IsNamedBy(certificate, host, IPAddress.Loopback));
    }

    [Fact]
    public async Task A_server_of_another_authority_is_refused()
    {
        using var others = new TlsFolder();
        others.Write("server", "127.0.0.1");
        var server = await ListenAsync(others.Options("server"));
        var caller = await CallerAsync();

        var outcome = await SendAsync(caller, NewRequest(server.Tls(), transport: ";transport=tls")).InTimeAsync();

        Assert.Equal(SipOutcomeKind.TransportError, outcome.Kind);
        await Wait.UntilAsync(() => server.ConnectionCount == 0, "the server has forgotten the connection");
    }

    [Theory]
    [InlineData("own", true)]
    [InlineData("none", false)]
    [InlineData("foreign", false)]
    public async Task A_client_must_show_a_good_certificate_where_one_is_required(string shown, bool taken)
    {
        using var others = new TlsFolder();
        others.Write("client", "127.0.0.1");
        _files.Write("client", "127.0.0.1");
        _files.Write("server", "127.0.0.1");
        var server = await ListenAsync(_files.Options("server") with { RequireClientCertificate = true });
        var caller = await CallerAsync(shown switch
        {
            "own"     => _files.Options("client"),
            "foreign" => others.Options("client") with { TrustedCa = _files.Authority },
            _         => null,
        });

        var outcome = await SendAsync(caller, NewRequest(server.Tls(), transport: ";transport=tls")).InTimeAsync();

        Assert.Equal(taken ? SipOutcomeKind.Final : SipOutcomeKind.TransportError, outcome.Kind);
        await Wait.UntilAsync(() => server.ConnectionCount == (taken ? 1 : 0), "only who is taken stays");
    }

    [Fact]
    public async Task A_certificate_that_is_there_must_be_good_even_where_none_is_required()
    {
        using var others = new TlsFolder();
        _files.Write("server", "127.0.0.1");
        var server = await ListenAsync(_files.Options("server"));
        var caller = await CallerAsync(new SipTlsOptions { TrustedCa = _files.Authority });
        Assert.Equal(200, (await SendAsync(caller, NewRequest(server.Tls(), transport: ";transport=tls")).InTimeAsync()).Response?.StatusCode);

        others.Write("client", "127.0.0.1");
        var stranger = await CallerAsync(others.Options("client") with { TrustedCa = _files.Authority });
        var outcome = await SendAsync(stranger, NewRequest(server.Tls(), transport: ";transport=tls")).InTimeAsync();
        Assert.Equal(SipOutcomeKind.TransportError, outcome.Kind);
    }

    [Fact]
    public async Task A_renewed_certificate_is_shown_from_the_next_handshake_on_and_connections_stay()
    {
        var first = _files.Write("server", "127.0.0.1");
        var server = await ListenAsync(_files.Options("server"));
        var (peer, shown) = await ConnectAsync(server.Tls());
        using var before = peer;
        Assert.Equal(first.Thumbprint, shown.Thumbprint);

        // Caught between the two files: what was good serves on.
        var key = File.ReadAllText(_files.At("server.key"));
        var second = _files.Write("server", "127.0.0.1", "localhost");
        var newKey = File.ReadAllText(_files.At("server.key"));
        File.WriteAllText(_files.At("server.key"), key + "\n");
        var (between, shownBetween) = await ConnectAsync(server.Tls());
        between.Dispose();
        Assert.Equal(first.Thumbprint, shownBetween.Thumbprint);

        File.WriteAllText(_files.At("server.key"), newKey);
        var (another, shownThen) = await ConnectAsync(server.Tls());
        using var after = another;
        Assert.Equal(second.Thumbprint, shownThen.Thumbprint);
        foreach (var open in new[] { before, after })
        {
            await open.SendAsync(Request(open, 1));
            Assert.Equal("SIP/2.0 200 OK", (await open.ReceiveAsync()).StartLine);
        }
    }

    [Fact]
    public async Task A_certificate_renewed_behind_links_is_seen()
    {
        // As secrets are mounted: server.pem -> current/server.pem, and only where current leads changes.
        foreach (var version in new[] { "v1", "v2" })
        {
            Directory.CreateDirectory(_files.At(version));
            _files.Write($"{version}/server", "127.0.0.1", version);
        }

        Directory.CreateSymbolicLink(_files.At("current"), "v1");
        foreach (var name in new[] { "server.pem", "server.key" })
            File.CreateSymbolicLink(_files.At(name), Path.Combine("current", name));
        File.SetLastWriteTimeUtc(_files.At("v1/server.pem"), TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-1));
        var server = await ListenAsync(_files.Options("server"));
        var (peer, shown) = await ConnectAsync(server.Tls());
        peer.Dispose();

        Directory.Delete(_files.At("current"));
        Directory.CreateSymbolicLink(_files.At("current"), "v2");
        var (again, shownThen) = await ConnectAsync(server.Tls());
        again.Dispose();

        Assert.True(shown.MatchesHostname("v1"));
        Assert.True(shownThen.MatchesHostname("v2"));
    }

    [Fact]
    public async Task A_client_silent_in_its_handshake_takes_a_place_until_the_time_out_and_delays_nobody()
    {
        _files.Write("server", "127.0.0.1");
        var options = new SipEndpointOptions { Tls = _files.Options("server") with { HandshakeTimeout = TimeSpan.FromSeconds(10) }, MaxConnectionsPerPeer = 3 };
        var endpoint = await StartAsync(options, "tls://127.0.0.1:0");
        endpoint.OnRequest = incoming => incoming.RespondAsync(200);
        using var silent = await TcpPeer.ConnectAsync(endpoint.Tls());
        using var halfway = await TcpPeer.ConnectAsync(endpoint.Tls());
        await halfway.SendAsync(new byte[] { 22, 3, 1, 0, 200, 1 });   // a ClientHello begun
        await Wait.UntilAsync(() => endpoint.ConnectionCount == 2, "both take a place");

        var (peer, _) = await ConnectAsync(endpoint.Tls());
        using var prompt = peer;
        await prompt.SendAsync(Request(prompt, 1));
        Assert.Equal("SIP/2.0 200 OK", (await prompt.ReceiveAsync()).StartLine);
        Assert.True(await IsRefusedAsync());

        Time.Advance(TimeSpan.FromSeconds(11));
        Assert.True(await silent.IsClosedAsync());
        Assert.True(await halfway.IsClosedAsync());
        await Wait.UntilAsync(() => endpoint.ConnectionCount == 1, "only the prompt one has a place");
        var (next, _) = await ConnectAsync(endpoint.Tls());
        next.Dispose();

        async Task<bool> IsRefusedAsync()
        {
            try
            {
                using var beyond = await TcpPeer.ConnectAsync(endpoint.Tls());
                return await beyond.IsClosedAsync();
            }
            catch (SocketException)
            {
                return true;   // reset before connecting had ended
            }
        }
    }

    [Fact]
    public async Task A_client_that_does_not_speak_tls_is_dropped()
    {
        _files.Write("server", "127.0.0.1");
        var endpoint = await ListenAsync(_files.Options("server"));
        using var plain = await TcpPeer.ConnectAsync(endpoint.Tls());
        await plain.SendAsync(Request(plain, 1));
        Assert.True(await plain.IsClosedAsync());
        await Wait.UntilAsync(() => endpoint.ConnectionCount == 0, "it is forgotten");
    }

    [Fact]
    public async Task A_server_silent_in_its_handshake_is_an_outcome_within_the_time_to_connect()
    {
        using var silent = new TcpListeningPeer();
        var caller = await StartAsync(
            TimeProvider.System,
            new SipEndpointOptions { Tls = new SipTlsOptions { TrustedCa = null }, ConnectTimeout = TimeSpan.FromMilliseconds(300) });
        var outcome = await SendAsync(caller, NewRequest(silent.Address, transport: ";transport=tls")).InTimeAsync();
        Assert.Equal(SipOutcomeKind.TransportError, outcome.Kind);
        Assert.Equal(0, caller.ConnectionCount);
    }

    // The peer says in its Via that it listens elsewhere, and that requests may come over this connection instead (RFC 5923).
    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1", "127.0.0.1", true)]
    [InlineData("127.0.0.1", "127.0.0.1", null, false)]            // who it is was not shown
    [InlineData("127.0.0.1", "127.0.0.1", "localhost", false)]     // the certificate is not for what leads there
    [InlineData("localhost", "127.0.0.1", "localhost", true)]
    [InlineData("localhost", "127.0.0.1", "127.0.0.1", false)]
    [InlineData("localhost", "localhost", "localhost", true)]
    [InlineData("127.0.0.1", "localhost", "localhost", false)]
    [InlineData("localhost", "localhost", "other.example", false)]
    [InlineData("localhost", "other.example", "localhost", false)] // a sent-by that is not the peer's
    public async Task A_connection_is_reused_for_what_its_peers_certificate_names(string host, string sentBy, string? certified, bool reused)
    {
        _files.Write("server", "127.0.0.1");
        using var own = certified is null ? null : _files.Sign(certified);
        var endpoint = await ListenAsync(_files.Options("server"));
        using var listener = new TcpListeningPeer();
        var (connected, _) = await ConnectAsync(endpoint.Tls(), own);
        using var peer = connected;
        var request = RawRequest(listener.Address, "z9hG4bK1", transport: "TLS", via: ";alias");
        await peer.SendAsync(request.Replace($"TLS {listener.Address}", $"TLS {sentBy}:{listener.Address.Port}", StringComparison.Ordinal));
        await peer.ReceiveAsync();

        var target = SipTarget.At(host, listener.Address.Port, SipTransportKind.Tls);
        var sending = SendAsync(endpoint, NewRequest(listener.Address), target);
        if (reused)
            await peer.SendAsync((await peer.ReceiveAsync()).Reply(200));
        else
            (await listener.AcceptAsync()).Dispose();   // a connection of its own, which fails here

        Assert.Equal(reused ? SipOutcomeKind.Final : SipOutcomeKind.TransportError, (await sending.InTimeAsync()).Kind);
    }

    [Fact]
    public async Task What_cannot_be_used_stops_the_start_and_is_named()
    {
        var unset = await Assert.ThrowsAsync<IOException>(() => StartAsync(TimeProvider.System, null, "tls://127.0.0.1:0"));
        Assert.Contains("tls://127.0.0.1:0", unset.Message);

        _files.Write("server", "127.0.0.1");
        var options = _files.Options("server") with { TrustedCa = _files.At("absent.pem") };
        var absent = await Assert.ThrowsAsync<IOException>(() => ListenAsync(options));
        Assert.Contains("absent.pem", absent.Message);
        Assert.Equal(["TrustedCa"], options.Faults().Select(f => f.Option));
    }

    [Fact]
    public async Task A_pfx_serves_as_well_as_pem()
    {
        using var certificate = _files.Sign("127.0.0.1");
        File.WriteAllBytes(_files.At("server.pfx"), certificate.Export(X509ContentType.Pfx));
        var server = await ListenAsync(new SipTlsOptions { Certificate = _files.At("server.pfx") });
        var (peer, shown) = await ConnectAsync(server.Tls());
        using var connected = peer;
        Assert.Equal(certificate.Thumbprint, shown.Thumbprint);
        await peer.SendAsync(Request(peer, 1));
        Assert.Equal("SIP/2.0 200 OK", (await peer.ReceiveAsync()).StartLine);
    }
}
