using Gateway.Carriers;
using Gateway.Sip;
using Gateway.Sms;

namespace Gateway.Delivery;

/// <summary>What a mailbox does after an attempt.</summary>
public enum Next : byte
{
    /// <summary>This segment is with the recipient.</summary>
    Delivered,
    /// <summary>A carrier has it; its receipt concludes.</summary>
    HandedOver,
    /// <summary>This message again by schedule; those behind it may pass once their own turn comes.</summary>
    Retry,
    /// <summary>The recipient is away: by schedule, or at once when a registration arrives.</summary>
    AwaitRegistration,
    /// <summary>The handset is full: when it says RP-SMMA, or slowly by schedule.</summary>
    AwaitMemory,
    /// <summary>The contact does not read this kind of message: the other class, or failure.</summary>
    OtherClass,
    /// <summary>For good.</summary>
    Fail,
}

/// <summary>The one table from what an attempt met to what happens next and to Nexmo's err-code (3GPP TS 23.040 §3.3, RFC 3428 §7).</summary>
/// <param name="ErrorCode">Nexmo err-code; 0 is fine.</param>
/// <param name="Status">SIP or HTTP status that led here, 0 for none.</param>
/// <param name="RpCause">RP-Cause of an RP-ERROR, 0 for none.</param>
/// <param name="After">How long the other side asked us to wait, or null for the schedule.</param>
/// <param name="OtherRoute">A carrier has nothing of the message, so that another one may have it without doubling it.</param>
public readonly record struct Verdict(
    Next Next, byte ErrorCode, string Reason, int Status = 0, byte RpCause = 0, TimeSpan? After = null, bool OtherRoute = false)
{
    /// <summary>What happened, in words for people. The other side's words may be in it, U+0000 included, which PostgreSQL cannot store.</summary>
    public string Reason { get; init; } = Reason.Replace('\0', '\uFFFD');

    /// <summary>Whose schedule says when to try again.</summary>
    public RetryCause Cause => Next switch
    {
        Next.AwaitRegistration                   => RetryCause.Absent,
        Next.AwaitMemory                         => RetryCause.Memory,
        _ when ErrorCode == AbsentTemporary      => RetryCause.NoReport,
        _                                        => RetryCause.Network,
    };

    public const byte Unknown = 1, AbsentTemporary = 2, AbsentPermanent = 3, HandsetBusy = 7, NetworkError = 8, IllegalMessage = 10, Unreachable = 12, GeneralError = 99;

    /// <summary>A handset that errs again on the same message will err for ever (and one such message must not block the next).</summary>
    private const int RpErrorsBeforeFailure = 2;

    /// <summary>Final answer to a MESSAGE. A 2xx concludes only towards an OTT client; a VoLTE handset's verdict is its RP report.</summary>
    public static Verdict OfSip(SipOutcome outcome) => outcome.Kind switch
    {
        SipOutcomeKind.TimedOut => new(Next.AwaitRegistration, AbsentTemporary, "SIP: no answer"),
        SipOutcomeKind.FlowGone => new(Next.AwaitRegistration, AbsentTemporary, "SIP: the connection it registered over has gone"),
        SipOutcomeKind.TransportError => new(Next.Retry, NetworkError, "SIP: next hop not reachable"),
        SipOutcomeKind.Overloaded => new(Next.Retry, NetworkError, "SIP: own stack at its bound", After: TimeSpan.FromSeconds(1)),
        _ => OfStatus(outcome.Response!),
    };

    private static Verdict OfStatus(SipResponse response)
    {
        var reason = $"SIP {response.StatusCode} {response.ReasonPhrase}";
        var (next, code) = response.StatusCode switch
        {
            < 300 => (Next.Delivered, (byte)0),
            < 400 => (Next.Fail, Unreachable), // a redirect is not followed out of the trust domain
            404 or 408 or 410 or 430 or 480 or 487 => (Next.AwaitRegistration, AbsentTemporary),
            403 or 604 => (Next.Fail, Unreachable),
            406 or 415 or 488 or 606 => (Next.OtherClass, Unreachable),
            400 or 405 or 413 or 414 or 416 or 420 or 484 or 501 or 505 or 513 => (Next.Fail, IllegalMessage),
            603 => (Next.Fail, (byte)4),
            _ => (Next.Retry, NetworkError),
        };
        return new Verdict(next, code, reason, response.StatusCode, After: RetryAfter(response));
    }

    /// <summary>RP-ACK, RP-ERROR, or null when the handset answered 200 and then nothing within TR1N.</summary>
    public static Verdict OfReport(HandsetReport? report, int attempts) => report switch
    {
        null => new(Next.Retry, AbsentTemporary, "no RP-ACK after the SIP 200", 200),
        { Cause: null } => new(Next.Delivered, 0, "RP-ACK", 200),
        { Cause: (byte)Sms.RpCause.MemoryCapacityExceeded } =>
            new(Next.AwaitMemory, HandsetBusy, "RP-ERROR 22: memory capacity exceeded", 200, (byte)Sms.RpCause.MemoryCapacityExceeded),
        { Cause: { } cause } => new(attempts < RpErrorsBeforeFailure ? Next.Retry : Next.Fail, IllegalMessage, $"RP-ERROR {cause}", 200, cause),
    };

    /// <summary>What a carrier answered to a message we handed over.</summary>
    public static Verdict OfCarrier(string carrier, CarrierOutcome outcome) => outcome switch
    {
        CarrierOutcome.Accepted taken => new(Next.HandedOver, 0, $"carrier {carrier}: taken", taken.HttpStatus),
        CarrierOutcome.Rejected refused => new(Next.Fail, refused.ErrorCode, $"carrier {carrier}: status {refused.Status} {refused.Text}",
            refused.HttpStatus, OtherRoute: !refused.PartlyTaken),
        CarrierOutcome.Temporary later => new(Next.Retry, NetworkError, $"carrier {carrier}: {later.Reason}", later.HttpStatus,
            After: later.RetryAfter, OtherRoute: !later.MayHaveBeenTaken),
        _ => throw new ArgumentOutOfRangeException(nameof(outcome)),
    };

    private static TimeSpan? RetryAfter(SipResponse response) =>
        response.Headers.TryGet(HeaderName.RetryAfter, out RetryAfter after) ? after.Duration : null;
}
