namespace Gateway.Delivery;

/// <summary>
/// The RP-MRs that one recipient's segments had lately. Derived from the segment, so that a repeat carries the same; moved on when another segment had it
/// among the last 64 (a late report must not be taken for another message's).
/// </summary>
internal sealed class RpReferences
{
    private const int Remembered = 64;

    // Most mailboxes see few segments before they sleep, and there may be a million of them.
    private long[] _segments = [];
    private byte[] _references = [];
    private int _count;
    private int _next;

    public byte Next(long segmentId)
    {
        var known = _segments.AsSpan(0, _count).IndexOf(segmentId);
        if (known >= 0) return _references[known];
        var reference = (byte)((ulong)(segmentId * -7046029254386353131) >> 56);
        while (_references.AsSpan(0, _count).Contains(reference)) reference++;
        if (_count == _segments.Length && _count < Remembered) Grow();
        (_segments[_next], _references[_next]) = (segmentId, reference);
        _next = (_next + 1) % Remembered;
        _count = Math.Min(_count + 1, Remembered);
        return reference;
    }

    private void Grow()
    {
        var length = Math.Max(2 * _count, 4);
        Array.Resize(ref _segments, length);
        Array.Resize(ref _references, length);
    }

    /// <summary>The segment that had it last, or 0.</summary>
    public long SegmentOf(byte reference) =>
        _references.AsSpan(0, _count).IndexOf(reference) is >= 0 and var known ? _segments[known] : 0;
}
