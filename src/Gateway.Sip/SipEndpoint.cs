using System.Net;
using System.Net.Security;
using System.Net.WebSockets;
using DnsClient;
using Gateway.Sip.Events;
using Gateway.Sip.Transactions;
using Gateway.Sip.Transports;
using Microsoft.Extensions.Logging;

namespace Gateway.Sip;

/// <summary>
/// The SIP stack seen from the application: requests go out and come back as an outcome, requests come in once and are answered.
/// <code>
///  transports ──► parser ──┬─ response ──► client transactions ──► outcome of SendAsync
///                          └─ request  ──► server transactions ──► OnRequest
/// </code>
/// </summary>
public sealed partial class SipEndpoint : IAsyncDisposable
{
    private readonly SipEndpointOptions _options;
    private readonly ILogger _logger;
    private readonly TransportLayer _transports;
    private readonly UserAgentServer _server;
    private readonly UserAgentClient _client;
    private readonly SipMetrics _metrics;
    private bool _disposed;

    public SipEndpoint(SipEndpointOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        _options = options;
        _logger = loggers.CreateLogger<SipEndpoint>();
        Time = time;
        Wheel = new TimerWheel(time, LogTimerFault);
        ClientTransactions = new ClientTransactions(options.Timers, options.MaxClientTransactions, Wheel, time);
        ServerTransactions = new ServerTransactions(options.Timers, options.MaxServerTransactions, Wheel, time);
        _transports = new TransportLayer(options, OnMessage, IsTaken, OnClosed, Wheel, time, loggers);
        _metrics = new SipMetrics(
            () => ClientTransactions.Count, () => ServerTransactions.Count, () => _server!.InProgress, () => _transports.Streams.Count);
        var rates = options.MaxRequestsPerSecondPerPeer is { } limit ? new PeerRates(limit, time) : null;
        _server = new UserAgentServer(
            _transports, ServerTransactions, options, rates, _metrics, loggers.CreateLogger<UserAgentServer>());
        var locator = new ServerLocator(
            CreateLookup(options), _transports.Usable, _transports.UsesIpv6, time, loggers.CreateLogger<ServerLocator>());
        _client = new UserAgentClient(
            _transports, locator, ClientTransactions, new FailedTargets(options.FailedTargetHold, time), options.UserAgent);
        Subscriptions = new Subscriptions(options.Check.AllowEvents, loggers.CreateLogger<Subscriptions>());
    }

    /// <summary>The addresses listened on, with the ports the system chose.</summary>
    public IReadOnlyList<SipListenAddress> Bound => _transports.Bound;

    /// <summary>
    /// Called on the thread pool, once for each request. What it throws is answered 500 and logged; what it leaves unanswered is answered
    /// 200 if it is OPTIONS and 500 otherwise.
    /// </summary>
    public Func<IncomingRequest, Task>? OnRequest
    {
        get => _server.OnRequest;
        set => _server.OnRequest = value;
    }

    /// <summary>Called when a connection has ended, with the flow it was.</summary>
    public Action<SipFlow>? OnConnectionClosed { get; set; }

    /// <summary>Our subscriptions at others; their NOTIFYs are to be offered to it.</summary>
    public Subscriptions Subscriptions { get; }

    internal SipEndpointOptions Options => _options;

    internal TimeProvider Time { get; }

    internal TimerWheel Wheel { get; }

    internal ClientTransactions ClientTransactions { get; }

    internal ServerTransactions ServerTransactions { get; }

    internal int ConnectionCount => _transports.Streams.Count;

    /// <exception cref="IOException">An address cannot be listened on; the message names it.</exception>
    public Task StartAsync(CancellationToken cancellation = default) => _transports.StartAsync(cancellation);

    /// <summary>
    /// Serves a WebSocket (RFC 7118) that somebody else's HTTP server accepts, until it ends or <paramref name="leave"/> asks us to leave.
    /// It is to have the subprotocol <c>sip</c>, and to ask the peer for pongs and end without them: a peer that has once spoken may be
    /// silent for any time here.
    /// </summary>
    /// <param name="accept">Called when the peer may have another connection.</param>
    /// <returns>False: there are too many, and nothing was accepted.</returns>
    public Task<bool> ServeAsync(
        SipTransportKind kind, IPEndPoint local, IPEndPoint remote, Func<Task<WebSocket>> accept, CancellationToken leave) =>
        kind is SipTransportKind.Ws or SipTransportKind.Wss
            ? _transports.Streams.ServeAsync(kind, local, remote, accept, leave)
            : throw new ArgumentException($"{kind} is not a WebSocket", nameof(kind));

    /// <summary>The connection a request came on is still there; of UDP that is not known, and true.</summary>
    public bool IsOpen(SipFlow flow) => flow.Kind == SipTransportKind.Udp || _transports.OpenAlong(flow) is not null;

    /// <summary>What a handshake with a TLS client is to be done with, as of the certificate files of this moment.</summary>
    /// <exception cref="InvalidOperationException">No certificate is set.</exception>
    public SslServerAuthenticationOptions ForTlsServer() => _transports.Streams.ForTlsServer();

    /// <summary>
    /// Sends the request to the target, or where its top Route or Request-URI leads (RFC 3263), and tells what came of it. The request
    /// must have From with a tag, To, Call-ID and CSeq; Via, Max-Forwards, User-Agent and Content-Length are put in here. A request
    /// object is sent by one caller at a time.
    /// </summary>
    /// <exception cref="OperationCanceledException">Nobody waits any more; the request may have been received all the same.</exception>
    public ValueTask<SipOutcome> SendAsync(SipRequest request, SipTarget? target = null, CancellationToken cancellation = default) =>
        _client.SendAsync(request, target, lastResort: null, cancellation);

    /// <summary>The same, with an address to use when the target's name leads nowhere.</summary>
    internal ValueTask<SipOutcome> SendAsync(SipRequest request, SipTarget? target, SipFlow? lastResort, CancellationToken cancellation) =>
        _client.SendAsync(request, target, lastResort, cancellation);

    /// <summary>Our Contact for whom a flow leads to: where the endpoint listens, as seen from there.</summary>
    internal SipUri ContactFor(in SipFlow flow, string user) => _transports.ContactOf(flow, user, secure: false);

    /// <summary>Ends every connection and socket; requests under way end as transport errors.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true)) return;
        await _transports.DisposeAsync();
        ClientTransactions.EndAll();
        Wheel.Dispose();
        _metrics.Dispose();
    }

    private bool IsTaken(ReadOnlySpan<byte> datagram) =>
        PlainSuccess.TryRead(datagram, out var success) && ClientTransactions.TryDeliver(success);

    private void OnMessage(in SipFlow flow, ReadOnlyMemory<byte> octets)
    {
        var parsed = SipParser.Parse(octets);
        switch (parsed)
        {
            case { Kind: SipParseKind.Message, Message: SipRequest request }:
                _server.Receive(flow, request);
                break;
            case { Kind: SipParseKind.Message, Message: SipResponse response }:
                if (!ClientTransactions.TryDeliver(response))
                    _metrics.Discarded();
                break;
            case { Kind: SipParseKind.KeepAlive } when flow.Kind == SipTransportKind.Udp && octets.Span.SequenceEqual("\r\n\r\n"u8):
                _transports.AnswerKeepAlive(flow);
                break;
            case { Kind: SipParseKind.Rejected }:
                _metrics.Rejected();
                LogRejected(flow, parsed.Error.ReasonPhrase);
                _server.Reject(flow, parsed.CreateAnswer()!);
                break;
            case { Kind: SipParseKind.Discarded }:
                _metrics.Discarded();
                LogDiscarded(flow, parsed.Error);
                break;
        }
    }

    private void OnClosed(SipFlow flow)
    {
        try
        {
            OnConnectionClosed?.Invoke(flow);
        }
        catch (Exception e)
        {
            LogClosedFault(e, flow);
        }
    }

    private static LookupClient CreateLookup(SipEndpointOptions options)
    {
        var settings = options.NameServers.Count > 0 ? new LookupClientOptions([.. options.NameServers]) : new LookupClientOptions();
        settings.UseCache = true;
        settings.Timeout = TimeSpan.FromSeconds(2);
        settings.Retries = 1;
        settings.ThrowDnsErrors = false;
        return new LookupClient(settings);
    }

    [LoggerMessage(1001, LogLevel.Error, "A timer met a fault")]
    private partial void LogTimerFault(Exception fault);

    [LoggerMessage(1004, LogLevel.Error, "The end of {Flow} met a fault")]
    private partial void LogClosedFault(Exception fault, SipFlow flow);

    [LoggerMessage(1002, LogLevel.Debug, "A request from {Flow} was rejected: {Reason}")]
    private partial void LogRejected(SipFlow flow, string reason);

    [LoggerMessage(1003, LogLevel.Debug, "Octets from {Flow} were discarded: {Error}")]
    private partial void LogDiscarded(SipFlow flow, SipError error);
}
