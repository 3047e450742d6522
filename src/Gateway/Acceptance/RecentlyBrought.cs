namespace Gateway.Acceptance;

/// <summary>
/// What handsets, clients and carriers have brought lately, by who sent it and their own id of it. Nearly everything comes once, and need not be looked for
/// in the store when this node alone takes messages and remembers the time in which it could have come before. It errs on one side only: of two that it
/// takes for the same, the second is looked for.
/// </summary>
internal sealed class RecentlyBrought
{
    /// <summary>
    /// Two whole ones are <see cref="Submission.StatedRepeat"/>. What comes at a higher rate than fits is forgotten earlier, and then only shorter repeats
    /// are known from memory: 20 octets each, 21 MB in all.
    /// </summary>
    private const int Generations = 3, MostInOne = 350_000;
    private static readonly TimeSpan Generation = Submission.StatedRepeat / 2;

    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Queue<(long Since, HashSet<long> Ids)> _generations = new();
    private (long Since, HashSet<long> Ids) _now;

    public RecentlyBrought(TimeProvider time)
    {
        _time = time;
        Begin();
    }

    /// <summary>True: it did not come within the time given. It is remembered from now on, whatever becomes of it.</summary>
    public bool IsNew(string originator, string foreignId, TimeSpan within)
    {
        // String hashes are random for each process, so nobody can choose what is taken for the same.
        var id = ((long)originator.GetHashCode() << 32) | (uint)foreignId.GetHashCode();
        lock (_lock)
        {
            if (_now.Ids.Count >= MostInOne || _time.GetElapsedTime(_now.Since) >= Generation) Begin();
            var isKnown = false;
            foreach (var (_, ids) in _generations) isKnown |= ids.Contains(id);
            _now.Ids.Add(id);
            return !isKnown && _time.GetElapsedTime(_generations.Peek().Since) >= within;
        }
    }

    private void Begin()
    {
        _now = (_time.GetTimestamp(), []);
        _generations.Enqueue(_now);
        if (_generations.Count > Generations) _generations.Dequeue();
    }
}
