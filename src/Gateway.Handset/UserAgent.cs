using System.Net;
using System.Net.Sockets;
using Gateway.Sip;

namespace Gateway.Handset;

/// <summary>
/// Requests of one subscriber (RFC 3261 §8.1, TS 24.229 §5.1): with his identity, along his route, to his first hop, and
/// once more with credentials where they are asked for.
/// </summary>
internal sealed class UserAgent(HandsetOptions options)
{
    /// <summary>A registrar may ask behind a proxy that asked, and either may find its nonce too old.</summary>
    private const int MaxChallenges = 4;

    private readonly DigestClient? _digest =
        options.Password is { } password ? new DigestClient(options.Username ?? options.Digits, password) : null;
    private readonly SipUri _identity = options.PublicIdentity;
    private SipEndpoint? _endpoint;
    private SipTarget? _firstHop;

    /// <summary>RFC 3608; of the registration that holds.</summary>
    public IReadOnlyList<string> ServiceRoute { get; set; } = [];

    public void Attach(SipEndpoint endpoint)
    {
        var hop = options.FirstHop;
        _endpoint = endpoint;
        _firstHop = SipTarget.At(hop.Host.Trim('[', ']'), hop.Port, TransportOf(hop));
    }

    public SipRequest CreateMessage(SipUri target)
    {
        var request = Create(SipMethod.Message, target.WithoutHeaders(), target.WithoutHeaders());
        if (options.Routes.Count > 0)
        {
            foreach (var route in options.Routes) request.Headers.Add(HeaderName.Route, $"<{route}>");
        }
        else
        {
            foreach (var route in ServiceRoute) request.Headers.Add(HeaderName.Route, route);
        }

        request.Headers.Add(HeaderName.PPreferredIdentity, $"<{_identity}>");
        if (options.AssertIdentity) request.Headers.Add(HeaderName.PAssertedIdentity, $"<{_identity}>");
        return request;
    }

    /// <summary>Part of a registration: the same Call-ID all along, and CSeq counting up (RFC 3261 §10.2).</summary>
    public SipRequest CreateRegister(string callId, uint sequence)
    {
        var request = Create(SipMethod.Register, SipUri.Create(null, options.HomeDomain), _identity);
        request.Headers.Set(HeaderName.CallId, callId);
        request.Headers.Set(HeaderName.CSeq, new CSeq(sequence, SipMethod.Register).ToString());
        return request;
    }

    public async Task<SipOutcome> SendAsync(SipRequest request, CancellationToken cancellation)
    {
        if (_endpoint is null) throw new InvalidOperationException("The handset is not started.");
        _digest?.Authorize(request);
        for (var challenges = 0; ; challenges++)
        {
            var outcome = await _endpoint.SendAsync(request, _firstHop, cancellation);
            if (outcome.Response is not { StatusCode: 401 or 407 } challenge || challenges == MaxChallenges) return outcome;
            if (_digest is null || !_digest.TryAuthorize(request, challenge)) return outcome;

            // RFC 3261 §22.2: the same request, with the next CSeq.
            request.Headers.Set(HeaderName.CSeq, new CSeq(request.CSeq.Number + 1, request.Method).ToString());
        }
    }

    public static SipTransportKind? TransportOf(SipUri uri) =>
        Enum.TryParse<SipTransportKind>(uri.Transport, ignoreCase: true, out var kind) ? kind : null;

    /// <summary>The address of this machine that faces the first hop, or loopback where that cannot be told.</summary>
    public async Task<IPAddress> LocalAddressAsync(CancellationToken cancellation)
    {
        try
        {
            var hop = options.FirstHop.Address ?? (await Dns.GetHostAddressesAsync(options.FirstHop.Host, cancellation))[0];
            // Connecting a datagram socket sends nothing; it only makes the system choose the route.
            using var probe = new Socket(hop.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            probe.Connect(hop, 5060);
            return ((IPEndPoint)probe.LocalEndPoint!).Address;
        }
        catch (SocketException)
        {
            return IPAddress.Loopback;
        }
    }

    private SipRequest Create(string method, SipUri requestUri, SipUri to)
    {
        var request = new SipRequest(method, requestUri);
        if (options.Proxy is { } proxy) request.Headers.Add(HeaderName.Route, $"<{proxy}>");
        request.Headers.Add(HeaderName.From, new NameAddr(_identity).WithTag(SipRequest.NewTag()));
        request.Headers.Add(HeaderName.To, $"<{to}>");
        request.Headers.Add(HeaderName.CallId, $"{Guid.NewGuid():N}");
        request.Headers.Add(HeaderName.CSeq, new CSeq(1, method));
        foreach (var (name, value) in options.Headers) request.Headers.Add(name, value);
        return request;
    }
}
