namespace Gateway.Sip;

public enum SipOutcomeKind
{
    /// <summary>A final response came, whatever its status.</summary>
    Final,

    /// <summary>Nothing final came within 64 * T1 (timer F). The request may have been received all the same.</summary>
    TimedOut,

    /// <summary>No server was found, or what was found could not be reached.</summary>
    TransportError,

    /// <summary>Nothing was sent: <see cref="SipEndpointOptions.MaxClientTransactions"/> are under way.</summary>
    Overloaded,

    /// <summary>The one connection that leads there has ended (RFC 5626 §5.3.1 answers 430 to that).</summary>
    FlowGone,
}

/// <summary>What became of a request.</summary>
/// <param name="Response">
/// The final response of <see cref="SipOutcomeKind.Final"/>, else null. A 2xx to a MESSAGE may come without its headers, and is not to be changed:
/// it says nothing but its status (RFC 3428 §7).
/// </param>
/// <param name="Flow">The way the (last) attempt took, where there was one.</param>
/// <param name="Reason">Why there is no response, in words for a log.</param>
public readonly record struct SipOutcome(SipOutcomeKind Kind, SipResponse? Response = null, SipFlow? Flow = null, string? Reason = null);
