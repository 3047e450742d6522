using Gateway.Acceptance;
using Gateway.Sms;

namespace Gateway.Inbound;

/// <summary>Why a handset's message is refused, in its own protocol's words (TS 24.011 table 8.4, TS 23.040 §9.2.3.22): the one place that decides them.</summary>
public readonly record struct RpRefusal(RpCause Cause, TpFailureCause? FailureCause = null)
{
    /// <summary>41, 42 and 47 invite the handset to repeat; 1, 21, 28 and 30 do not.</summary>
    public static RpRefusal Of(Refusal refusal) => refusal switch
    {
        Refusal.InvalidDestination => new(RpCause.UnassignedNumber, TpFailureCause.InvalidSmeAddress),
        Refusal.Unroutable         => new(RpCause.UnassignedNumber, TpFailureCause.InvalidSmeAddress),
        Refusal.TooLong            => new(RpCause.SemanticallyIncorrectMessage, TpFailureCause.Unspecified),
        Refusal.Overloaded         => new(RpCause.Congestion, TpFailureCause.ServiceCentreBusy),
        _                          => new(RpCause.TemporaryFailure, TpFailureCause.ServiceCentreSystemFailure),
    };

    /// <summary>What a handset may send here is SMS-SUBMIT alone (TP-MTI 01): null for it. SMS-COMMAND is known and not offered.</summary>
    public static RpRefusal? OfType(ReadOnlySpan<byte> tpdu) => tpdu switch
    {
        []                                 => new(RpCause.InvalidMandatoryInformation, TpFailureCause.Unspecified),
        [var first, ..] when (first & 3) == 1 => null,
        [var first, ..] when (first & 3) == 2 => new(RpCause.RequestedFacilityNotImplemented, TpFailureCause.CommandUnsupported),
        _                                  => new(RpCause.MessageTypeNonExistent, TpFailureCause.TpduNotSupported),
    };
}
