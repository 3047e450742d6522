using System.Net;
using System.Net.Sockets;

namespace Gateway.Webhooks;

/// <summary>
/// Connects only to public addresses, so that a webhook URL cannot reach into the network this gateway stands in. The address that is judged is
/// the one that is then connected to, hence a name that resolves differently a moment later gains nothing. Redirects are not followed and no
/// proxy is used, because both would connect past this check.
/// </summary>
internal sealed class TargetGuard(bool allowPrivateTargets)
{
    /// <summary>
    /// All that is global unicast in IPv6 (RFC 4291 §2.4). What lies outside is loopback, local, multicast, or an IPv4 address in another dress:
    /// IPv4-compatible, translated (::ffff:0:0:0/96, 64:ff9b::/96 and 64:ff9b:1::/48 of NAT64).
    /// </summary>
    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    /// <summary>Not globally reachable, or another way to write an address that may not be (IANA special-purpose registries, RFC 6890).</summary>
    private static readonly IPNetwork[] Refused =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "168.63.129.16/32", // Azure's platform, which answers its own machines alone
            "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
        }.Select(network => IPNetwork.Parse(network)),
    ];

    public static bool IsPublic(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return (plain.AddressFamily == AddressFamily.InterNetwork || GlobalUnicast.Contains(plain))
            && !Array.Exists(Refused, network => network.Contains(plain));
    }

    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var addresses = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancel);
        var targets = allowPrivateTargets ? addresses : Array.FindAll(addresses, IsPublic);
        if (targets.Length == 0)
            throw new HttpRequestException(addresses.Length == 0 ? "the name has no address" : $"{addresses[0]} is not a public address");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(targets, context.DnsEndPoint.Port, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
