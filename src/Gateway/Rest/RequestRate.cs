namespace Gateway.Rest;

/// <summary>
/// The request rate of one account: a bucket that holds one second's worth and fills evenly, so a burst of a full second passes and the wait
/// told to a refused client is when its next request will pass.
/// </summary>
internal sealed class RequestRate(int perSecond, TimeProvider time)
{
    private readonly Lock _lock = new();
    private double _tokens = perSecond;
    private long _filledAt = time.GetTimestamp();

    public bool TryTake(out TimeSpan wait)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            _tokens = Math.Min(perSecond, _tokens + time.GetElapsedTime(_filledAt, now).TotalSeconds * perSecond);
            _filledAt = now;
            wait = _tokens >= 1 ? TimeSpan.Zero : TimeSpan.FromSeconds((1 - _tokens) / perSecond);
            if (wait > TimeSpan.Zero)
                return false;
            _tokens--;
            return true;
        }
    }
}
