namespace Gateway.Rest;

/// <summary>
/// The request rate of one account: a bucket that holds one second's worth and fills evenly, so a burst of a full second passes and the wait
/// told to a refused client is when its next request will pass. Of several nodes each gives its even share, but holds one request at least.
/// </summary>
internal sealed class RequestRate(int perSecond, TimeProvider time)
{
    private readonly Lock _lock = new();
    private double _tokens = perSecond;
    private long _filledAt = time.GetTimestamp();

    /// <param name="nodes">How many give requests of this account (1 and up).</param>
    /// <param name="wait">When refused: until the next one passes.</param>
    public bool TryTake(int nodes, out TimeSpan wait)
    {
        var share = (double)perSecond / nodes;
        lock (_lock)
        {
            var now = time.GetTimestamp();
            _tokens = Math.Min(Math.Max(1, share), _tokens + time.GetElapsedTime(_filledAt, now).TotalSeconds * share);
            _filledAt = now;
            wait = _tokens >= 1 ? TimeSpan.Zero : TimeSpan.FromSeconds((1 - _tokens) / share);
            if (wait > TimeSpan.Zero)
                return false;
            _tokens--;
            return true;
        }
    }
}
