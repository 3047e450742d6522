using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Tests.Support;

/// <summary>
/// Ports for programs that must be told theirs. They lie below those the kernel gives to outgoing connections, so nobody takes one by chance
/// between the look and the use.
/// </summary>
internal static class FreePort
{
    private const int First = 15_000, End = 32_000;
    private static readonly ConcurrentDictionary<int, bool> Given = new();

    /// <summary>Free on 127.0.0.1 for TCP and UDP, and given to nobody else in this run.</summary>
    public static int Next()
    {
        while (true)
        {
            var port = Random.Shared.Next(First, End);
            if (IsFree(port) && Given.TryAdd(port, true)) return port;
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var tcp = new TcpListener(IPAddress.Loopback, port);
            tcp.Start();
            using var udp = new UdpClient(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
