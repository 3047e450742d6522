namespace Gateway.Store;

/// <summary>A public user identity whose reg event we subscribe to; after a restart each gets a new subscription.</summary>
public sealed class WatchRow
{
    /// <summary>Mailbox key: E.164 digits without plus.</summary>
    public string Subscriber { get; set; } = "";
    public string PublicUserIdentity { get; set; } = "";
    /// <summary>The node that has the subscription.</summary>
    public short Node { get; set; }
    /// <summary>Route to the S-CSCF learnt from a third-party REGISTER, or null for the outbound proxy.</summary>
    public string? Scscf { get; set; }
    /// <summary>When the subscription or registration it rests on ends; the row goes with it.</summary>
    public long ExpiresAt { get; set; }
}
