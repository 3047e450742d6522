namespace Gateway.Store;

/// <summary>The mailbox a change is written for, and the epoch at which the writer's owner took it.</summary>
public readonly record struct MailboxEpoch(string Recipient, long Epoch);

/// <summary>Asks, for one change of a transaction, whether its mailbox is still held.</summary>
internal readonly record struct EpochCheck(string Recipient, long Epoch, int Index)
{
    /// <summary>
    /// Returns the indexes of those held. On PostgreSQL, where other nodes write at the same time, the row stays locked against a take until
    /// the commit; one that is being taken at this moment is lost already, so nobody waits, and nobody's locks cross.
    /// </summary>
    public static RowCommand<EpochCheck> Command() => new(
        new RowValues<EpochCheck>([nameof(Recipient), nameof(Epoch), nameof(Index)]),
        (value, from) => from.Length == 0
            ? $"""SELECT {value(2)} FROM "Mailboxes" WHERE "Recipient" = {value(0)} AND "Epoch" = {value(1)}"""
            : $"""
              SELECT {value(2)} {from} JOIN "Mailboxes" ON "Recipient" = {value(0)} AND "Epoch" = {value(1)}
              FOR SHARE OF "Mailboxes" SKIP LOCKED
              """)
        {
            Answers = true,
        };
}
