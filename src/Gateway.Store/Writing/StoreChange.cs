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
    private SeldomUsed? _seldom;

    public ref Few<ShortMessageRow> NewMessages => ref _newMessages;
    /// <summary>One that is stored already makes the whole change fail (<see cref="GatewayStore.IsRepeatedKey"/>).</summary>
    public List<IdempotencyKeyRow> NewKeys => Seldom.NewKeys ??= new(1);
    public ref Few<MessageProgress> Progress => ref _progress;
    public ref Few<AttemptRow> NewAttempts => ref _newAttempts;
    public List<WebhookRow> NewWebhooks => Seldom.NewWebhooks ??= new(1);
    public List<WebhookProgress> WebhookProgress => Seldom.WebhookProgress ??= new(1);
    public List<Reschedule> Reschedules => Seldom.Reschedules ??= new(1);
    public List<MailboxTake> Takes => Seldom.Takes ??= new(1);
    public List<RejectionRow> NewRejections => Seldom.NewRejections ??= new(1);

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
        && (_newMessages.Count > 0 || _seldom is { NewKeys: not null } or { NewRejections: not null } || !_progress.TrueForAll(progress => progress.Happened));

    /// <summary>Its place in the writer's line, while it has one.</summary>
    internal PendingWrite? Pending { get; set; }

    internal List<IdempotencyKeyRow>? NewKeysOrNull => _seldom?.NewKeys;
    internal List<WebhookRow>? NewWebhooksOrNull => _seldom?.NewWebhooks;
    internal List<WebhookProgress>? WebhookProgressOrNull => _seldom?.WebhookProgress;
    internal List<Reschedule>? ReschedulesOrNull => _seldom?.Reschedules;
    internal List<MailboxTake>? TakesOrNull => _seldom?.Takes;
    internal List<RejectionRow>? NewRejectionsOrNull => _seldom?.NewRejections;

    private SeldomUsed Seldom => _seldom ??= new();

    /// <summary>What most changes have nothing of.</summary>
    private sealed class SeldomUsed
    {
        public List<IdempotencyKeyRow>? NewKeys;
        public List<WebhookRow>? NewWebhooks;
        public List<WebhookProgress>? WebhookProgress;
        public List<Reschedule>? Reschedules;
        public List<MailboxTake>? Takes;
        public List<RejectionRow>? NewRejections;
    }
}
