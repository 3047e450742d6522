namespace Gateway.Acceptance;

/// <summary>Why a submission is not taken. Each face has one place that turns this into its protocol's code.</summary>
public enum Refusal : byte
{
    None = 0,
    /// <summary>The recipient is not a number.</summary>
    InvalidDestination,
    /// <summary>Nobody of ours and no carrier for it.</summary>
    Unroutable,
    /// <summary>More than 255 segments, or user data over 140 octets.</summary>
    TooLong,
    /// <summary>The writer is behind its bound: try again in a moment.</summary>
    Overloaded,
    /// <summary>The store cannot be written.</summary>
    StoreUnavailable,
    /// <summary>The account's idempotency key stands for another request.</summary>
    KeyReused,
    /// <summary>The request's signature has brought a message before.</summary>
    SignatureUsed,
    /// <summary>The account's balance does not pay for it.</summary>
    QuotaExceeded,
    /// <summary>The gateway is about to stop.</summary>
    Stopping,
}

/// <summary>
/// The answer to a <see cref="Submission"/>: taken (stored durably, with its first id and number of segments) or refused with a reason.
/// </summary>
public readonly record struct AcceptanceResult(Refusal Refusal, string Detail, long Id, int SegmentCount, long AcceptedAt, bool Repeat)
{
    /// <summary>What is left of a prepaid account's balance; null when it pays from none, and for a repeat, which costs nothing.</summary>
    public long? Remaining { get; init; }

    public bool Accepted => Refusal == Refusal.None;
    public static AcceptanceResult Refused(Refusal refusal, string detail) => new(refusal, detail, 0, 0, 0, false);
}
