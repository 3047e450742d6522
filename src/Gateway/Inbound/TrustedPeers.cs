using System.Net;
using Gateway.Sip;

namespace Gateway.Inbound;

/// <summary>Whose SIP is believed, P-Asserted-Identity and all (RFC 3325 §5: the trust domain is configured, never claimed).</summary>
public sealed class TrustedPeers(SipSettings settings)
{
    private readonly IPNetwork[] _networks = [.. settings.TrustedPeers.Select(Parse)];

    /// <summary>
    /// A WebSocket never is a trusted peer's: any page that a browser on such a machine shows could open one.
    /// </summary>
    public bool Trust(in SipFlow flow) => flow.Kind is not (SipTransportKind.Ws or SipTransportKind.Wss) && Trust(flow.Remote.Address);

    private bool Trust(IPAddress peer)
    {
        if (peer.IsIPv4MappedToIPv6) peer = peer.MapToIPv4();
        foreach (var network in _networks)
            if (network.Contains(peer)) return true;
        return false;
    }

    // "10.1.2.3" stands for that address alone, "10.1.2.3/8" for the network it lies in.
    private static IPNetwork Parse(string text)
    {
        if (IPNetwork.TryParse(text, out var network)) return network;
        var address = IPAddress.Parse(text);
        return new IPNetwork(address, address.GetAddressBytes().Length * 8);
    }
}
