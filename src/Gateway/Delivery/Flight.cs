namespace Gateway.Delivery;

/// <summary>A TPDU under way to a handset.</summary>
internal sealed class Flight
{
    public Flight(long segmentId, byte reference, bool last)
    {
        (SegmentId, Reference, Last) = (segmentId, reference, last);
        InLine = new LinkedListNode<Flight>(this);
    }

    public long SegmentId { get; }
    /// <summary>RP-MR.</summary>
    public byte Reference { get; }
    /// <summary>Nothing else waits for this recipient: TP-MMS says so.</summary>
    public bool Last { get; }
    /// <summary>Null in it: none came in time.</summary>
    public TaskCompletionSource<HandsetReport?> Report { get; } = new();

    internal long AwaitedSince { get; set; }
    internal LinkedListNode<Flight> InLine { get; }

    public bool IsOf(HandsetReport report) =>
        report.SegmentId == SegmentId || report.SegmentId is null && report.MessageReference == Reference;
}
