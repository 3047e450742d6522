using System.Collections.Concurrent;
using System.Net;
using Gateway.Sip;
using Gateway.Store;

namespace Gateway.Registration;

/// <summary>
/// The connections that contacts registered over, while they last. Nobody can connect to a browser, or to a client behind NAT: such a contact is gone
/// with its connection (RFC 5626 §5.3.1), while others can be connected to anew. Connections end with the process, so memory is the place for them; the
/// address alone would not do, since it may be another client's next.
/// </summary>
public sealed class Flows(SipEndpoint endpoint)
{
    private const int KeptWays = 8_192;

    private readonly ConcurrentDictionary<string, Carried> _carried = new(StringComparer.Ordinal);
    // Ways by UDP are those of many subscribers behind a P-CSCF, or of one with many messages.
    private readonly ConcurrentDictionary<string, SipTarget> _ways = new(StringComparer.Ordinal);

    /// <summary>The subscriber has registered over this flow.</summary>
    public void Carry(SipFlow flow, string subscriber)
    {
        if (flow.Kind == SipTransportKind.Udp) return;
        var key = flow.ToString();
        var carried = _carried.AddOrUpdate(key, _ => new Carried(flow), (_, old) => old.Flow.ConnectionId == flow.ConnectionId ? old : new Carried(flow));
        carried.Subscribers[subscriber] = true;
        // It may have ended while the REGISTER was worked on, and its end is told once.
        if (!endpoint.IsOpen(flow)) _carried.TryRemove(KeyValuePair.Create(key, carried));
    }

    /// <summary>The flow has ended: who had registered over it.</summary>
    public IReadOnlyCollection<string> End(SipFlow flow)
    {
        var key = flow.ToString();
        if (!_carried.TryGetValue(key, out var carried) || carried.Flow.ConnectionId != flow.ConnectionId) return [];
        _carried.TryRemove(KeyValuePair.Create(key, carried));
        return [.. carried.Subscribers.Keys];
    }

    /// <summary>False: a connection was the only way to the contact, and it has gone.</summary>
    public bool IsReachable(ContactRow contact) =>
        contact.Path is not null || !IsConnection(contact.Flow) || Find(contact) is not null || !IsOnlyWay(contact);

    /// <summary>The way to a contact that registered here; null: as its URI says.</summary>
    public SipTarget? WayTo(ContactRow contact)
    {
        if (contact.Path is not null || contact.Flow is null) return null;
        if (IsConnection(contact.Flow)) return Find(contact) is { } open ? SipTarget.Over(open) : null;
        if (_ways.TryGetValue(contact.Flow, out var known)) return known;
        if (!SipFlow.TryParse(contact.Flow, out var flow)) return null;
        if (_ways.Count >= KeptWays) _ways.Clear();
        return _ways.GetOrAdd(contact.Flow, static (_, flow) => SipTarget.At(flow), flow);
    }

    /// <summary>The contact's URI is not the address its registration came from.</summary>
    public static bool IsBehindNat(SipUri contact, SipFlow flow) =>
        contact.Address is { } address && !new IPEndPoint(address, contact.Port ?? 5060).Equals(flow.Remote);

    private SipFlow? Find(ContactRow contact) =>
        _carried.TryGetValue(contact.Flow!, out var carried) && carried.Subscribers.ContainsKey(contact.Subscriber) ? carried.Flow : null;

    private static bool IsOnlyWay(ContactRow contact)
    {
        if (contact.Binding != contact.Uri) return true; // RFC 5626: bound to its flow
        if (!SipFlow.TryParse(contact.Flow, out var flow) || flow.Kind is SipTransportKind.Ws or SipTransportKind.Wss) return true;
        if (!SipUri.TryParse(contact.Uri, out var uri)) return true;
        return uri.Address is { } address ? !address.Equals(flow.Remote.Address) : uri.Host.EndsWith(".invalid", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>It lasts no longer than its connection.</summary>
    public static bool IsConnection(string? flow) => flow is not null && !flow.StartsWith("udp:", StringComparison.Ordinal);

    private sealed record Carried(SipFlow Flow)
    {
        public ConcurrentDictionary<string, bool> Subscribers { get; } = new(StringComparer.Ordinal);
    }
}
