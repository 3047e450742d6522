using System.Threading.Tasks.Sources;

namespace Gateway.Delivery;

/// <summary>A TPDU under way to a handset, and the handset's report on it.</summary>
internal sealed class Flight(long segmentId, byte reference, bool last) : Linked<Flight>, IValueTaskSource<HandsetReport?>
{
    private ManualResetValueTaskSourceCore<HandsetReport?> _report;
    private int _told;

    public long SegmentId => segmentId;
    /// <summary>RP-MR.</summary>
    public byte Reference => reference;
    /// <summary>Nothing else waits for this recipient: TP-MMS says so.</summary>
    public bool Last => last;

    /// <summary>Null in it: none came in time. To be awaited once.</summary>
    public ValueTask<HandsetReport?> Report => new(this, _report.Version);

    internal long AwaitedSince { get; set; }

    public bool IsOf(HandsetReport report) =>
        report.SegmentId == SegmentId || report.SegmentId is null && report.MessageReference == Reference;

    /// <summary>From any thread; the first one counts. False: it was not the first.</summary>
    public bool TryTell(HandsetReport? report)
    {
        if (Interlocked.Exchange(ref _told, 1) != 0) return false;
        _report.SetResult(report);
        return true;
    }

    ValueTaskSourceStatus IValueTaskSource<HandsetReport?>.GetStatus(short token) => _report.GetStatus(token);
    HandsetReport? IValueTaskSource<HandsetReport?>.GetResult(short token) => _report.GetResult(token);

    void IValueTaskSource<HandsetReport?>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _report.OnCompleted(continuation, state, token, flags);
}
