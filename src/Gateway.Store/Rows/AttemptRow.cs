namespace Gateway.Store;

/// <summary>One try on the air (or at a carrier) of one segment: kept so that anybody can see later what happened and why.</summary>
public sealed class AttemptRow
{
    public long Id { get; set; }
    public long MessageId { get; set; }
    /// <summary>0-based; an OTT attempt carries all segments at once and says 0.</summary>
    public byte Segment { get; set; }
    public long StartedAt { get; set; }
    public int DurationMilliseconds { get; set; }
    /// <summary>"volte", "ott", "application" or "carrier".</summary>
    public string Channel { get; set; } = "";
    /// <summary>Contact URI, identity or carrier that was tried.</summary>
    public string Target { get; set; } = "";
    /// <summary>Final SIP or HTTP status; 0 when there was none.</summary>
    public short Status { get; set; }
    /// <summary>RP-Cause of an RP-ERROR; 0 when there was none.</summary>
    public byte RpCause { get; set; }
    public string Outcome { get; set; } = "";
}
