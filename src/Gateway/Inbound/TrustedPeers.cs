using Gateway.Sip;

namespace Gateway.Inbound;

/// <summary>Whose SIP is believed, P-Asserted-Identity and all (RFC 3325 §5: the trust domain is configured, never claimed).</summary>
public sealed class TrustedPeers(SipSettings settings)
{
    private readonly Networks _networks = new(settings.TrustedPeers);

    /// <summary>
    /// A WebSocket never is a trusted peer's: any page that a browser on such a machine shows could open one.
    /// </summary>
    public bool Trust(in SipFlow flow) => flow.Kind is not (SipTransportKind.Ws or SipTransportKind.Wss) && _networks.Contain(flow.Remote.Address);
}
