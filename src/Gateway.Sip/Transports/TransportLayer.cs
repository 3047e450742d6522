using System.Net;
using System.Net.Sockets;
using Gateway.Sip.Transactions;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Gateway.Sip.Transports;

/// <summary>RFC 3261 §18: the sockets and connections of one endpoint, and the choice among them for each message.</summary>
internal sealed partial class TransportLayer : IAsyncDisposable
{
    private readonly SipEndpointOptions _options;
    private readonly MessageReceived _onMessage;
    private readonly DatagramArrived _isTaken;
    private readonly ILogger _logger;
    private readonly ILoggerFactory _loggers;
    private readonly LocalAddresses _localAddresses = new();
    private readonly List<UdpTransport> _udp = [];
    private readonly List<SipListenAddress> _bound = [];

    public TransportLayer(
        SipEndpointOptions options, MessageReceived onMessage, DatagramArrived isTaken, Action<SipFlow> onClosed, TimerWheel wheel,
        TimeProvider time, ILoggerFactory loggers)
    {
        _options = options;
        _onMessage = onMessage;
        _isTaken = isTaken;
        _logger = loggers.CreateLogger<TransportLayer>();
        _loggers = loggers;
        Streams = new StreamConnections(options, onMessage, onClosed, wheel, time, loggers);
        // TCP and TLS call out without a listener.
        var usable = new HashSet<SipTransportKind>(options.Listen.Select(a => a.Kind)) { SipTransportKind.Tcp };
        if (options.Tls is not null)
            usable.Add(SipTransportKind.Tls);
        Usable = usable;
        UsesIpv6 = options.Listen.Any(a => a.EndPoint.AddressFamily == AddressFamily.InterNetworkV6);
    }

    public StreamConnections Streams { get; }

    public IReadOnlyList<SipListenAddress> Bound => _bound;

    /// <summary>What requests can be sent with.</summary>
    public IReadOnlySet<SipTransportKind> Usable { get; }

    public bool UsesIpv6 { get; }

    /// <exception cref="IOException">An address cannot be bound, or a certificate not be read; the message names it.</exception>
    public async Task StartAsync(CancellationToken cancellation)
    {
        Streams.ReadCertificates();
        foreach (var address in _options.Listen)
        {
            try
            {
                _bound.Add(address with { EndPoint = await BindAsync(address, cancellation) });
            }
            catch (Exception e) when (e is SocketException or IOException or AddressInUseException)
            {
                throw new IOException($"{address} cannot be listened on: {e.Message}", e);
            }
        }

        foreach (var transport in _udp)
            transport.Start();
    }

    public Hop? UdpTo(IPEndPoint remote)
    {
        UdpTransport? any = null;
        IPAddress? towards = null;
        foreach (var transport in _udp)
        {
            if (transport.Local.AddressFamily != remote.AddressFamily)
                continue;
            any ??= transport;
            if (_udp.Count == 1 || IsAny(transport.Local.Address))
                return new Hop(transport, null, remote);
            if (transport.Local.Address.Equals(towards ??= _localAddresses.Towards(remote.Address)))
                return new Hop(transport, null, remote);
        }

        return any is null ? null : new Hop(any, null, remote);
    }

    public async ValueTask<Hop?> StreamToAsync(ServerAddress server, CancellationToken cancellation)
    {
        var from = Listening(server.Kind, server.EndPoint.AddressFamily)?.EndPoint.Address;
        var connection = await Streams.ConnectAsync(server, from is null || IsAny(from) ? null : from, cancellation);
        return connection is null ? null : new Hop(null, connection, server.EndPoint);
    }

    /// <summary>The way a message came, taken backwards.</summary>
    public ValueTask<Hop?> AlongAsync(in SipFlow flow, CancellationToken cancellation)
    {
        if (flow.Kind != SipTransportKind.Udp)
            return OpenAlong(flow) is { } open ? new(open) : StreamToAsync(new ServerAddress(flow.Kind, flow.Remote), cancellation);

        foreach (var transport in _udp)
        {
            if (transport.Local.Equals(flow.Local))
                return new(new Hop(transport, null, flow.Remote));
        }

        return new(UdpTo(flow.Remote));
    }

    /// <summary>Along the flow's own connection; null when that has gone.</summary>
    public Hop? OpenAlong(in SipFlow flow) =>
        Streams.Find(flow.ConnectionId) is { IsOpen: true } connection ? new Hop(null, connection, flow.Remote) : null;

    /// <summary>
    /// RFC 3261 §18.2.2 with RFC 3581: over UDP to the source address, at the source port when the client asked for it and at the
    /// port of its Via otherwise; else over the connection of the request. The address is always the one the request came from:
    /// maddr would let anybody aim our responses at others. Null when the connection has gone.
    /// </summary>
    public Hop? Back(in SipFlow flow, in TopVia via)
    {
        if (flow.Kind == SipTransportKind.Udp)
        {
            var port = via.HasRport || via.Host.IsEmpty ? flow.Remote.Port : via.Port ?? SipTransportKind.Udp.DefaultPort;
            var to = port == flow.Remote.Port ? flow.Remote : new IPEndPoint(flow.Remote.Address, port);
            foreach (var transport in _udp)
            {
                if (ReferenceEquals(transport.Local, flow.Local))
                    return new Hop(transport, null, to);
            }

            return null;
        }

        return Streams.Find(flow.ConnectionId) is { } connection
            ? new Hop(null, connection, new IPEndPoint(flow.Remote.Address, via.Port ?? flow.Kind.DefaultPort))
            : null;
    }

    /// <summary>
    /// RFC 5626 has STUN for this over UDP; clients that know of NAT send what it has for streams, and our answer keeps their way open as
    /// well as theirs does.
    /// </summary>
    public void AnswerKeepAlive(in SipFlow flow) => UdpTo(flow.Remote)?.Udp!.Send("\r\n"u8, flow.Remote);

    public Task SendResponseAsync(in Hop back, byte[] response) =>
        back.TrySend(response) ? Task.CompletedTask : SendResponseAnewAsync(back, response);

    /// <param name="response">The caller's again on return.</param>
    public Task SendResponseAsync(in Hop back, ReadOnlySpan<byte> response)
    {
        if (back.IsReliable)
            return SendResponseAsync(back, response.ToArray());
        if (!back.TrySend(response))
            LogResponseLost(back.Flow);
        return Task.CompletedTask;
    }

    private async Task SendResponseAnewAsync(Hop back, byte[] response)
    {
        if (back.Connection is { IsOpen: false } closed
            && await StreamToAsync(new ServerAddress(closed.Flow.Kind, back.Remote), CancellationToken.None) is { } another && another.TrySend(response))
            return;
        LogResponseLost(back.Flow);
    }

    /// <summary>What our Via says for a hop: where we listen with its transport, else where the connection begins.</summary>
    public string SentBy(in Hop hop)
    {
        if (hop.Udp is { } udp)
        {
            return IsAny(udp.Local.Address) ? udp.SentByOf(_localAddresses.Towards(hop.Remote.Address)) : udp.SentBy;
        }

        var local = hop.Connection!.Flow.Local;
        var listening = Listening(hop.Connection.Flow.Kind, local.AddressFamily);
        return listening is null ? local.ToString() : new IPEndPoint(local.Address, listening.EndPoint.Port).ToString();
    }

    /// <summary>
    /// What our Contact says to whom a flow leads: where we listen with its transport, as seen from there; else where we listen at all; without
    /// any listener the near end of the connection, which reaches us while it lasts.
    /// </summary>
    public SipUri ContactOf(in SipFlow flow, string? user, bool secure)
    {
        var family = flow.Remote.AddressFamily;
        var kind = flow.Kind;
        var listening = kind == SipTransportKind.Udp ? flow.Local : Listening(kind, family)?.EndPoint;
        if (listening is null && _bound.Find(address => address.EndPoint.AddressFamily == family) is { } other)
            (listening, kind) = (other.EndPoint, other.Kind);
        listening ??= flow.Local;
        var address = !IsAny(listening.Address) ? listening.Address
            : IsAny(flow.Local.Address) ? _localAddresses.Towards(flow.Remote.Address)
            : flow.Local.Address;
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        // transport=tls is for the sip scheme alone; sips says it by itself (RFC 5630 §3.1.4).
        var parameters = kind == SipTransportKind.Udp || secure ? SipParameters.Empty : SipParameters.Empty.With("transport", kind.UriName);
        return SipUri.Create(user, address.ToString(), listening.Port, parameters, secure ? "sips" : "sip");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var transport in _udp)
            transport.Dispose();
        await Streams.DisposeAsync();
    }

    private async Task<IPEndPoint> BindAsync(SipListenAddress address, CancellationToken cancellation)
    {
        switch (address.Kind)
        {
            case SipTransportKind.Udp:
                var logger = _loggers.CreateLogger<UdpTransport>();
                var transport = new UdpTransport(address.EndPoint, _options.UdpReceiveThreads, _isTaken, _onMessage, logger);
                _udp.Add(transport);
                return transport.Local;
            case SipTransportKind.Tls when !Streams.HasCertificate:
                throw new IOException("no TLS certificate is set");
            case SipTransportKind.Tcp or SipTransportKind.Tls:
                return await Streams.ListenAsync(address.Kind, address.EndPoint, cancellation);
            default:
                throw new IOException($"this endpoint binds udp, tcp and tls itself, not {address.Kind.UriName}");
        }
    }

    private SipListenAddress? Listening(SipTransportKind kind, AddressFamily family)
    {
        foreach (var address in _bound)
        {
            if (address.Kind == kind && address.EndPoint.AddressFamily == family)
                return address;
        }

        return null;
    }

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    [LoggerMessage(1131, LogLevel.Debug, "A response to {Flow} could not be sent")]
    private partial void LogResponseLost(SipFlow flow);
}
