namespace Gateway.Carriers;

/// <summary>
/// How much a carrier wants at once: requests under way, and messages in any second. A quarter of the latter is kept for one-time passwords. Counted on
/// each node.
/// </summary>
public sealed class CarrierLimits(CarrierSettings settings, TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    // When the last so many left; the oldest is overwritten next.
    private readonly long[] _all = Never(settings.MaxMessagesPerSecond);
    private readonly long[] _others = Never(settings.MaxMessagesPerSecond - settings.MaxMessagesPerSecond / 4);
    private int _allAt, _othersAt;

    /// <summary>Null: no limit of its own.</summary>
    public int? Concurrent => settings.MaxConcurrent > 0 ? settings.MaxConcurrent : null;

    /// <summary>How long until one more may leave; zero: now.</summary>
    public TimeSpan Wait(bool otp)
    {
        lock (_lock)
        {
            if (_all.Length == 0) return TimeSpan.Zero;
            var wait = Until(_all[_allAt]);
            return otp ? wait : TimeSpan.FromTicks(Math.Max(wait.Ticks, Until(_others[_othersAt]).Ticks));
        }
    }

    /// <summary>One leaves.</summary>
    public void Count(bool otp)
    {
        lock (_lock)
        {
            if (_all.Length == 0) return;
            var now = time.GetTimestamp();
            _all[_allAt] = now;
            _allAt = (_allAt + 1) % _all.Length;
            if (otp) return;
            _others[_othersAt] = now;
            _othersAt = (_othersAt + 1) % _others.Length;
        }
    }

    private static long[] Never(int count)
    {
        var times = new long[count];
        Array.Fill(times, long.MinValue);
        return times;
    }

    private TimeSpan Until(long left)
    {
        if (left == long.MinValue) return TimeSpan.Zero; // so many have not left yet
        var wait = Window - time.GetElapsedTime(left);
        return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
    }
}
