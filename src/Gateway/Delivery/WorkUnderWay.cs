namespace Gateway.Delivery;

/// <summary>
/// Counts what is under way here: rings to mailboxes, and mailboxes that choose, send, wait for a report and conclude. When the gateway stops it
/// waits for these, as long as it may.
/// </summary>
public sealed class WorkUnderWay(TimeProvider time)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);
    private int _count;

    public int Count => Volatile.Read(ref _count);

    /// <summary>Until it is disposed of.</summary>
    public Work Begin()
    {
        Interlocked.Increment(ref _count);
        return new Work(this);
    }

    /// <summary>True when nothing is under way any more, false when that took too long.</summary>
    public async Task<bool> EndedAsync(TimeSpan patience)
    {
        var began = time.GetTimestamp();
        while (Count > 0)
        {
            if (time.GetElapsedTime(began) >= patience) return false;
            await Task.Delay(Look, time);
        }
        return true;
    }

    public readonly struct Work(WorkUnderWay all) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref all._count);
    }
}
