namespace Gateway.Sms;

/// <summary>RP-Cause, TS 24.011 §8.2.5.4, table 8.4. Unlisted values count as 41 towards a handset and as 111 from one.</summary>
public enum RpCause : byte
{
    UnassignedNumber                    = 1,
    OperatorDeterminedBarring           = 8,
    CallBarred                          = 10,
    Reserved                            = 11,
    ShortMessageTransferRejected        = 21,
    MemoryCapacityExceeded              = 22,
    DestinationOutOfOrder               = 27,
    UnidentifiedSubscriber              = 28,
    FacilityRejected                    = 29,
    UnknownSubscriber                   = 30,
    NetworkOutOfOrder                   = 38,
    TemporaryFailure                    = 41,
    Congestion                          = 42,
    ResourcesUnavailable                = 47,
    RequestedFacilityNotSubscribed      = 50,
    RequestedFacilityNotImplemented     = 69,
    InvalidTransferReference            = 81,
    SemanticallyIncorrectMessage        = 95,
    InvalidMandatoryInformation         = 96,
    MessageTypeNonExistent              = 97,
    MessageNotCompatibleWithState       = 98,
    InformationElementNonExistent       = 99,
    ProtocolErrorUnspecified            = 111,
    InterworkingUnspecified             = 127,
}

public static class RpCauses
{
    /// <summary>What an unlisted value counts as: TS 24.011 §8.2.5.4.</summary>
    public static RpCause Understood(RpCause cause, RpDirection direction) =>
        Enum.IsDefined(cause) ? cause
        : direction == RpDirection.ToHandset ? RpCause.TemporaryFailure : RpCause.ProtocolErrorUnspecified;

    /// <summary>The one place that maps a decoding fault to RP-Cause: TS 24.011 §9.3.</summary>
    public static RpCause Of(PduError error) => (error.Fault, OfTpdu: error.Field.StartsWith("TP-", StringComparison.Ordinal)) switch
    {
        (PduFault.WrongMessageType, _) => RpCause.MessageTypeNonExistent,
        (_, OfTpdu: true)              => RpCause.ProtocolErrorUnspecified,
        _                              => RpCause.InvalidMandatoryInformation,
    };
}
