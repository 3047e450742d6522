namespace Gateway.Store;

/// <summary>
/// Moves everything that waits in one mailbox (<see cref="MessageState.Waiting"/>); it comes after the progress of its change. Times are
/// Unix milliseconds.
/// </summary>
public sealed class Reschedule
{
    private Reschedule(string recipient, long notBefore, long notAfter) =>
        (Recipient, NotBefore, NotAfter) = (recipient, notBefore, notAfter);

    public string Recipient { get; }
    public long NotBefore { get; }
    public long NotAfter { get; }

    /// <summary>Nothing is due before <paramref name="until"/>, except what expires before: that is due when it does.</summary>
    public static Reschedule Hold(string recipient, long until) => new(recipient, notBefore: until, notAfter: long.MaxValue);

    /// <summary>Everything is due now.</summary>
    public static Reschedule Release(string recipient, long now) => new(recipient, notBefore: 0, notAfter: now);

    /// <summary>Without those that say of their mailbox what the one before has said.</summary>
    internal static List<Reschedule> WithoutRepeats(List<Reschedule> all)
    {
        if (all.Count < 2) return all;
        var kept = new List<Reschedule>();
        var last = new Dictionary<string, Reschedule>(StringComparer.Ordinal);
        foreach (var one in all)
        {
            if (last.TryGetValue(one.Recipient, out var before) && (before.NotBefore, before.NotAfter) == (one.NotBefore, one.NotAfter)) continue;
            last[one.Recipient] = one;
            kept.Add(one);
        }
        return kept;
    }

    internal static RowCommand<Reschedule> Command() => new(
        new RowValues<Reschedule>([nameof(Recipient), nameof(NotBefore), nameof(NotAfter)]),
        (value, from) => $"""
            UPDATE "ShortMessages"
            SET "DueAt" = CASE WHEN "DueAt" > {value(2)} THEN {value(2)} WHEN "ExpiresAt" < {value(1)} THEN "ExpiresAt" ELSE {value(1)} END
            {from}
            WHERE "Recipient" = {value(0)} AND "State" = {(int)MessageState.Waiting}
            AND ("DueAt" > {value(2)} OR "DueAt" < {value(1)} AND "DueAt" < "ExpiresAt") AND "DueAt" IS NOT NULL
            """);
}
