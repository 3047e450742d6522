using System.Net;

namespace Gateway.Sip;

/// <summary>An address to listen on, written <c>udp://127.0.0.1:5060</c> or <c>tcp://[::1]:5060</c>; port 0 takes a free one.</summary>
public sealed record SipListenAddress(SipTransportKind Kind, IPEndPoint EndPoint)
{
    /// <summary>For an HTTP server to listen on, which brings what it accepts to <see cref="SipEndpoint.ServeAsync"/>.</summary>
    public bool IsWebSocket => Kind is SipTransportKind.Ws or SipTransportKind.Wss;

    public override string ToString() => $"{Kind.UriName}://{EndPoint}";

    /// <summary>Only numeric addresses are taken: a name may stand for several, and which of them was meant would be a guess.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out SipListenAddress? address, out string? error)
    {
        address = null;
        var scheme = text.IndexOf("://");
        if (scheme < 0 || !SipTransportKind.TryParseName(text[..scheme], out var kind))
        {
            error = $"'{text}' does not begin with udp://, tcp://, tls://, ws:// or wss://";
            return false;
        }

        var rest = text[(scheme + 3)..];
        if (rest.EndsWith("/"))
            rest = rest[..^1];
        if (!IPEndPoint.TryParse(rest, out var endPoint))
        {
            error = $"'{rest}' in '{text}' is not a numeric address with a port, such as 127.0.0.1:5060 or [::1]:5060";
            return false;
        }

        // IPEndPoint reads a missing port as 0; only a written 0 asks for a free port.
        if (endPoint.Port == 0 && !rest.EndsWith(":0"))
            endPoint = new IPEndPoint(endPoint.Address, kind.DefaultPort);
        address = new SipListenAddress(kind, endPoint);
        error = null;
        return true;
    }

    public static SipListenAddress Parse(string text) =>
        TryParse(text, out var address, out var error) ? address! : throw new FormatException(error);
}
