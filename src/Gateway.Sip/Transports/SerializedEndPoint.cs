using System.Net;

namespace Gateway.Sip.Transports;

/// <summary>An address that is sent to often, with its form for the system made once.</summary>
internal sealed class SerializedEndPoint(IPEndPoint address) : IPEndPoint(address.Address, address.Port)
{
    private readonly SocketAddress _serialized = address.Serialize();

    public override SocketAddress Serialize() => _serialized;
}
