namespace Gateway.Store;

/// <summary>
/// How far a message has come. It applies only while the stored state is not final (below 10), so whoever concludes first wins and a second
/// conclusion, its webhooks and its follow-ups change nothing.
/// </summary>
public sealed class MessageProgress
{
    private List<WebhookRow>? _webhooks;
    private List<ShortMessageRow>? _followUps;

    /// <summary><see cref="ShortMessageRow.Id"/>, not the id of a later segment.</summary>
    public required long Id { get; init; }
    public required MessageState State { get; init; }
    public byte SegmentsDone { get; init; }
    public byte Attempts { get; init; }
    /// <summary>Unix milliseconds; null once concluded, and only then.</summary>
    public long? DueAt { get; init; }
    public long? ConcludedAt { get; init; }
    public byte ErrorCode { get; init; }
    public string? Reason { get; init; }
    /// <summary>Null keeps those already stored.</summary>
    public string? CarrierMessageIds { get; init; }

    /// <summary>Written in the same transaction, if this progress applies.</summary>
    public List<WebhookRow> Webhooks => _webhooks ??= [];

    /// <summary>Messages this one causes (an SMS-STATUS-REPORT, say), written in the same transaction if this progress applies.</summary>
    public List<ShortMessageRow> FollowUps => _followUps ??= [];

    /// <summary>After the write: the message was there, and not final before.</summary>
    public bool Applied { get; internal set; }

    internal IReadOnlyList<WebhookRow> WebhooksOrNone => _webhooks ?? [];
    internal IReadOnlyList<ShortMessageRow> FollowUpsOrNone => _followUps ?? [];
}
