namespace Gateway.Delivery;

/// <summary>Why something is tried again; each has a schedule of its own.</summary>
public enum RetryCause : byte
{
    /// <summary>Not reached or not registered; a registration ends the wait.</summary>
    Absent,
    /// <summary>The handset took the request and did not report.</summary>
    NoReport,
    /// <summary>The network, a carrier or the other side failed for now.</summary>
    Network,
    /// <summary>The handset is full; its RP-SMMA ends the wait.</summary>
    Memory,
}

/// <summary>How long to wait before the next try (3GPP TS 23.040 leaves it to the service centre).</summary>
public sealed class RetrySchedule(DeliverySettings settings, Random jitter)
{
    private static readonly int[] Default = [60, 300, 900, 3600];
    /// <summary>A full handset says when it has room; asking it more often only fills the air.</summary>
    private static readonly int[] DefaultMemory = [1800];

    private readonly IReadOnlyList<int> _absent = First(settings.Retry.Absent, settings.RetrySeconds, Default);
    private readonly IReadOnlyList<int> _noReport = First(settings.Retry.NoReport, settings.RetrySeconds, Default);
    private readonly IReadOnlyList<int> _network = First(settings.Retry.Network, settings.RetrySeconds, Default);
    private readonly IReadOnlyList<int> _memory = First(settings.Retry.Memory, DefaultMemory);

    /// <summary>
    /// Milliseconds: what the other side asked for, else the cause's step for this attempt (1 and up; the last step repeats), up to a tenth more or
    /// less, so that what failed together does not come back together.
    /// </summary>
    public long Delay(in Verdict verdict, int attempt)
    {
        if (verdict.After is { } asked) return (long)asked.TotalMilliseconds;
        var steps = verdict.Cause switch
        {
            RetryCause.Absent   => _absent,
            RetryCause.NoReport => _noReport,
            RetryCause.Memory   => _memory,
            _                   => _network,
        };
        return steps[Math.Clamp(attempt - 1, 0, steps.Count - 1)] * (900L + jitter.Next(201));
    }

    private static IReadOnlyList<int> First(params ReadOnlySpan<IReadOnlyList<int>> schedules)
    {
        foreach (var schedule in schedules)
            if (schedule.Count > 0) return schedule;
        throw new ArgumentException("no schedule has a step", nameof(schedules));
    }
}
