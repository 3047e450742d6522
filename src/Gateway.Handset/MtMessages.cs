using Gateway.Sip;
using Gateway.Sms;
using Microsoft.Extensions.Logging;

namespace Gateway.Handset;

/// <summary>
/// Messages to a VoLTE handset, TS 24.341 §5.3.2: 200 at once, which says nothing but that the request came; then the RP report in a
/// MESSAGE of its own, to who asserted to have sent it. What cannot be decoded gets an RP-ERROR (TS 24.011 §9.3), a report never gets a
/// report.
/// </summary>
internal sealed partial class MtMessages(
    HandsetOptions options, UserAgent userAgent, Relay relay, MoMessages mo, Shown shown, HandsetCounters counters, TimeProvider time,
    ILogger<MtMessages> logger)
{
    private const int ShortestRpMessage = 2;   // type and reference

    private readonly Recent<string> _statusReports = new(64);

    /// <summary>Called for each status report that is new.</summary>
    public required Action<StatusReport> OnStatusReport { private get; init; }

    /// <summary>Called with the Call-ID of the MESSAGE whose RP report was taken.</summary>
    public required Action<string> OnReported { private get; init; }

    public async Task OnMessageAsync(IncomingRequest incoming, Behaviour behaviour, CancellationToken stopping)
    {
        var request = incoming.Request;
        if (request.Body.Length < ShortestRpMessage)
        {
            counters.CountBroken();
            await incoming.RespondAsync(400, "No RP message");   // without a reference there can be no RP answer
            return;
        }

        await incoming.RespondAsync(200);
        if (!RpPdu.TryDecode(request.Body, out var pdu, out var error))
        {
            LogBroken(error);
            counters.CountBroken();
            if (!IsReport(request.Body.Span[0])) await RefuseAsync(request, request.Body.Span[1], RpCauses.Of(error));
            return;
        }

        switch (pdu)
        {
            case { Kind: RpKind.Data, Direction: RpDirection.ToHandset }:
                await OnDataAsync(request, pdu.Data, behaviour, stopping);
                break;
            case { Kind: RpKind.Ack or RpKind.Error }:
                if (!relay.TryComplete(request.Headers.GetAll(HeaderName.InReplyTo), pdu)) LogUnmatched(pdu.Kind, pdu.MessageReference);
                break;
            default:
                counters.CountBroken();
                await RefuseAsync(request, pdu.MessageReference, RpCause.MessageTypeNonExistent);   // meant for a service centre
                break;
        }
    }

    private async Task OnDataAsync(SipRequest request, RpData data, Behaviour behaviour, CancellationToken stopping)
    {
        if (!TryDecode(data, out var deliver, out var statusReport, out var error))
        {
            LogBroken(error);
            counters.CountBroken();
            await RefuseAsync(request, data.MessageReference, RpCauses.Of(error), TpFailureCauses.Of(error));
            return;
        }

        if (behaviour is Behaviour.Refusing { Cause: var cause })
        {
            counters.CountRefused();
            var isFull = cause == RpCause.MemoryCapacityExceeded;
            if (isFull) mo.RememberFullFor(SenderOf(request));
            await RefuseAsync(request, data.MessageReference, cause, isFull ? TpFailureCause.MemoryCapacityExceeded : null);
            return;
        }

        if (deliver is { } message) shown.Take(message, request);
        else Take(statusReport, data.UserData);
        if (behaviour is Behaviour.Silence) return;
        if (behaviour is Behaviour.Slowness { Delay: var delay }) await Task.Delay(delay, time, stopping);
        var userData = options.BareReports ? [] : new SmsDeliverReport().Encode();
        await ReportAsync(request, new RpAck(RpDirection.FromHandset, data.MessageReference, userData).Encode());
    }

    private static bool TryDecode(RpData data, out SmsDeliver? deliver, out SmsStatusReport statusReport, out PduError error)
    {
        deliver = null;
        statusReport = default;
        if (!TpMessageTypes.TryIdentify(data.UserData.Span, RpDirection.ToHandset, RpKind.Data, out var type, out error)) return false;
        if (type == TpMessageType.SmsStatusReport) return SmsStatusReport.TryDecode(data.UserData, out statusReport, out error);
        if (!SmsDeliver.TryDecode(data.UserData, out var decoded, out error)) return false;
        deliver = decoded;
        return true;
    }

    private void Take(in SmsStatusReport report, ReadOnlyMemory<byte> tpdu)
    {
        if (!_statusReports.Add(Convert.ToHexString(tpdu.Span)))
        {
            counters.CountRepeat();
            return;
        }

        counters.CountStatusReport();
        OnStatusReport(new StatusReport(
            report.RecipientAddress.ToString(), report.Status, report.MessageReference, report.DischargeTime.Time, mo.Fits(report)));
    }

    private Task RefuseAsync(SipRequest request, byte reference, RpCause cause, TpFailureCause? failureCause = null)
    {
        var userData = failureCause is null || options.BareReports ? [] : new SmsDeliverReport { FailureCause = failureCause }.Encode();
        return ReportAsync(request, new RpError(RpDirection.FromHandset, reference, cause, UserData: userData).Encode());
    }

    /// <summary>TS 24.341 §5.3.2.4.</summary>
    private async Task ReportAsync(SipRequest request, byte[] body)
    {
        var report = userAgent.CreateMessage(SenderOf(request));
        report.Headers.Add(HeaderName.InReplyTo, request.CallId);
        report.SetBody(Relay.ContentType, body);
        var outcome = await userAgent.SendAsync(report, CancellationToken.None);
        var taken = outcome.Response is { IsSuccess: true };
        counters.CountReport(taken);
        if (taken) OnReported(request.CallId);
        else LogReportLost(report.RequestUri, Words.Of(outcome));
    }

    /// <summary>P-Asserted-Identity, the SIP URI if it has two; else From.</summary>
    private static SipUri SenderOf(SipRequest request)
    {
        if (!request.Headers.TryGetAll<NameAddr>(HeaderName.PAssertedIdentity, out var asserted) || asserted.Count == 0)
            return request.From.Uri;
        return (asserted.FirstOrDefault(one => one.Uri.IsSip) ?? asserted[0]).Uri;
    }

    /// <summary>RP-ACK or RP-ERROR by its type octet, TS 24.011 §8.2.2.</summary>
    private static bool IsReport(byte type) => (type & 7) is >= 2 and <= 5;

    [LoggerMessage(7011, LogLevel.Warning, "An RP message cannot be read: {Error}")]
    private partial void LogBroken(PduError error);

    [LoggerMessage(7012, LogLevel.Warning, "{Kind} with RP-MR {Reference} belongs to nothing sent from here")]
    private partial void LogUnmatched(RpKind kind, byte reference);

    [LoggerMessage(7013, LogLevel.Warning, "The RP report to {Target} was not taken: {Reason}")]
    private partial void LogReportLost(SipUri target, string reason);
}
