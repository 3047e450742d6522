using Gateway.Sip;
using Gateway.Sms;

namespace Gateway.Handset;

/// <summary>
/// Messages from a VoLTE handset, TS 24.341 §5.3.1: SMS-SUBMIT in RP-DATA to the service centre, one at a time and part after part,
/// each done when its RP-ACK is there. Without an answer within TR1M a part is sent once more, with TP-RD set, the
/// same TP-MR and a new RP-MR (TS 23.040 §9.2.3.6); an RP-ERROR or a SIP refusal ends the message.
/// </summary>
internal sealed class MoMessages(HandsetOptions options, Relay relay)
{
    private readonly RpAddress _serviceCentre = RpAddress.International(options.ServiceCentreNumber);
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Lock _lock = new();
    private readonly Dictionary<byte, Submitted> _submitted = [];   // at most 256: the last one of each TP-MR

    // Both begin anywhere: with the same number after each start, a second text would be taken for a repeat of the first.
    private byte _messageReference = (byte)Random.Shared.Next();
    private int _concatenationReference = Random.Shared.Next(ushort.MaxValue);
    private SipUri? _refusedFrom;

    private sealed record Submitted(TpAddress To, TpServiceCentreTimeStamp? AcceptedAt);

    public async Task<SendResult> SendAsync(string to, string text, SendOptions how, CancellationToken cancellation)
    {
        if (!TpAddress.TryFromOriginator(to, out var destination) || destination.IsAlphanumeric)
            return new SendResult(SendVerdict.NotSent, $"'{to}' is not a number");
        var segmenting = new SegmentationOptions
        {
            Reference = (ushort)Interlocked.Increment(ref _concatenationReference),
            WideReference = how.WideReference,
            MessageClass = how.MessageClass,
        };
        if (!Segmenter.TrySegment(text, segmenting, out var segmentation))
            return new SendResult(SendVerdict.NotSent, $"the text needs more than {Segmenter.MaxSegments} parts");

        await _turn.WaitAsync(cancellation);
        try
        {
            List<SentPart> parts = [];
            foreach (var segment in segmentation.Segments)
            {
                var submit = new SmsSubmit
                {
                    MessageReference = _messageReference++,
                    DestinationAddress = destination,
                    StatusReportRequest = how.StatusReport,
                    ValidityPeriod = how.Validity is { } validity ? TpValidityPeriod.Relative(validity) : default,
                    UserData = segment.UserData,
                };
                var (part, failure) = await SubmitAsync(submit, cancellation);
                if (failure is not null) return failure with { Parts = parts };
                parts.Add(part);
            }

            return new SendResult(SendVerdict.Accepted, parts.Count == 1 ? "RP-ACK" : $"RP-ACK for {parts.Count} parts") { Parts = parts };
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>There was no room for a message from there: the address to be told when there is some (TS 24.341 §5.3.2.5).</summary>
    public void RememberFullFor(SipUri sender) => Volatile.Write(ref _refusedFrom, sender);

    /// <summary>RP-SMMA, repeated once and unchanged when TRAM runs out (TS 24.011 §6.3.3.1.2).</summary>
    public async Task<SendResult> MemoryAvailableAsync(CancellationToken cancellation)
    {
        var target = Interlocked.Exchange(ref _refusedFrom, null) ?? options.ServiceCentreIdentity;
        var reference = relay.NextReference();
        var body = new RpSmma(reference).Encode();
        var transfer = new Relay.Transfer();
        try
        {
            var answer = await relay.SendAsync(transfer, target, reference, body, options.Tram, cancellation)
                ?? await relay.SendAsync(transfer, target, reference, body, options.Tram, cancellation);
            return FailureOf(answer) ?? new SendResult(SendVerdict.Accepted, "RP-ACK");
        }
        finally
        {
            relay.End(transfer);
        }
    }

    /// <summary>Whether the report is about something sent from here, by all three of its fields that say so.</summary>
    public bool Fits(in SmsStatusReport report)
    {
        lock (_lock)
        {
            return _submitted.TryGetValue(report.MessageReference, out var submitted)
                && submitted.To == report.RecipientAddress
                && (submitted.AcceptedAt is not { } acceptedAt || acceptedAt == report.ServiceCentreTimeStamp);
        }
    }

    private async Task<(SentPart Part, SendResult? Failure)> SubmitAsync(SmsSubmit submit, CancellationToken cancellation)
    {
        Remember(submit, null);   // the status report may overtake the RP-ACK
        var transfer = new Relay.Transfer();
        try
        {
            var answer = await TryAsync(transfer, submit, cancellation);
            var repeated = answer is null;
            if (repeated) answer = await TryAsync(transfer, submit with { RejectDuplicates = true }, cancellation);
            if (FailureOf(answer) is { } failure) return (default, failure);

            var acceptedAt = AcceptedAt(answer!.Value.Report!.Value);
            Remember(submit, acceptedAt);
            return (new SentPart(submit.MessageReference, acceptedAt, repeated), null);
        }
        finally
        {
            relay.End(transfer);
        }
    }

    private Task<RelayAnswer?> TryAsync(Relay.Transfer transfer, in SmsSubmit submit, CancellationToken cancellation)
    {
        var reference = relay.NextReference();
        var body = RpData.Encode(RpDirection.FromHandset, reference, _serviceCentre, submit);
        return relay.SendAsync(transfer, options.ServiceCentreIdentity, reference, body, options.Tr1m, cancellation);
    }

    private void Remember(in SmsSubmit submit, TpServiceCentreTimeStamp? acceptedAt)
    {
        lock (_lock)
            _submitted[submit.MessageReference] = new Submitted(submit.DestinationAddress, acceptedAt);
    }

    private static TpServiceCentreTimeStamp? AcceptedAt(RpPdu ack) =>
        SmsSubmitReport.TryDecode(ack.UserData, RpKind.Ack, out var report, out _) ? report.ServiceCentreTimeStamp : null;

    private static SendResult? FailureOf(RelayAnswer? answer) => answer switch
    {
        null => new SendResult(SendVerdict.NoAnswer, "no RP report, and none after the repeat"),
        { Failure: { Response: { } response } } =>
            new SendResult(SendVerdict.RefusedBySip, Words.Of(response)) { StatusCode = response.StatusCode },
        { Failure: { } failure } => new SendResult(SendVerdict.NotSent, Words.Of(failure)),
        { Report: { Kind: RpKind.Error, Error: var error } } => Refusal(error),
        _ => null,
    };

    private static SendResult Refusal(RpError error)
    {
        TpFailureCause? cause = SmsSubmitReport.TryDecode(error.UserData, RpKind.Error, out var report, out _) ? report.FailureCause : null;
        var words = cause is { } failure ? $"{Words.Of(error.Cause)}, {Words.Of(failure)}" : Words.Of(error.Cause);
        return new SendResult(SendVerdict.RefusedByServiceCentre, words) { Cause = error.Cause, FailureCause = cause };
    }
}
