using Gateway.Sip;

namespace Gateway.Inbound;

/// <summary>Who sent a request, as far as we believe it.</summary>
/// <param name="Identity">The asserted or authenticated public user identity.</param>
/// <param name="Msisdn">Its E.164 digits, or null when the identity is no number.</param>
/// <param name="Flow">Where the request came from.</param>
/// <param name="Asserted">A trusted peer vouches for the identity, which may be one of several of the same subscriber.</param>
public sealed record Sender(string Identity, string? Msisdn, SipFlow Flow, bool Asserted);
