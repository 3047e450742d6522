using Gateway.Sms;

namespace Gateway.Handset;

public enum SendVerdict
{
    /// <summary>RP-ACK for every part; OTT: a 2xx.</summary>
    Accepted,

    /// <summary>RP-ERROR.</summary>
    RefusedByServiceCentre,

    /// <summary>A SIP answer that is no 2xx.</summary>
    RefusedBySip,

    /// <summary>Not even the repeat was answered in time.</summary>
    NoAnswer,

    /// <summary>It could not be sent at all: no way to the first hop, or nothing an SMS-SUBMIT can hold.</summary>
    NotSent,
}

/// <summary>What became of what was sent.</summary>
/// <param name="Verdict">Of the last part tried; after a failure no more are.</param>
/// <param name="Words">The same for a person.</param>
public sealed record SendResult(SendVerdict Verdict, string Words)
{
    public bool IsAccepted => Verdict == SendVerdict.Accepted;

    /// <summary>One for each part that was accepted; none over OTT.</summary>
    public IReadOnlyList<SentPart> Parts { get; init; } = [];

    /// <summary>RP-Cause of the RP-ERROR.</summary>
    public RpCause? Cause { get; init; }

    /// <summary>TP-FCS of the RP-ERROR, if it held an SMS-SUBMIT-REPORT.</summary>
    public TpFailureCause? FailureCause { get; init; }

    /// <summary>imdn.Message-ID that notifications will name; null when none was asked for.</summary>
    public string? NotifiedAs { get; init; }

    /// <summary>The SIP answer that ended it, or the 2xx of an OTT message.</summary>
    public int? StatusCode { get; init; }
}

/// <param name="MessageReference">TP-MR, which a status report repeats.</param>
/// <param name="AcceptedAt">TP-SCTS of the SMS-SUBMIT-REPORT; null when the RP-ACK was bare.</param>
/// <param name="Repeated">The first try was not answered within TR1M.</param>
public readonly record struct SentPart(byte MessageReference, TpServiceCentreTimeStamp? AcceptedAt, bool Repeated);

/// <summary>How a message is sent. What is of one kind of handset is passed over by the other.</summary>
public sealed record SendOptions
{
    public static SendOptions Default { get; } = new();

    /// <summary>OTT: in a message/cpim that asks for notification of its delivery, or of its failure (RFC 5438 §6.2).</summary>
    public bool DeliveryNotification { get; init; }

    /// <summary>TP-SRR.</summary>
    public bool StatusReport { get; init; }

    /// <summary>TP-VP in the relative format; null: none, the service centre decides.</summary>
    public TimeSpan? Validity { get; init; } = TimeSpan.FromDays(1);

    /// <summary>16-bit concatenation references.</summary>
    public bool WideReference { get; init; }

    /// <summary>TP-DCS class, 0 to 3.</summary>
    public int? MessageClass { get; init; }
}
