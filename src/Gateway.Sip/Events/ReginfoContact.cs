namespace Gateway.Sip;

/// <summary>RFC 3680 §5.1: the state of a registration and of a contact.</summary>
public enum RegistrationState : byte
{
    Init,
    Active,
    Terminated,
}

/// <summary>RFC 3680 §5.1: what happened to the contact. Unknown is for words the document should not have.</summary>
public enum ContactEvent : byte
{
    Unknown,
    Registered,
    Created,
    Refreshed,
    Shortened,
    Expired,
    Deactivated,
    Probation,
    Unregistered,
    Rejected,
}

/// <summary>One contact element of a registration (RFC 3680 §5.2).</summary>
public sealed record ReginfoContact(string Id, SipUri Uri, RegistrationState State)
{
    public ContactEvent Event { get; init; }

    /// <summary>Seconds the binding has left.</summary>
    public uint? Expires { get; init; }

    /// <summary>0 to 1.</summary>
    public double? Q { get; init; }

    /// <summary>Seconds, with the event probation.</summary>
    public uint? RetryAfter { get; init; }

    public string? CallId { get; init; }

    public uint? CSeq { get; init; }

    public string? DisplayName { get; init; }

    /// <summary>RFC 5628 gr:pub-gruu.</summary>
    public SipUri? PublicGruu { get; init; }

    /// <summary>
    /// The unknown-param elements: feature tags and the like of the Contact header, without the literal quotes some notifiers leave in.
    /// </summary>
    public SipParameters Parameters { get; init; } = SipParameters.Empty;

    public bool IsActive => State == RegistrationState.Active;

    /// <summary>As RFC 3840 §9 reads a boolean feature: stated and not FALSE.</summary>
    public bool HasFeature(string tag) => FeatureTags.IsTrue(Parameters.Contains(tag), Parameters[tag]);
}

/// <summary>One registration element: an address-of-record and its contacts.</summary>
public sealed record ReginfoRegistration(string Id, SipUri AddressOfRecord, RegistrationState State,
    IReadOnlyList<ReginfoContact> Contacts);
