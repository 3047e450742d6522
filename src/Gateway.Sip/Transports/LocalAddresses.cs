using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Sip.Transports;

/// <summary>
/// Which of this machine's addresses a remote sees us by. A socket bound to 0.0.0.0 or [::] does not say, yet Via and Contact need one.
/// </summary>
internal sealed class LocalAddresses
{
    private const int Remembered = 4_096;

    private readonly ConcurrentDictionary<IPAddress, IPAddress> _towards = new();

    public IPAddress Towards(IPAddress remote)
    {
        if (_towards.TryGetValue(remote, out var local))
            return local;
        try
        {
            // Connecting a datagram socket sends nothing; it only makes the system choose the route.
            using var probe = new Socket(remote.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            probe.Connect(remote, 9);
            local = ((IPEndPoint)probe.LocalEndPoint!).Address;
        }
        catch (SocketException)
        {
            // No route: the send will say so.
            return remote.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Loopback : IPAddress.Loopback;
        }

        if (_towards.Count >= Remembered)
            _towards.Clear();
        _towards[remote] = local;
        return local;
    }
}
