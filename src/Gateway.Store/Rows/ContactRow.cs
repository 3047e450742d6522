namespace Gateway.Store;

/// <summary>Who told us of a contact. The numbers are stored.</summary>
public enum ContactSource : byte { Registrar = 0, Reginfo = 1 }

/// <summary>
/// One registered contact of one subscriber and what it can do. From these rows alone the channel is chosen, so a restarted gateway delivers
/// without any new registration.
/// </summary>
public sealed class ContactRow
{
    public long Id { get; set; }
    /// <summary>Mailbox key: the subscriber's E.164 digits without plus.</summary>
    public string Subscriber { get; set; } = "";
    /// <summary>The public user identity the contact is registered for, as a URI.</summary>
    public string PublicUserIdentity { get; set; } = "";
    public ContactSource Source { get; set; }
    public string Uri { get; set; } = "";
    /// <summary>
    /// What of it stays the same when it is told of again, unique within subscriber and source: the URI, or of a flow of its own (RFC 5626) its instance and
    /// reg-id.
    /// </summary>
    public string Binding { get; set; } = "";
    /// <summary>Contact parameters as they were given, e.g. <c>+g.3gpp.smsip;video;+sip.instance="&lt;urn:…&gt;"</c>.</summary>
    public string FeatureTags { get; set; } = "";
    /// <summary><c>+g.3gpp.smsip</c> is there and not FALSE (RFC 3840): the contact takes application/vnd.3gpp.sms.</summary>
    public bool SmsOverIp { get; set; }
    /// <summary>q in thousandths; 1000 when not given.</summary>
    public short Q { get; set; } = 1000;
    public long RegisteredAt { get; set; }
    public long ExpiresAt { get; set; }
    /// <summary>Registrar: Call-ID and CSeq of the REGISTER (RFC 3261 §10.3 step 7). Reginfo: the contact's id in the document.</summary>
    public string CallId { get; set; } = "";
    public long CSeq { get; set; }
    /// <summary>reginfo version the state came from; 0 from the registrar.</summary>
    public long ReginfoVersion { get; set; }
    /// <summary>Path of the REGISTER (RFC 3327), or null.</summary>
    public string? Path { get; set; }
    /// <summary>Where the REGISTER came from, as <c>udp:127.0.0.1:5070</c>: requests to a contact behind NAT or on a stream go back there.</summary>
    public string? Flow { get; set; }
}
