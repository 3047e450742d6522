namespace Gateway.Store;

/// <summary>
/// Who serves a recipient: the activation that raised <see cref="Epoch"/> last. The row is made when a mailbox is first taken, and may be
/// thrown away: whoever held it takes it anew.
/// </summary>
public sealed class MailboxRow
{
    /// <summary>Mailbox key: E.164 digits without plus, or a short code.</summary>
    public string Recipient { get; set; } = "";
    /// <summary>Grows with every take; about the Unix milliseconds of the last one, so that it grows across a lost row, too.</summary>
    public long Epoch { get; set; }
}
