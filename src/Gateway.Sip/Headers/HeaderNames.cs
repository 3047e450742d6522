using System.Text;

namespace Gateway.Sip;

/// <summary>
/// The spelling of each <see cref="HeaderName"/>, its compact form (RFC 3261 §7.3.3 and the IANA registry), and whether its values form a
/// list.
/// </summary>
internal static class HeaderNames
{
    private static readonly (HeaderName Name, string Text, char Compact, bool List)[] Table =
    [
        (HeaderName.From, "From", 'f', false),
        (HeaderName.To, "To", 't', false),
        (HeaderName.CallId, "Call-ID", 'i', false),
        (HeaderName.CSeq, "CSeq", '\0', false),
        (HeaderName.MaxForwards, "Max-Forwards", '\0', false),
        (HeaderName.ContentLength, "Content-Length", 'l', false),
        (HeaderName.ContentType, "Content-Type", 'c', false),
        (HeaderName.Event, "Event", 'o', false),
        (HeaderName.SubscriptionState, "Subscription-State", '\0', false),
        (HeaderName.Expires, "Expires", '\0', false),
        (HeaderName.MinExpires, "Min-Expires", '\0', false),
        (HeaderName.Via, "Via", 'v', true),
        (HeaderName.Contact, "Contact", 'm', true),
        (HeaderName.Route, "Route", '\0', true),
        (HeaderName.RecordRoute, "Record-Route", '\0', true),
        (HeaderName.Path, "Path", '\0', true),
        (HeaderName.ServiceRoute, "Service-Route", '\0', true),
        (HeaderName.Accept, "Accept", '\0', true),
        (HeaderName.AcceptContact, "Accept-Contact", 'a', true),
        (HeaderName.AcceptEncoding, "Accept-Encoding", '\0', true),
        (HeaderName.AcceptLanguage, "Accept-Language", '\0', true),
        (HeaderName.AcceptResourcePriority, "Accept-Resource-Priority", '\0', true),
        (HeaderName.AlertInfo, "Alert-Info", '\0', true),
        (HeaderName.Allow, "Allow", '\0', true),
        (HeaderName.AllowEvents, "Allow-Events", 'u', true),
        (HeaderName.AuthenticationInfo, "Authentication-Info", '\0', false),
        (HeaderName.Authorization, "Authorization", '\0', false),
        (HeaderName.CallInfo, "Call-Info", '\0', true),
        (HeaderName.ContentDisposition, "Content-Disposition", '\0', false),
        (HeaderName.ContentEncoding, "Content-Encoding", 'e', true),
        (HeaderName.ContentLanguage, "Content-Language", '\0', true),
        (HeaderName.ContentTransferEncoding, "Content-Transfer-Encoding", '\0', false),
        (HeaderName.Date, "Date", '\0', false),
        (HeaderName.ErrorInfo, "Error-Info", '\0', true),
        (HeaderName.FeatureCaps, "Feature-Caps", '\0', true),
        (HeaderName.FlowTimer, "Flow-Timer", '\0', false),
        (HeaderName.Geolocation, "Geolocation", '\0', true),
        (HeaderName.HistoryInfo, "History-Info", '\0', true),
        (HeaderName.Identity, "Identity", 'y', false),
        (HeaderName.IdentityInfo, "Identity-Info", 'n', false),
        (HeaderName.InReplyTo, "In-Reply-To", '\0', true),
        (HeaderName.MimeVersion, "MIME-Version", '\0', false),
        (HeaderName.Organization, "Organization", '\0', false),
        (HeaderName.PAccessNetworkInfo, "P-Access-Network-Info", '\0', true),
        (HeaderName.PAssertedIdentity, "P-Asserted-Identity", '\0', true),
        (HeaderName.PAssociatedUri, "P-Associated-URI", '\0', true),
        (HeaderName.PCalledPartyId, "P-Called-Party-ID", '\0', false),
        (HeaderName.PChargingFunctionAddresses, "P-Charging-Function-Addresses", '\0', false),
        (HeaderName.PChargingVector, "P-Charging-Vector", '\0', false),
        (HeaderName.PPreferredIdentity, "P-Preferred-Identity", '\0', true),
        (HeaderName.PProfileKey, "P-Profile-Key", '\0', false),
        (HeaderName.PServedUser, "P-Served-User", '\0', false),
        (HeaderName.PUserDatabase, "P-User-Database", '\0', false),
        (HeaderName.PVisitedNetworkId, "P-Visited-Network-ID", '\0', true),
        (HeaderName.Priority, "Priority", '\0', false),
        (HeaderName.Privacy, "Privacy", '\0', false),
        (HeaderName.ProxyAuthenticate, "Proxy-Authenticate", '\0', false),
        (HeaderName.ProxyAuthorization, "Proxy-Authorization", '\0', false),
        (HeaderName.ProxyRequire, "Proxy-Require", '\0', true),
        (HeaderName.Reason, "Reason", '\0', true),
        (HeaderName.ReferTo, "Refer-To", 'r', false),
        (HeaderName.ReferredBy, "Referred-By", 'b', false),
        (HeaderName.RejectContact, "Reject-Contact", 'j', true),
        (HeaderName.ReplyTo, "Reply-To", '\0', false),
        (HeaderName.RequestDisposition, "Request-Disposition", 'd', true),
        (HeaderName.Require, "Require", '\0', true),
        (HeaderName.RetryAfter, "Retry-After", '\0', false),
        (HeaderName.SecurityClient, "Security-Client", '\0', true),
        (HeaderName.SecurityServer, "Security-Server", '\0', true),
        (HeaderName.SecurityVerify, "Security-Verify", '\0', true),
        (HeaderName.Server, "Server", '\0', false),
        (HeaderName.SessionExpires, "Session-Expires", 'x', false),
        (HeaderName.SipETag, "SIP-ETag", '\0', false),
        (HeaderName.SipIfMatch, "SIP-If-Match", '\0', false),
        (HeaderName.Subject, "Subject", 's', false),
        (HeaderName.Supported, "Supported", 'k', true),
        (HeaderName.Timestamp, "Timestamp", '\0', false),
        (HeaderName.Unsupported, "Unsupported", '\0', true),
        (HeaderName.UserAgent, "User-Agent", '\0', false),
        (HeaderName.Warning, "Warning", '\0', true),
        (HeaderName.WwwAuthenticate, "WWW-Authenticate", '\0', false),
    ];

    private const int SlotCount = 512;

    private static readonly string[] Texts = new string[Table.Length + 1];
    private static readonly byte[][] Octets = new byte[Table.Length + 1][];
    private static readonly bool[] Lists = new bool[Table.Length + 1];
    private static readonly HeaderName[] Compacts = new HeaderName[128];
    private static readonly HeaderName[] Slots = new HeaderName[SlotCount];

    static HeaderNames()
    {
        Texts[0] = "";
        Octets[0] = [];
        foreach (var (name, text, compact, list) in Table)
        {
            Texts[(int)name] = text;
            Octets[(int)name] = Encoding.ASCII.GetBytes(text);
            Lists[(int)name] = list;
            if (compact != '\0') Compacts[compact] = name;

            var slot = Slot(Octets[(int)name]);
            while (Slots[slot] != HeaderName.Other) slot = (slot + 1) % SlotCount;
            Slots[slot] = name;
        }
    }

    public static string Text(HeaderName name) => Texts[(int)name];

    public static ReadOnlySpan<byte> Wire(HeaderName name) => Octets[(int)name];

    /// <summary>
    /// Whether a comma separates values of this header (RFC 3261 §7.3.1); the authentication headers are the exception that has commas
    /// inside one value.
    /// </summary>
    public static bool IsList(HeaderName name) => Lists[(int)name];

    public static bool IsSingle(HeaderName name) => name is > HeaderName.Other and <= HeaderName.MinExpires;

    public static HeaderName Find(ReadOnlySpan<byte> name)
    {
        if (name.Length == 1) return name[0] < 128 ? Compacts[name[0] | 0x20] : HeaderName.Other;
        if (name.IsEmpty) return HeaderName.Other;

        for (var slot = Slot(name); Slots[slot] != HeaderName.Other; slot = (slot + 1) % SlotCount)
        {
            if (Ascii.EqualsIgnoreCase(Octets[(int)Slots[slot]], name)) return Slots[slot];
        }

        return HeaderName.Other;
    }

    public static HeaderName Find(string name)
    {
        Span<byte> octets = stackalloc byte[64];
        return name.Length <= octets.Length
            && Encoding.ASCII.TryGetBytes(name, octets, out var length) ? Find(octets[..length]) : HeaderName.Other;
    }

    // Length, first, middle and last octet spread the names above over the slots with few collisions; the case bit is taken out.
    private static int Slot(ReadOnlySpan<byte> name) =>
        ((name.Length * 37) + ((name[0] | 0x20) * 5) + ((name[name.Length / 2] | 0x20) * 11) + ((name[^1] | 0x20) * 17)) % SlotCount;
}
