namespace Gateway.Sip;

/// <summary>
/// RFC 3261 §17.1.1.1 and table 4. The defaults are those of the RFC; an IMS access network uses 2 and 16 s (TS 24.229 §7.7).
/// </summary>
public sealed record SipTimers
{
    /// <summary>Round-trip time estimate, more than zero.</summary>
    public TimeSpan T1 { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Largest retransmission interval of a non-INVITE request, at least T1.</summary>
    public TimeSpan T2 { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Gives up waiting for a final response.</summary>
    public TimeSpan TimerF => 64 * T1;

    /// <summary>How long the server absorbs retransmissions after its final response (unreliable transports).</summary>
    public TimeSpan TimerJ => 64 * T1;

    /// <summary>RFC 6665 §4.1.2.4: how long the first NOTIFY may take.</summary>
    public TimeSpan TimerN => 64 * T1;

    /// <summary>RFC 4320 §4.1: when timer E of a client is first set to T2; a 100 is sent then and not before.</summary>
    public TimeSpan TryingAfter
    {
        get
        {
            var elapsed = TimeSpan.Zero;
            for (var interval = T1; interval < T2; interval *= 2)
                elapsed += interval;
            return elapsed;
        }
    }
}
