namespace Gateway.Acceptance;

/// <summary>
/// References of long texts (TS 23.040 §9.2.3.24.1). A handset takes parts with the reference of a text it has lately shown for repeats, so two texts for one
/// recipient must not have the same 8 bits one soon after the other, which random ones have too often: they are counted, by recipient as far as a
/// small table can tell recipients apart.
/// </summary>
public sealed class ConcatenationReferences
{
    private const int Counters = 1 << 14;

    private readonly int[] _last = new int[Counters];

    public ConcatenationReferences()
    {
        // Another start, another place: those given before it are not remembered.
        for (var i = 0; i < Counters; i++) _last[i] = Random.Shared.Next(ushort.MaxValue);
    }

    public ushort Next(string recipient) => (ushort)Interlocked.Increment(ref _last[(uint)string.GetHashCode(recipient, StringComparison.Ordinal) % Counters]);
}
