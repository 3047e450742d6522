namespace Gateway.Sms;

/// <summary>What a TP-ST says by its range: TS 23.040 §9.2.3.15.</summary>
public enum TpStatusGroup : byte { Completed, StillTrying, PermanentError, TemporaryErrorGivenUp, Reserved }

/// <summary>
/// TP-ST, TS 23.040 §9.2.3.15. An unknown value inside a group acts as its group; 80 to FF are reserved and act as 63 (service rejected).
/// </summary>
public readonly record struct TpStatus(byte Value)
{
    public static readonly TpStatus Received = new(0x00);
    public static readonly TpStatus Forwarded = new(0x01);
    public static readonly TpStatus Replaced = new(0x02);

    public static readonly TpStatus Congestion = new(0x20);
    public static readonly TpStatus SmeBusy = new(0x21);
    public static readonly TpStatus NoResponse = new(0x22);

    public static readonly TpStatus RemoteProcedureError = new(0x40);
    public static readonly TpStatus IncompatibleDestination = new(0x41);
    public static readonly TpStatus ConnectionRejected = new(0x42);
    public static readonly TpStatus NotObtainable = new(0x43);
    public static readonly TpStatus NoInterworking = new(0x45);
    public static readonly TpStatus ValidityPeriodExpired = new(0x46);
    public static readonly TpStatus DeletedByOriginator = new(0x47);
    public static readonly TpStatus DeletedByServiceCentre = new(0x48);
    public static readonly TpStatus DoesNotExist = new(0x49);

    public static readonly TpStatus CongestionGivenUp = new(0x60);
    public static readonly TpStatus SmeBusyGivenUp = new(0x61);
    public static readonly TpStatus NoResponseGivenUp = new(0x62);
    public static readonly TpStatus ServiceRejectedGivenUp = new(0x63);
    public static readonly TpStatus SmeErrorGivenUp = new(0x65);

    public TpStatusGroup Group => (Value >> 5) switch
    {
        0 => TpStatusGroup.Completed,
        1 => TpStatusGroup.StillTrying,
        2 => TpStatusGroup.PermanentError,
        3 => TpStatusGroup.TemporaryErrorGivenUp,
        _ => TpStatusGroup.Reserved,
    };

    /// <summary>No other status report about this message will come.</summary>
    public bool IsFinal => Group != TpStatusGroup.StillTrying;
    public bool IsDelivered => Group == TpStatusGroup.Completed;

    public override string ToString() => $"{Value:X2}";
}
