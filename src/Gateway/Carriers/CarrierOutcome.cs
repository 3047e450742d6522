namespace Gateway.Carriers;

/// <summary>What a carrier answered to a message we handed over.</summary>
/// <param name="HttpStatus">HTTP status of its last answer, 0 when there was none.</param>
public abstract record CarrierOutcome(int HttpStatus)
{
    /// <summary>The carrier has it.</summary>
    /// <param name="HttpStatus">HTTP status.</param>
    /// <param name="MessageIds">Its ids of the parts it made, in their order; receipts come for each.</param>
    public sealed record Accepted(int HttpStatus, IReadOnlyList<string> MessageIds) : CarrierOutcome(HttpStatus);

    /// <summary>It will never take this message.</summary>
    /// <param name="HttpStatus">HTTP status.</param>
    /// <param name="Status">Nexmo's status.</param>
    /// <param name="Text">The carrier's reason.</param>
    /// <param name="ErrorCode">What that is as a Nexmo err-code.</param>
    /// <param name="PartlyTaken">Some of its parts are on their way all the same.</param>
    public sealed record Rejected(int HttpStatus, int Status, string Text, byte ErrorCode, bool PartlyTaken = false) : CarrierOutcome(HttpStatus);

    /// <summary>Not now.</summary>
    /// <param name="HttpStatus">HTTP status, 0 when there was no answer.</param>
    /// <param name="Reason">What happened, in words.</param>
    /// <param name="RetryAfter">What the carrier asked for, or what its trouble suggests; null for the schedule.</param>
    /// <param name="MayHaveBeenTaken">The request may have arrived: trying again may deliver it twice.</param>
    public sealed record Temporary(int HttpStatus, string Reason, TimeSpan? RetryAfter, bool MayHaveBeenTaken = false) : CarrierOutcome(HttpStatus);
}
