namespace Gateway.Delivery;

/// <summary>
/// The RP reports that are waited for on this node. All wait equally long (<see cref="DeliverySettings.ReportTimeoutSeconds"/>), so they stand in line, and
/// one timer watches the first.
/// </summary>
public sealed class AwaitedReports : IDisposable
{
    private readonly TimeSpan _patience;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly LinkedLine<Flight> _line = new();
    private readonly ITimer _timer;
    private bool _armed;

    public AwaitedReports(DeliverySettings settings, TimeProvider time)
    {
        (_patience, _time) = (TimeSpan.FromSeconds(settings.ReportTimeoutSeconds), time);
        _timer = time.CreateTimer(_ => OnTimer(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    internal int Count
    {
        get
        {
            lock (_lock) return _line.Count;
        }
    }

    /// <summary>The handset's report, or null when it did not come in time.</summary>
    internal ValueTask<HandsetReport?> OfAsync(Flight flight)
    {
        flight.AwaitedSince = _time.GetTimestamp();
        lock (_lock)
        {
            _line.Add(flight);
            if (!_armed) Arm(_patience);
        }
        return flight.Report;
    }

    /// <summary>Nobody waits for it any more.</summary>
    internal void Remove(Flight flight)
    {
        lock (_lock) _line.Remove(flight);
    }

    public void Dispose() => _timer.Dispose();

    private void OnTimer()
    {
        var over = new List<Flight>();
        lock (_lock)
        {
            _armed = false;
            while (_line.First is { } first)
            {
                var left = _patience - _time.GetElapsedTime(first.AwaitedSince);
                if (left > TimeSpan.Zero)
                {
                    Arm(left);
                    break;
                }
                _line.Remove(first);
                over.Add(first);
            }
        }
        foreach (var flight in over) flight.TryTell(null);
    }

    private void Arm(TimeSpan due)
    {
        _armed = true;
        _timer.Change(due, Timeout.InfiniteTimeSpan);
    }
}
