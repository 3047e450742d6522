using Gateway.Sip;
using Gateway.Sms;

namespace Gateway.Handset;

/// <summary>What ended an RP-DATA or RP-SMMA of ours: the RP report, or a SIP outcome that leaves no hope for one.</summary>
internal readonly record struct RelayAnswer(RpPdu? Report, SipOutcome? Failure);

/// <summary>
/// The relay layer of the handset, TS 24.011 §6: sends RP messages each in a MESSAGE, and finds for each RP report that
/// comes what it reports on: by In-Reply-To (TS 24.341 §5.3.3), else by RP-MR.
/// </summary>
internal sealed class Relay(UserAgent userAgent, TimeProvider time)
{
    public const string ContentType = "application/vnd.3gpp.sms";

    private readonly Lock _lock = new();
    private readonly List<(string CallId, byte Reference, Transfer Transfer)> _outstanding = [];
    private byte _reference = (byte)Random.Shared.Next();   // a number the network may still know from before would be a danger

    /// <summary>Something that waits for one RP report, however often it is sent.</summary>
    public sealed class Transfer
    {
        public TaskCompletionSource<RelayAnswer> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public byte NextReference()
    {
        lock (_lock)
            return _reference++;
    }

    /// <summary>Sends the RP message and waits; null when no report came in time. The transfer may be sent again then.</summary>
    public async Task<RelayAnswer?> SendAsync(
        Transfer transfer, SipUri target, byte reference, byte[] rpMessage, TimeSpan patience, CancellationToken cancellation)
    {
        var request = userAgent.CreateMessage(target);
        request.SetBody(ContentType, rpMessage);
        lock (_lock)
            _outstanding.Add((request.CallId, reference, transfer));
        using var abandoned = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var sending = WatchAsync(transfer, request, abandoned.Token);
        try
        {
            return await transfer.Answer.Task.WaitAsync(patience, time, cancellation);
        }
        catch (TimeoutException)
        {
            return null;
        }
        finally
        {
            await abandoned.CancelAsync();
            await sending;
        }
    }

    /// <summary>A report that comes later belongs to nothing.</summary>
    public void End(Transfer transfer)
    {
        lock (_lock)
            _outstanding.RemoveAll(one => one.Transfer == transfer);
    }

    /// <summary>False when nothing waits for this report.</summary>
    public bool TryComplete(IReadOnlyList<string> inReplyTo, RpPdu report)
    {
        lock (_lock)
        {
            var index = _outstanding.FindIndex(one => inReplyTo.Contains(one.CallId));
            if (index < 0) index = _outstanding.FindIndex(one => one.Reference == report.MessageReference);
            return index >= 0 && _outstanding[index].Transfer.Answer.TrySetResult(new RelayAnswer(report, null));
        }
    }

    private async Task WatchAsync(Transfer transfer, SipRequest request, CancellationToken cancellation)
    {
        try
        {
            var outcome = await userAgent.SendAsync(request, cancellation);
            // After a SIP time-out the message may have arrived all the same, and its report still comes.
            if (outcome is { Response.IsSuccess: true } or { Kind: SipOutcomeKind.TimedOut }) return;
            transfer.Answer.TrySetResult(new RelayAnswer(null, outcome));
        }
        catch (OperationCanceledException)
        {
        }
    }
}
