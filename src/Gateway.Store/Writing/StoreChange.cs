namespace Gateway.Store;

/// <summary>
/// What becomes durable together or not at all. Within one transaction takes of mailboxes come first, then debits, then new rows, then progress, then
/// what the progress that applied brings with it. A change may be written again after it failed; one that was written is done with.
/// </summary>
public sealed class StoreChange
{
    private Few<ShortMessageRow> _newMessages;
    private Few<MessageProgress> _progress;
    private Few<AttemptRow> _newAttempts;
    private List<IdempotencyKeyRow>? _newKeys;
    private List<WebhookRow>? _newWebhooks;
    private List<WebhookProgress>? _webhookProgress;
    private List<Reschedule>? _reschedules;
    private List<MailboxTake>? _takes;
    private List<RejectionRow>? _newRejections;

    public ref Few<ShortMessageRow> NewMessages => ref _newMessages;
    /// <summary>One that is stored already makes the whole change fail (<see cref="GatewayStore.IsRepeatedKey"/>).</summary>
    public List<IdempotencyKeyRow> NewKeys => _newKeys ??= new(1);
    public ref Few<MessageProgress> Progress => ref _progress;
    public ref Few<AttemptRow> NewAttempts => ref _newAttempts;
    public List<WebhookRow> NewWebhooks => _newWebhooks ??= new(1);
    public List<WebhookProgress> WebhookProgress => _webhookProgress ??= new(1);
    public List<Reschedule> Reschedules => _reschedules ??= new(1);
    public List<MailboxTake> Takes => _takes ??= new(1);
    public List<RejectionRow> NewRejections => _newRejections ??= new(1);

    /// <summary>
    /// Written only if this mailbox is still held, except attempts and the progress that has happened
    /// (<see cref="MessageProgress.Happened"/>): those are facts, whoever owns the mailbox by now. Null: unconditionally.
    /// </summary>
    public MailboxEpoch? Mailbox { get; init; }

    /// <summary>After the write: <see cref="Mailbox"/> was held until the commit.</summary>
    public bool Held { get; internal set; }

    /// <summary>What the change costs; it is written only if that could be paid. Null: nothing.</summary>
    public Debit? Debit { get; init; }

    /// <summary>
    /// Any other write of rows (contacts, watches), done on the writer's own connection so that it shares the commit and, on SQLite, does
    /// not contend for the one write lock. It runs on the writer's thread, must be short and synchronous, and may run twice (when another
    /// change of its batch fails), so it sets what it wants rather than adding to what it finds. What it leaves in the change tracker is
    /// saved after it.
    /// </summary>
    public Action<GatewayDb>? Other { get; init; }

    /// <summary>Goes before changes that are not urgent: the one-time-password lane.</summary>
    public bool Urgent { get; init; }

    /// <summary>Whether <see cref="Mailbox"/> is held decides new rows or progress of it.</summary>
    internal bool WaitsForMailbox => Mailbox is not null
        && (_newMessages.Count > 0 || _newKeys is not null || _newRejections is not null || !_progress.TrueForAll(progress => progress.Happened));

    /// <summary>Its place in the writer's line, while it has one.</summary>
    internal PendingWrite? Pending { get; set; }

    internal List<IdempotencyKeyRow>? NewKeysOrNull => _newKeys;
    internal List<WebhookRow>? NewWebhooksOrNull => _newWebhooks;
    internal List<WebhookProgress>? WebhookProgressOrNull => _webhookProgress;
    internal List<Reschedule>? ReschedulesOrNull => _reschedules;
    internal List<MailboxTake>? TakesOrNull => _takes;
    internal List<RejectionRow>? NewRejectionsOrNull => _newRejections;
}
