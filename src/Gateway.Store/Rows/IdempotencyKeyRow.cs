namespace Gateway.Store;

/// <summary>
/// What makes a request recognisable when it comes again, written in one transaction with the message it brought. At most one for an account and
/// key, so of two nodes that are given the same request at once, one stores the message and the other finds it.
/// </summary>
public sealed class IdempotencyKeyRow
{
    public string Account { get; set; } = "";
    /// <summary>The client's own key, or a blank and a digest of what must not come twice (a client's key has no blanks).</summary>
    public string Key { get; set; } = "";
    /// <summary>SHA-256 of what the request asked for.</summary>
    public byte[] Request { get; set; } = [];
    /// <summary>The first id of the message.</summary>
    public long MessageId { get; set; }
    public byte SegmentCount { get; set; }
    /// <summary>When the request that came first was taken, in Unix milliseconds.</summary>
    public long AcceptedAt { get; set; }
}
