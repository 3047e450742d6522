using System.Net;
using System.Net.Sockets;
using DnsClient;
using DnsClient.Protocol;
using Microsoft.Extensions.Logging;

namespace Gateway.Sip.Transports;

/// <summary>What of a URI decides where its requests go.</summary>
internal readonly record struct ServerName(string Host, int? Port, SipTransportKind? Transport, bool Secure);

internal sealed record WeightedServer(int Weight, SipTransportKind Kind, IReadOnlyList<IPEndPoint> EndPoints);

/// <summary>Servers of one standing (NAPTR order, then SRV priority) form a group, within which weights decide.</summary>
internal sealed record FoundServers(IReadOnlyList<IReadOnlyList<WeightedServer>> Groups, TimeSpan Kept);

/// <summary>
/// One search for the servers of a name, RFC 3263 §4.1 and §4.2: an explicit port goes straight to A/AAAA, a stated transport to its
/// SRV, and all others by NAPTR, else by the SRV of every usable transport, else by A/AAAA.
/// </summary>
internal sealed partial class ServerSearch(
    ServerName name, ILookupClient dns, IReadOnlySet<SipTransportKind> usable, bool ipv6, ILogger logger)
{
    private static readonly TimeSpan LongestKept = TimeSpan.FromHours(1);

    /// <summary>Also for what the system's own resolver (hosts file) knows, which tells no time to live.</summary>
    private static readonly TimeSpan KeptWithoutTimeToLive = TimeSpan.FromSeconds(30);

    private readonly List<IReadOnlyList<WeightedServer>> _groups = [];
    private TimeSpan _kept = LongestKept;

    public async Task<FoundServers> RunAsync()
    {
        if (name.Port is null)
        {
            foreach (var (kind, srvName) in await ServicesAsync())
                await AddServiceAsync(kind, srvName);
        }

        if (_groups.Count == 0)
        {
            var kind = name.Transport ?? (name.Secure ? SipTransportKind.Tls : SipTransportKind.Udp);
            var endPoints = usable.Contains(kind) ? await AddressesAsync(name.Host, name.Port ?? kind.DefaultPort) : [];
            if (endPoints.Count > 0)
                _groups.Add([new WeightedServer(0, kind, endPoints)]);
        }

        if (_groups.Count == 0)
        {
            LogNothingFound(name.Host);
            Shorten(KeptWithoutTimeToLive);
        }

        return new FoundServers(_groups, _kept);
    }

    private async Task<IReadOnlyList<(SipTransportKind Kind, string SrvName)>> ServicesAsync()
    {
        if (name.Transport is { } asked)
            return usable.Contains(asked) && SrvPrefix(asked) is { } prefix ? [(asked, prefix + name.Host)] : [];

        var services = (await QueryAsync<NAPtrRecord>(name.Host, QueryType.NAPTR))
            .Where(r => r.Flags.Equals("s", StringComparison.OrdinalIgnoreCase))
            .OrderBy(r => r.Order).ThenBy(r => r.Preference)
            .Select(r => (Kind: KindOfService(r.Services), SrvName: r.Replacement.Value.TrimEnd('.')))
            .Where(s => s.Kind is { } kind && usable.Contains(kind) && (!name.Secure || kind == SipTransportKind.Tls))
            .Select(s => (s.Kind!.Value, s.SrvName))
            .ToList();
        if (services.Count > 0)
            return services;

        SipTransportKind[] preferred = name.Secure
            ? [SipTransportKind.Tls]
            : [SipTransportKind.Udp, SipTransportKind.Tcp, SipTransportKind.Tls];
        return [.. preferred.Where(usable.Contains).Select(kind => (kind, SrvPrefix(kind) + name.Host))];
    }

    private async Task AddServiceAsync(SipTransportKind kind, string srvName)
    {
        // A target of "." says that the service is decidedly not offered (RFC 2782).
        var records = (await QueryAsync<SrvRecord>(srvName, QueryType.SRV)).Where(r => r.Target.Value != ".");
        foreach (var priority in records.GroupBy(r => r.Priority).OrderBy(g => g.Key))
        {
            List<WeightedServer> group = [];
            foreach (var record in priority)
            {
                var endPoints = await AddressesAsync(record.Target.Value.TrimEnd('.'), record.Port);
                if (endPoints.Count > 0)
                    group.Add(new WeightedServer(record.Weight, kind, endPoints));
            }

            if (group.Count > 0)
                _groups.Add(group);
        }
    }

    private async Task<IReadOnlyList<IPEndPoint>> AddressesAsync(string host, int port)
    {
        List<IPAddress> addresses = [];
        if (ipv6)
            addresses.AddRange((await QueryAsync<AaaaRecord>(host, QueryType.AAAA)).Select(r => r.Address));
        addresses.AddRange((await QueryAsync<ARecord>(host, QueryType.A)).Select(r => r.Address));
        if (addresses.Count == 0)
            addresses.AddRange(await SystemAddressesAsync(host));
        return [.. addresses.Select(address => new IPEndPoint(address, port))];
    }

    private async Task<IEnumerable<IPAddress>> SystemAddressesAsync(string host)
    {
        Shorten(KeptWithoutTimeToLive);
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(host);
            return addresses.Where(a => ipv6 || a.AddressFamily == AddressFamily.InterNetwork);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            return [];
        }
    }

    private async Task<IReadOnlyList<T>> QueryAsync<T>(string query, QueryType type) where T : DnsResourceRecord
    {
        try
        {
            var answer = await dns.QueryAsync(query, type);
            foreach (var record in answer.Answers)
                Shorten(TimeSpan.FromSeconds(record.TimeToLive));
            return [.. answer.Answers.OfType<T>()];
        }
        catch (Exception e) when (e is DnsResponseException or ArgumentException)
        {
            LogLookupFailed(query, type, e.Message);   // a name that is no domain name is an ArgumentException of the client
            Shorten(KeptWithoutTimeToLive);
            return [];
        }
    }

    private void Shorten(TimeSpan kept)
    {
        if (kept < _kept)
            _kept = kept;
    }

    /// <summary>RFC 3263 §4.1.</summary>
    private static SipTransportKind? KindOfService(string service) => service.ToUpperInvariant() switch
    {
        "SIP+D2U"  => SipTransportKind.Udp,
        "SIP+D2T"  => SipTransportKind.Tcp,
        "SIPS+D2T" => SipTransportKind.Tls,
        _          => null,
    };

    private static string? SrvPrefix(SipTransportKind kind) => kind switch
    {
        SipTransportKind.Udp => "_sip._udp.",
        SipTransportKind.Tcp => "_sip._tcp.",
        SipTransportKind.Tls => "_sips._tcp.",
        _                    => null,   // WebSocket servers are not located by SRV (RFC 7118 §6)
    };

    [LoggerMessage(1201, LogLevel.Debug, "Looking up {Name} {Type} failed: {Reason}")]
    private partial void LogLookupFailed(string name, QueryType type, string reason);

    [LoggerMessage(1202, LogLevel.Information, "No server was found for {Host} (NAPTR, SRV, A/AAAA)")]
    private partial void LogNothingFound(string host);
}
