using Microsoft.EntityFrameworkCore.Metadata;

namespace Gateway.Store;

/// <summary>
/// How far a message has come (<see cref="RowProgress.Id"/> is <see cref="ShortMessageRow.Id"/>, not the id of a later segment). Whoever
/// concludes first wins: a second conclusion (of the message, or of a segment), with its webhooks and follow-ups, changes nothing.
/// </summary>
public sealed class MessageProgress : RowProgress
{
    private List<WebhookRow>? _webhooks;
    private List<ShortMessageRow>? _followUps;

    public required MessageState State { get; init; }
    public byte SegmentsDone { get; init; }
    /// <summary>What it builds on: when other segments are done by now, it does not apply, so no segment is told of twice.</summary>
    public byte SegmentsBefore { get; init; }
    public byte Attempts { get; init; }
    /// <summary>Unix milliseconds; null once concluded, and only then.</summary>
    public long? DueAt { get; init; }
    public long? ConcludedAt { get; init; }
    public byte ErrorCode { get; init; }
    public string? Reason { get; init; }
    /// <summary>Null keeps those already stored.</summary>
    public string? CarrierMessageIds { get; init; }

    /// <summary>It has happened on the air or at a carrier: true whoever owns the mailbox by now (<see cref="StoreChange.Mailbox"/>).</summary>
    public bool Happened { get; init; }

    /// <summary>Written in the same transaction, if this progress applies.</summary>
    public List<WebhookRow> Webhooks => _webhooks ??= new(1);

    /// <summary>Messages this one causes (an SMS-STATUS-REPORT, say), written in the same transaction if this progress applies.</summary>
    public List<ShortMessageRow> FollowUps => _followUps ??= new(1);

    public bool HasWebhooks => _webhooks is { Count: > 0 };

    /// <summary>Makes no list of none.</summary>
    public IReadOnlyList<ShortMessageRow> FollowUpsOrNone => _followUps ?? [];

    internal List<WebhookRow>? WebhooksOrNull => _webhooks;
    internal List<ShortMessageRow>? FollowUpsOrNull => _followUps;

    internal static RowCommand<MessageProgress> Command(IModel model) =>
        RowCommand<MessageProgress>.UpdateUnlessFinal<ShortMessageRow>(
            model, id: progress => progress.Id, keptWhenNull: nameof(CarrierMessageIds), where: (nameof(SegmentsDone), nameof(SegmentsBefore)),
            nameof(State), nameof(SegmentsDone), nameof(Attempts), nameof(DueAt), nameof(ConcludedAt), nameof(ErrorCode), nameof(Reason),
            nameof(CarrierMessageIds));
}
