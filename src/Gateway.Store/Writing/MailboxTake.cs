namespace Gateway.Store;

/// <summary>
/// Takes a recipient's mailbox: from the moment this is durable, changes with an earlier <see cref="MailboxEpoch"/> of it do not apply. It
/// comes first in its transaction, so what is read after it is all that earlier holders will ever have written.
/// </summary>
/// <param name="recipient">Mailbox key.</param>
/// <param name="now">Unix milliseconds.</param>
public sealed class MailboxTake(string recipient, long now)
{
    public string Recipient { get; } = recipient;
    public long Now { get; } = now;

    /// <summary>After the write: what to write with.</summary>
    public long Epoch { get; internal set; }

    internal static RowCommand<MailboxTake> Command() => new(
        new RowValues<MailboxTake>([nameof(Recipient), nameof(Now)]),
        (value, from) => $"""
            INSERT INTO "Mailboxes" ("Recipient", "Epoch") SELECT {value(0)}, {value(1)} {from} WHERE true
            ON CONFLICT ("Recipient") DO UPDATE
            SET "Epoch" = CASE WHEN "Mailboxes"."Epoch" < excluded."Epoch" THEN excluded."Epoch" ELSE "Mailboxes"."Epoch" + 1 END
            RETURNING "Epoch"
            """)
        {
            Answers = true,
        };
}
