using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Gateway.Sip;
using Microsoft.Extensions.Logging;

namespace Gateway.Handset;

/// <summary>
/// A SIP endpoint and the handsets behind it. A request belongs to the handset whose contact or identity its Request-URI
/// names, else to the one its To names; for anybody else it is answered 404. Many handsets can share one endpoint.
/// </summary>
public sealed class HandsetEndpoint : IAsyncDisposable
{
    private const int PortTries = 20;

    private readonly ConcurrentDictionary<string, Handset> _handsets = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Takes over the requests of <paramref name="endpoint"/>, which is started already, and its disposal.</summary>
    public HandsetEndpoint(SipEndpoint endpoint)
    {
        Sip = endpoint;
        endpoint.OnRequest = OnRequestAsync;
    }

    public SipEndpoint Sip { get; }

    /// <summary>
    /// Listens with UDP and TCP on one port, as RFC 3261 §18.2.1 wants of who is contacted by UDP; port 0 takes one that is free for both.
    /// </summary>
    /// <exception cref="IOException">The port is taken; the message names it.</exception>
    public static async Task<HandsetEndpoint> StartAsync(
        IPEndPoint listen, SipTimers timers, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellation = default)
    {
        for (var left = PortTries; ; left--)
        {
            var address = listen.Port != 0 ? listen : new IPEndPoint(listen.Address, FreePort(listen.Address));
            var options = new SipEndpointOptions
            {
                Listen = [new(SipTransportKind.Udp, address), new(SipTransportKind.Tcp, address)],
                Timers = timers,
                UserAgent = "Gateway.Handset",
            };
            var endpoint = new SipEndpoint(options, time, loggers);
            try
            {
                await endpoint.StartAsync(cancellation);
                return new HandsetEndpoint(endpoint);
            }
            catch (IOException) when (listen.Port == 0 && left > 1)
            {
                await endpoint.DisposeAsync();   // somebody was faster
            }
            catch
            {
                await endpoint.DisposeAsync();
                throw;
            }
        }
    }

    public ValueTask DisposeAsync() => Sip.DisposeAsync();

    /// <summary>Where the endpoint is reached with this transport, for a Contact.</summary>
    internal IPEndPoint AddressFor(SipTransportKind kind) =>
        (Sip.Bound.FirstOrDefault(bound => bound.Kind == kind) ?? Sip.Bound[0]).EndPoint;

    /// <exception cref="InvalidOperationException">Another handset has one of the names.</exception>
    internal void Add(IEnumerable<string> users, Handset handset)
    {
        foreach (var user in users)
        {
            if (_handsets.GetOrAdd(Key(user), handset) == handset) continue;
            Remove(handset);
            throw new InvalidOperationException($"There is a handset {user} on this endpoint already.");
        }
    }

    internal void Remove(Handset handset)
    {
        foreach (var entry in _handsets)
        {
            if (entry.Value == handset) _handsets.TryRemove(entry);
        }
    }

    private Task OnRequestAsync(IncomingRequest incoming) =>
        Find(incoming.Request.RequestUri) is { } called ? called.OnRequestAsync(incoming)
        : Find(incoming.Request.To.Uri) is { } addressed ? addressed.OnRequestAsync(incoming)
        : incoming.RespondAsync(404);

    private Handset? Find(SipUri uri) =>
        uri.User is { } user && _handsets.TryGetValue(Key(uri.Number ?? user), out var handset) ? handset : null;

    // Networks write one number with and without the plus.
    private static string Key(string user) => user.TrimStart('+');

    private static int FreePort(IPAddress address)
    {
        using var probe = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(address, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
