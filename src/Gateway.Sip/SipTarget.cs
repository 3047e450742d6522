namespace Gateway.Sip;

/// <summary>
/// Where to send a request instead of where its Route or Request-URI leads: the way some message came (<see cref="At(SipFlow)"/>), or
/// a host, with RFC 3263 for what is not said.
/// </summary>
public sealed record SipTarget
{
    private SipTarget()
    {
    }

    public SipFlow? Flow { get; private init; }

    public string Host { get; private init; } = "";

    public int? Port { get; private init; }

    public SipTransportKind? Transport { get; private init; }

    public static SipTarget At(SipFlow flow) => new() { Flow = flow };

    public static SipTarget At(string host, int? port = null, SipTransportKind? transport = null) =>
        new() { Host = host, Port = port, Transport = transport };

    public override string ToString() => Flow?.ToString() ?? $"{Host}{(Port is { } port ? $":{port}" : "")}";
}
