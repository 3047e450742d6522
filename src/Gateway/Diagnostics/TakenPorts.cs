using System.Net;
using System.Net.Sockets;
using Gateway.Sip;

namespace Gateway.Diagnostics;

/// <summary>
/// Looks for a port that another program has, before anything starts: what the silo says of one names no port, and nobody names the setting.
/// </summary>
internal static class TakenPorts
{
    /// <summary>One line that names the key and the address, or null.</summary>
    public static string? Find(GatewaySettings settings, string? urls)
    {
        foreach (var url in (urls ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var address = BindingAddress.Parse(url);
            if (!address.IsUnixPipe && IsTaken(new IPEndPoint(HostOf(address), address.Port), ProtocolType.Tcp)) return Line("Urls", url);
        }
        for (var i = 0; i < settings.Sip.Listen.Count; i++)
        {
            var address = SipListenAddress.Parse(settings.Sip.Listen[i]);
            if (IsTaken(address.EndPoint, address.Kind == SipTransportKind.Udp ? ProtocolType.Udp : ProtocolType.Tcp)) return Line($"Sip:Listen:{i}", address.ToString());
        }
        var silo = IPAddress.Parse(settings.Cluster.AdvertisedAddress);
        foreach (var (key, port) in new[] { ("SiloPort", settings.Cluster.SiloPort), ("GatewayPort", settings.Cluster.GatewayPort) })
            if (IsTaken(new IPEndPoint(silo, port), ProtocolType.Tcp)) return Line($"Cluster:{key}", $"{silo}:{port}");
        return null;
    }

    private static string Line(string key, string address) => $"start: {key}: {address} is taken by another program";

    private static IPAddress HostOf(BindingAddress address) => IPAddress.TryParse(address.Host.Trim('[', ']'), out var host) ? host
        : address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback : IPAddress.Any;

    /// <summary>Any other reason not to listen there is told by who tries in earnest.</summary>
    private static bool IsTaken(IPEndPoint endPoint, ProtocolType protocol)
    {
        try
        {
            using var socket = new Socket(endPoint.AddressFamily, protocol == ProtocolType.Udp ? SocketType.Dgram : SocketType.Stream, protocol);
            socket.Bind(endPoint);
            return false;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.AddressAlreadyInUse;
        }
    }
}
