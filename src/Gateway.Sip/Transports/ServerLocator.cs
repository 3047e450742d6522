using System.Collections.Concurrent;
using System.Net;
using DnsClient;
using Microsoft.Extensions.Logging;

namespace Gateway.Sip.Transports;

/// <summary>One place a request can be sent to. With TLS, <see cref="TlsHost"/> is the name its certificate must have; null: the address.</summary>
internal readonly record struct ServerAddress(SipTransportKind Kind, IPEndPoint EndPoint, string? TlsHost = null);

/// <summary>
/// RFC 3263 §4: from the host, port and transport of a URI to the addresses to try, in order. Numeric hosts are taken as they are;
/// names are searched (<see cref="ServerSearch"/>), and what was found is kept for the shortest time to live of its records, so
/// that a name costs a busy sender no look-up per message and concurrent senders share one search.
/// </summary>
internal sealed class ServerLocator(ILookupClient dns, IReadOnlySet<SipTransportKind> usable, bool ipv6, TimeProvider time, ILogger logger)
{
    private const int RememberedNames = 4_096;

    private readonly ConcurrentDictionary<ServerName, Search> _searches = new();

    /// <summary>Empty when the name leads nowhere.</summary>
    public async ValueTask<IReadOnlyList<ServerAddress>> LocateAsync(
        string host, int? port, SipTransportKind? transport, bool secure, CancellationToken cancellation)
    {
        var kind = Secured(transport, secure);
        if (IPAddress.TryParse(host, out var address))
        {
            var numeric = kind ?? (secure ? SipTransportKind.Tls : SipTransportKind.Udp);
            return usable.Contains(numeric) ? [new ServerAddress(numeric, new IPEndPoint(address, port ?? numeric.DefaultPort))] : [];
        }

        var name = new ServerName(host.TrimEnd('.').ToLowerInvariant(), port, kind, secure);
        return InOrder(name.Host, await FindAsync(name).WaitAsync(cancellation));
    }

    private static SipTransportKind? Secured(SipTransportKind? transport, bool secure) => (transport, secure) switch
    {
        (SipTransportKind.Tcp, true) => SipTransportKind.Tls,   // sips with transport=tcp is TLS over TCP (RFC 3261 §26.2.2)
        (SipTransportKind.Ws, true)  => SipTransportKind.Wss,
        _                            => transport,
    };

    private async Task<FoundServers> FindAsync(ServerName name)
    {
        if (_searches.Count >= RememberedNames)
            _searches.Clear();
        var search = _searches.GetOrAdd(name, StartSearch);
        var found = await search.Found.Value;
        if (time.GetElapsedTime(search.Started) < found.Kept)
            return found;
        var again = StartSearch(name);
        if (!_searches.TryUpdate(name, again, search))
            again = _searches.GetOrAdd(name, again);
        return await again.Found.Value;
    }

    private Search StartSearch(ServerName name) => new(
        time.GetTimestamp(),
        new Lazy<Task<FoundServers>>(() => new ServerSearch(name, dns, usable, ipv6, logger).RunAsync()));

    private sealed record Search(long Started, Lazy<Task<FoundServers>> Found);

    private static List<ServerAddress> InOrder(string host, FoundServers found)
    {
        List<ServerAddress> order = [];
        foreach (var group in found.Groups)
        {
            var left = group.OrderBy(s => s.Weight).ToList();   // RFC 2782: weight 0 stands first
            while (left.Count > 0)
            {
                var server = Draw(left);
                left.Remove(server);
                var tlsHost = server.Kind == SipTransportKind.Tls ? host : null;   // not what SRV led to: DNS can be forged (RFC 5922 §4)
                order.AddRange(server.EndPoints.Select(e => new ServerAddress(server.Kind, e, tlsHost)));
            }
        }

        return order;
    }

    /// <summary>RFC 2782: a number up to the sum of weights, and the first server whose running sum reaches it.</summary>
    private static WeightedServer Draw(List<WeightedServer> servers)
    {
        var drawn = Random.Shared.Next(servers.Sum(s => s.Weight) + 1);
        var running = 0;
        foreach (var server in servers)
        {
            running += server.Weight;
            if (running >= drawn)
                return server;
        }

        return servers[^1];
    }
}
