using System.Net;
using Gateway.Sip.Transports;

namespace Gateway.Sip;

/// <summary>
/// Where a message came from, or the way back to its sender: one UDP remote seen by one of our sockets, or one connection.
/// A <see cref="ConnectionId"/> of 0 means that no particular connection is meant.
/// </summary>
public readonly record struct SipFlow(SipTransportKind Kind, IPEndPoint Remote, IPEndPoint Local, long ConnectionId = 0)
{
    private static readonly IPEndPoint AnyLocal = new(IPAddress.Any, 0);

    /// <summary>The stored form <c>kind:remote</c>, for example <c>udp:127.0.0.1:5070</c> or <c>tcp:[::1]:5070</c>.</summary>
    public override string ToString() => $"{Kind.UriName}:{Remote}";

    /// <summary>Reads the stored form. The local side and the connection are of the process that wrote it and are not kept.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out SipFlow flow)
    {
        flow = default;
        var colon = text.IndexOf(':');
        if (colon < 0 || !SipTransportKind.TryParseName(text[..colon], out var kind))
            return false;
        if (!IPEndPoint.TryParse(text[(colon + 1)..], out var remote) || remote.Port == 0)
            return false;
        flow = new SipFlow(kind, new SerializedEndPoint(remote), AnyLocal);
        return true;
    }
}
