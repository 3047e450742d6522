namespace Gateway.Sip;

/// <summary>
/// Where to send a request instead of where its Route or Request-URI leads: the way some message came (<see cref="At(SipFlow)"/>), the
/// connection it came on and nothing else (<see cref="Over"/>), or a host, with RFC 3263 for what is not said.
/// </summary>
public sealed class SipTarget
{
    private string? _text;

    private SipTarget()
    {
    }

    public SipFlow? Flow { get; private init; }

    /// <summary>Not by a new connection.</summary>
    public bool WhileOpen { get; private init; }

    public string Host { get; private init; } = "";

    public int? Port { get; private init; }

    public SipTransportKind? Transport { get; private init; }

    public static SipTarget At(SipFlow flow) => new() { Flow = flow };

    /// <summary>
    /// For a client that cannot be connected to (RFC 5626): when the connection has gone, the outcome is
    /// <see cref="SipOutcomeKind.FlowGone"/>. The flow is that of an incoming request, not one that was stored.
    /// </summary>
    public static SipTarget Over(SipFlow flow) => new() { Flow = flow, WhileOpen = flow.Kind != SipTransportKind.Udp };

    public static SipTarget At(string host, int? port = null, SipTransportKind? transport = null) =>
        new() { Host = host, Port = port, Transport = transport };

    public override string ToString() => _text ??= Flow?.ToString() ?? $"{Host}{(Port is { } port ? $":{port}" : "")}";
}
