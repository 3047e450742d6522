namespace Gateway.Sip;

/// <summary>The transports of RFC 3261 §18 and RFC 7118, as their lower-case names stand in URIs.</summary>
public enum SipTransportKind { Udp, Tcp, Tls, Ws, Wss }

internal static class SipTransportKindExtensions
{
    extension(SipTransportKind kind)
    {
        /// <summary>Reliable transports are not retransmitted over (RFC 3261 §17).</summary>
        public bool IsReliable => kind != SipTransportKind.Udp;

        public int DefaultPort => kind switch
        {
            SipTransportKind.Tls => 5061,
            SipTransportKind.Ws  => 80,    // RFC 7118 §4.1 leaves the port to HTTP
            SipTransportKind.Wss => 443,
            _                    => 5060,
        };

        public string UriName => kind switch
        {
            SipTransportKind.Udp => "udp",
            SipTransportKind.Tcp => "tcp",
            SipTransportKind.Tls => "tls",
            SipTransportKind.Ws  => "ws",
            _                    => "wss",
        };

        public string ViaName => kind switch
        {
            SipTransportKind.Udp => "UDP",
            SipTransportKind.Tcp => "TCP",
            SipTransportKind.Tls => "TLS",
            SipTransportKind.Ws  => "WS",
            _                    => "WSS",
        };

        public static bool TryParseName(ReadOnlySpan<char> name, out SipTransportKind parsed)
        {
            foreach (var candidate in All)
            {
                if (name.Equals(candidate.UriName, StringComparison.OrdinalIgnoreCase))
                {
                    parsed = candidate;
                    return true;
                }
            }

            parsed = default;
            return false;
        }
    }

    private static readonly SipTransportKind[] All = Enum.GetValues<SipTransportKind>();
}
