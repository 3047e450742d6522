using System.Security.Cryptography;
using Gateway.Acceptance;
using Gateway.Delivery;
using Gateway.Sip;
using Gateway.Sms;
using Gateway.Store;

namespace Gateway.Inbound;

/// <summary>
/// The relay layer of a VoLTE handset (TS 24.011, TS 24.341 §5.3.3): its messages are stored before RP-ACK goes out in a MESSAGE of ours, its reports
/// go to the mailbox that waits, and RP-SMMA opens the queue. The SIP answer only says that the request arrived; a report is always answered 2xx,
/// whatever it belongs to, since handsets and gateways repeat a refused one for minutes.
/// </summary>
public sealed partial class RpInbound(Acceptor acceptor, Mailboxes mailboxes, Channels channels, TimeProvider time, ILogger<RpInbound> log)
{
    private const int ShortestRpMessage = 2; // type and reference

    /// <summary>
    /// How long the same SMS-SUBMIT in another SIP transaction is a repeat although TP-RD does not say so: a handset that waits out TR1M (45 s at most)
    /// and its SIP timer F (32 s) repeats within it, and a person who means it rarely sends the same text to the same number again so soon.
    /// </summary>
    private static readonly TimeSpan UnstatedRepeat = TimeSpan.FromMinutes(2);

    /// <summary>RP-ACK or RP-ERROR.</summary>
    internal static bool IsReport(ReadOnlySpan<byte> body) =>
        RpPdu.TryDecodeHeader(body, out var kind, out _, out _) && kind is RpKind.Ack or RpKind.Error;

    public Task OnMessageAsync(IncomingRequest incoming, Sender sender) =>
        IsReport(incoming.Request.Body.Span) ? OnReportAsync(incoming, sender) : OnRequestAsync(incoming, sender);

    private async Task OnReportAsync(IncomingRequest incoming, Sender sender)
    {
        await incoming.RespondAsync(202);
        if (ReportOf(incoming.Request, sender) is not { } report) return; // a report never gets a report
        if (!await mailboxes.ReportAsync(sender.Msisdn, report, sender.Asserted, CancellationToken.None))
            LogUnmatched(sender.Identity, report.Cause is null ? RpKind.Ack : RpKind.Error, report.MessageReference);
    }

    private HandsetReport? ReportOf(SipRequest request, Sender sender)
    {
        if (RpPdu.TryDecode(request.Body, out var pdu, out var error))
        {
            var segment = request.Headers.TryGetRaw(HeaderName.InReplyTo, out var callId) ? Volte.SegmentOf(callId) : null;
            return new HandsetReport(segment, pdu.MessageReference, pdu.Kind == RpKind.Error ? (byte)pdu.Error.Cause : null, FailureCauseOf(pdu));
        }
        LogUndecodable(sender.Identity, error);
        return null;
    }

    /// <summary>RP-DATA, RP-SMMA, and what is neither.</summary>
    private async Task OnRequestAsync(IncomingRequest incoming, Sender sender)
    {
        var request = incoming.Request;
        if (request.Body.Length < ShortestRpMessage)
        {
            // Without type and reference no RP answer is possible (TS 24.011 §9.3.1).
            LogUndecodable(sender.Identity, new PduError(PduFault.Truncated, "RP-Message Type", 0));
            await incoming.RespondAsync(400, "Truncated RP message");
            return;
        }
        var isDefined = RpPdu.TryDecodeHeader(request.Body.Span, out var kind, out var direction, out _);
        if (isDefined && kind == RpKind.Data && acceptor.Stopping)
        {
            var later = request.CreateResponse(503);
            later.Headers.Add(HeaderName.RetryAfter, TextInbound.RetryAfterSeconds);
            await incoming.RespondAsync(later);
            return;
        }
        await incoming.RespondAsync(202);
        if (!isDefined || kind == RpKind.Data && direction != RpDirection.FromHandset)
        {
            // TS 24.011 §8.2.2 and §9.3.3: the reserved type, or one of the other direction.
            await RefuseAsync(sender, request, request.Body.Span[1], new RpRefusal(RpCause.MessageTypeNonExistent));
            return;
        }
        if (!RpPdu.TryDecode(request.Body, out var pdu, out var error))
        {
            LogUndecodable(sender.Identity, error);
            await RefuseAsync(sender, request, request.Body.Span[1], new RpRefusal(RpCauses.Of(error)));
            return;
        }
        switch (pdu.Kind)
        {
            case RpKind.Data:
                await OnDataAsync(sender, request, pdu.Data);
                break;
            case RpKind.Smma:
                // After the RP-ACK it does not say so again, and what waits would sleep on.
                if (sender.Msisdn is { } subscriber && !await mailboxes.MemoryAvailableAsync(subscriber))
                    await RefuseAsync(sender, request, pdu.MessageReference, new RpRefusal(RpCause.TemporaryFailure));
                else
                    await ReportAsync(sender, request, new RpAck(RpDirection.ToHandset, pdu.MessageReference).Encode());
                break;
        }
    }

    private static byte? FailureCauseOf(in RpPdu pdu) => pdu.Kind == RpKind.Error && !pdu.Error.UserData.IsEmpty
        && SmsDeliverReport.TryDecode(pdu.Error.UserData, RpKind.Error, out var report, out _) ? (byte?)report.FailureCause : null;

    private async Task OnDataAsync(Sender sender, SipRequest request, RpData data)
    {
        var (refusal, acceptedAt) = await SubmitAsync(sender, data);
        if (refusal is { } refused)
        {
            await RefuseAsync(sender, request, data.MessageReference, refused);
            return;
        }
        // The same TP-SCTS for a repeat, and later in the SMS-STATUS-REPORT (TS 23.040 §9.2.2.3).
        var submitReport = new SmsSubmitReport
        {
            ServiceCentreTimeStamp = TpServiceCentreTimeStamp.From(DateTimeOffset.FromUnixTimeMilliseconds(acceptedAt)),
        };
        await ReportAsync(sender, request, new RpAck(RpDirection.ToHandset, data.MessageReference, submitReport.Encode()).Encode());
    }

    private async Task<(RpRefusal? Refusal, long AcceptedAt)> SubmitAsync(Sender sender, RpData data)
    {
        if (sender.Msisdn is not { } originator) return (new RpRefusal(RpCause.UnidentifiedSubscriber), 0);
        if (RpRefusal.OfType(data.UserData.Span) is { } wrongType) return (wrongType, 0);
        if (!SmsSubmit.TryDecode(data.UserData, out var submit, out var error))
        {
            LogUndecodable(sender.Identity, error);
            return (new RpRefusal(RpCauses.Of(error), TpFailureCause.Unspecified), 0);
        }
        if (submit.DestinationAddress.IsAlphanumeric || submit.DestinationAddress.IsEmpty) return (RpRefusal.Of(Refusal.InvalidDestination), 0);

        var result = await acceptor.AcceptAsync(SubmissionOf(originator, submit, time.GetUtcNow()), CancellationToken.None);
        return result.Accepted ? (null, result.AcceptedAt) : (RpRefusal.Of(result.Refusal), 0);
    }

    internal static Submission SubmissionOf(string originator, in SmsSubmit submit, DateTimeOffset now)
    {
        var destination = submit.DestinationAddress.Encode();
        return new Submission
        {
            Source = MessageSource.Volte,
            Originator = originator,
            Destination = submit.DestinationAddress.ToString(),
            Content = new UserDataContent(submit.UserData.Octets.ToArray(), submit.UserData.Length, submit.UserData.HasHeader,
                submit.DataCodingScheme.Value, submit.ProtocolIdentifier.Value),
            Validity = submit.ValidityPeriod.TryGetExpiry(now, out var expiry) && expiry - now < Submission.DefaultValidity
                ? expiry - now : Submission.DefaultValidity,
            ReceiptRequested = submit.StatusReportRequest,
            ForeignId = Fingerprint(submit, destination),
            RepeatWindow = submit.RejectDuplicates ? Submission.StatedRepeat : UnstatedRepeat,
            SubmitReference = submit.MessageReference,
            SubmitDestination = destination,
        };
    }

    /// <summary>
    /// What makes a handset's repeat the same message, with or without TP-RD and in whatever SIP transaction: sender (kept beside this), TP-MR, TP-DA
    /// and user data (TS 23.040 §9.2.3.6, §9.2.3.25).
    /// Not RP-MR, which a repeat has anew, nor Call-ID: a request with the same one is a repeat by its content.
    /// </summary>
    private static string Fingerprint(in SmsSubmit submit, byte[] destination)
    {
        var content = submit.UserData.Octets.Span;
        Span<byte> all = stackalloc byte[3 + destination.Length + content.Length]; // no more than a TPDU: some 160
        (all[0], all[1], all[2]) = (submit.MessageReference, submit.DataCodingScheme.Value, submit.UserData.Length);
        destination.CopyTo(all[3..]);
        content.CopyTo(all[(3 + destination.Length)..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(all, hash);
        return $"tpdu:{Convert.ToHexStringLower(hash[..16])}";
    }

    private Task RefuseAsync(Sender sender, SipRequest request, byte reference, RpRefusal refusal)
    {
        LogRefused(sender.Identity, refusal.Cause, refusal.FailureCause);
        var userData = refusal.FailureCause is { } cause
            ? new SmsSubmitReport { FailureCause = cause, ServiceCentreTimeStamp = TpServiceCentreTimeStamp.From(time.GetUtcNow()) }.Encode()
            : [];
        return ReportAsync(sender, request, new RpError(RpDirection.ToHandset, reference, refusal.Cause, UserData: userData).Encode());
    }

    private async Task ReportAsync(Sender sender, SipRequest request, byte[] body)
    {
        var outcome = await channels.SendReportAsync(sender.Identity, sender.Msisdn, sender.Flow, body, request.CallId);
        if (outcome is not { Kind: SipOutcomeKind.Final, Response.StatusCode: < 300 })
            LogReportLost(sender.Identity, outcome.Kind, outcome.Response?.StatusCode ?? 0);
    }

    [LoggerMessage(4001, LogLevel.Warning, "{Sender} sent an RP message that cannot be read: {Error}")]
    private partial void LogUndecodable(string sender, PduError error);

    [LoggerMessage(4002, LogLevel.Information, "RP-ERROR to {Sender}: {Cause}, TP-FCS {FailureCause}")]
    private partial void LogRefused(string sender, RpCause cause, TpFailureCause? failureCause);

    [LoggerMessage(4003, LogLevel.Debug, "{Kind} with RP-MR {Reference} from {Sender} belongs to nothing here")]
    private partial void LogUnmatched(string sender, RpKind kind, byte reference);

    [LoggerMessage(4004, LogLevel.Warning, "RP report to {Sender} was not taken: {Kind} {Status}; the handset will repeat its message and get it then")]
    private partial void LogReportLost(string sender, SipOutcomeKind kind, int status);
}
