using System.Globalization;

namespace Gateway.Store;

/// <summary>
/// Ids of short messages: 41 bits of milliseconds since 2026, 6 bits of node, 16 bits of sequence, so they grow with time, sort as text, and a
/// message takes as many in a row as it has segments. Written as Nexmo's 16 upper-case hexadecimal digits.
/// </summary>
public sealed class MessageId(TimeProvider time, byte node = 0)
{
    public const int Digits = 16;
    private const int NodeBits = 6, SequenceBits = 16;
    private const long MaxTime = (1L << 41) - 1; // in the year 2095
    private const long Epoch = 1_767_225_600_000; // 2026-01-01T00:00:00Z in Unix milliseconds

    private readonly Lock _lock = new();
    private long _node = node & ((1L << NodeBits) - 1);
    private long _last; // milliseconds and sequence of the newest id, without the node

    /// <summary>Ids taken from now on are those of this node (0 to 63).</summary>
    public void Join(short node)
    {
        lock (_lock) _node = node & ((1L << NodeBits) - 1);
    }

    /// <summary>Ids taken from now on are higher, also when the clock is behind the one that this id was taken by.</summary>
    public void ContinueAfter(long id)
    {
        lock (_lock) _last = Math.Max(_last, (((id >> (NodeBits + SequenceBits)) + 1) << SequenceBits) - 1); // its millisecond is over
    }

    /// <summary>The first of <paramref name="count"/> ids in a row (1 to 255).</summary>
    public long Take(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, 255);
        lock (_lock)
        {
            var now = (time.GetUtcNow().ToUnixTimeMilliseconds() - Epoch) << SequenceBits;
            var first = Math.Max(now, _last + 1);
            // A run of ids must not carry into the milliseconds, where the node bits would come between.
            if ((first & 0xFFFF) + count > 0x1_0000)
                first = ((first >> SequenceBits) + 1) << SequenceBits;
            _last = first + count - 1;
            return (first >> SequenceBits << (NodeBits + SequenceBits)) | (_node << SequenceBits) | (first & 0xFFFF);
        }
    }

    /// <summary>No id taken at or after this time (Unix milliseconds) is lower, none taken before it is as high.</summary>
    public static long FirstOf(long time) => Math.Clamp(time - Epoch, 0, MaxTime) << (NodeBits + SequenceBits);

    public static string Format(long id) => id.ToString("X16", CultureInfo.InvariantCulture);

    /// <summary>As <see cref="Format(long)"/>, into room for <see cref="Digits"/>.</summary>
    public static ReadOnlySpan<char> Format(long id, Span<char> room) =>
        id.TryFormat(room, out var written, "X16", CultureInfo.InvariantCulture) ? room[..written] : throw new ArgumentException("Too small", nameof(room));

    public static bool TryParse(ReadOnlySpan<char> text, out long id) =>
        long.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out id) && text.Length == Digits;
}
