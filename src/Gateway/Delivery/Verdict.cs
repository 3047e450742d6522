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
    /// <summary>The contact does not read this kind of message: another one, the other class, or failure.</summary>
    OtherClass,
    /// <summary>The device failed and another one has its turn: the message again at once.</summary>
    NextDevice,
    /// <summary>For good.</summary>
    Fail,
}

/// <summary>The one table from what an attempt met to what happens next and to Nexmo's err-code (3GPP TS 23.040 §3.3, RFC 3428 §7).</summary>
/// <param name="ErrorCode">Nexmo err-code; 0 is fine.</param>
/// <param name="Status">SIP or HTTP status that led here, 0 for none.</param>
/// <param name="RpCause">RP-Cause of an RP-ERROR, 0 for none.</param>
/// <param name="After">How long the other side asked us to wait, or null for the schedule.</param>
/// <param name="OtherRoute">A carrier has nothing of the message, so that another one may have it without doubling it.</param>
/// <param name="OfDevice">It says something of the one contact, not of the message or its recipient.</param>
public readonly record struct Verdict(
    Next Next, byte ErrorCode, string Reason, int Status = 0, byte RpCause = 0, TimeSpan? After = null, bool OtherRoute = false,
    bool OfDevice = false)
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

    public const byte Unknown = 1, AbsentTemporary = 2, AbsentPermanent = 3, BarredByUser = 4, AntiSpam = 6, HandsetBusy = 7, NetworkError = 8, IllegalMessage = 10, Unreachable = 12, GeneralError = 99;

    /// <summary>Final answer to a MESSAGE. A 2xx concludes only towards an OTT client; a VoLTE handset's verdict is its RP report.</summary>
    public static Verdict OfSip(SipOutcome outcome) => outcome.Kind switch
    {
        SipOutcomeKind.TimedOut => new(Next.AwaitRegistration, AbsentTemporary, "SIP: no answer", OfDevice: true),
        SipOutcomeKind.FlowGone => new(Next.AwaitRegistration, AbsentTemporary, "SIP: the connection it registered over has gone", OfDevice: true),
        SipOutcomeKind.TransportError => new(Next.Retry, NetworkError, "SIP: next hop not reachable", OfDevice: true),
        SipOutcomeKind.Overloaded => new(Next.Retry, NetworkError, "SIP: own stack at its bound", After: TimeSpan.FromSeconds(1)),
        _ => OfStatus(outcome.Response!),
    };

    private static Verdict OfStatus(SipResponse response)
    {
        var (reason, after) = ($"SIP {response.StatusCode} {response.ReasonPhrase}", RetryAfter(response));
        var (next, code) = response.StatusCode switch
        {
            < 300                                                    => (Next.Delivered, (byte)0),
            < 400                                                    => (Next.Fail, Unreachable), // not followed out of the trust domain
            404 or 408 or 410 or 430 or 480 or 487                   => (Next.AwaitRegistration, AbsentTemporary),
            406 or 415 or 488 or 606                                 => (Next.OtherClass, Unreachable),
            403 or 433 or 485 or 604                                 => (Next.Fail, Unreachable),
            400 or 405 or 413 or 414 or 416 or 420 or 421 or 484     => (Next.Fail, IllegalMessage),
            493 or 501 or 505 or 513                                 => (Next.Fail, IllegalMessage), // 5xx by number, but of what we sent
            486 or 600                                               => (Next.Retry, HandsetBusy),
            603 when after is not null                               => (Next.Retry, HandsetBusy), // §21.6.2: a better time to ask
            603 or 607                                               => (Next.Fail, BarredByUser),
            608                                                      => (Next.Fail, AntiSpam),
            _                                                        => (Next.Retry, NetworkError),
        };
        return new Verdict(next, code, reason, response.StatusCode, After: after, OfDevice: next is Next.AwaitRegistration or Next.OtherClass);
    }

    /// <summary>RP-ACK, RP-ERROR, or null when the handset answered 200 and then nothing within TR1N.</summary>
    /// <param name="erredBefore">A handset that errs again on the same message will err for ever.</param>
    public static Verdict OfReport(HandsetReport? report, bool erredBefore) => report switch
    {
        null => new(Next.Retry, AbsentTemporary, "no RP-ACK after the SIP 200", 200),
        { Cause: null } => new(Next.Delivered, 0, "RP-ACK", 200),
        { Cause: { } cause } when SaysFull(report) =>
            new(Next.AwaitMemory, HandsetBusy, $"{ErrorOf(report)}: memory capacity exceeded", 200, cause),
        { Cause: { } cause } => new(erredBefore ? Next.Fail : Next.Retry, IllegalMessage, ErrorOf(report), 200, cause),
    };

    private static bool SaysFull(HandsetReport report) => report.Cause == (byte)Sms.RpCause.MemoryCapacityExceeded
        || (TpFailureCause?)report.FailureCause is TpFailureCause.UsimStorageFull or TpFailureCause.MemoryCapacityExceeded;

    private static string ErrorOf(HandsetReport report) =>
        report.FailureCause is { } cause ? $"RP-ERROR {report.Cause}, TP-FCS {cause:X2}" : $"RP-ERROR {report.Cause}";

    /// <summary>What a carrier answered to a message we handed over.</summary>
    public static Verdict OfCarrier(string carrier, CarrierOutcome outcome) => outcome switch
    {
        CarrierOutcome.Accepted taken => new(Next.HandedOver, 0, $"carrier {carrier}: taken", taken.HttpStatus),
        CarrierOutcome.Rejected refused => new(Next.Fail, refused.ErrorCode, $"carrier {carrier}: status {refused.Status} {refused.Text}",
            refused.HttpStatus, OtherRoute: !refused.PartlyTaken),
        CarrierOutcome.Temporary later => new(Next.Retry, NetworkError,
            $"carrier {carrier}: {later.Reason}{(later.MayHaveBeenTaken ? "; it may have taken it all the same" : "")}", later.HttpStatus,
            After: later.RetryAfter, OtherRoute: !later.MayHaveBeenTaken),
        _ => throw new ArgumentOutOfRangeException(nameof(outcome)),
    };

    private static TimeSpan? RetryAfter(SipResponse response) =>
        response.Headers.TryGet(HeaderName.RetryAfter, out RetryAfter after) ? after.Duration : null;
}
