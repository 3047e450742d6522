using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Gateway.Store;

namespace Gateway.Rest.Management;

/// <summary>A message as operators see it: everything about its way, and nothing of what it says.</summary>
public record MessageView
{
    /// <summary>16 hexadecimal digits: the message-id of its first segment.</summary>
    public required string Id { get; init; }
    /// <summary>rest, carrier, volte, ott or gateway: where it came from.</summary>
    public required string Source { get; init; }
    /// <summary>subscriber, application or carrier: whom it goes to.</summary>
    public required string Route { get; init; }
    /// <summary>Why this route was taken.</summary>
    public required string RouteReason { get; init; }
    /// <summary>api_key of the account that sent it.</summary>
    public string? Account { get; init; }
    /// <summary>The carrier it came from or goes to.</summary>
    public string? Carrier { get; init; }
    public required string From { get; init; }
    public required string To { get; init; }
    /// <summary>otp, normal or bulk.</summary>
    public required string Lane { get; init; }
    /// <summary>waiting, handedOver, delivered, expired, failed or rejected.</summary>
    public required string State { get; init; }
    public required int SegmentCount { get; init; }
    public required int Attempts { get; init; }
    public required DateTimeOffset AcceptedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    /// <summary>When it is looked at next, while it waits.</summary>
    public DateTimeOffset? DueAt { get; init; }
    public DateTimeOffset? ConcludedAt { get; init; }
    /// <summary>Nexmo err-code of the conclusion or the last attempt; 0 is fine.</summary>
    public required int ErrorCode { get; init; }
    /// <summary>What the last attempt met.</summary>
    public string? Reason { get; init; }
    public string? ClientReference { get; init; }
    public string? AccountReference { get; init; }

    internal static MessageView Of(ShortMessageRow row) => new()
    {
        Id = MessageId.Format(row.Id),
        Source = Word(row.Source),
        Route = Word(row.Route),
        RouteReason = row.RouteReason,
        Account = row.Account,
        Carrier = row.Carrier,
        From = row.Originator,
        To = row.Recipient,
        Lane = Word(row.Lane),
        State = Word(row.State),
        SegmentCount = row.SegmentCount,
        Attempts = row.Attempts,
        AcceptedAt = Time(row.AcceptedAt),
        ExpiresAt = Time(row.ExpiresAt),
        DueAt = row.DueAt is { } due ? Time(due) : null,
        ConcludedAt = row.ConcludedAt is { } concluded ? Time(concluded) : null,
        ErrorCode = row.ErrorCode,
        Reason = row.Reason,
        ClientReference = row.ClientReference,
        AccountReference = row.AccountReference,
    };

    internal static string Word<T>(T value) where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    internal static DateTimeOffset Time(long unixMilliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(unixMilliseconds);
}

/// <summary>A message with its segments and all that was tried.</summary>
public sealed record MessageDetails : MessageView
{
    [SetsRequiredMembers]
    internal MessageDetails(ShortMessageRow row, IEnumerable<AttemptRow> attempts) : base(Of(row))
    {
        Segments = [.. Enumerable.Range(0, row.SegmentCount).Select(segment => SegmentView.Of(row, segment))];
        History = [.. attempts.Select(AttemptView.Of)];
    }

    public IReadOnlyList<SegmentView> Segments { get; }
    /// <summary>Every attempt, the oldest first, and what was heard of the message after its conclusion.</summary>
    public IReadOnlyList<AttemptView> History { get; }
}

/// <summary>A part of a message as it goes over the air.</summary>
/// <param name="MessageId">Its own id, which its receipt names.</param>
/// <param name="State">As of a message.</param>
public sealed record SegmentView(string MessageId, string State)
{
    internal static SegmentView Of(ShortMessageRow row, int segment) => new(
        Store.MessageId.Format(row.Id + segment), MessageView.Word(segment < row.SegmentsDone ? MessageState.Delivered : row.State));
}

/// <summary>One try of one segment.</summary>
/// <param name="Segment">0-based; a text client or a carrier takes all at once, as 0.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="DurationMilliseconds">Until its outcome was known.</param>
/// <param name="Channel">volte, ott, application, carrier, or conversion (what the customer reported).</param>
/// <param name="Target">Contact, identity or carrier that was tried.</param>
/// <param name="Status">Final status of SIP or HTTP; 0: none.</param>
/// <param name="RpCause">RP-Cause of the handset's RP-ERROR; 0: none.</param>
/// <param name="Outcome">In words.</param>
public sealed record AttemptView(
    int Segment, DateTimeOffset StartedAt, int DurationMilliseconds, string Channel, string Target, int Status, int RpCause, string Outcome)
{
    internal static AttemptView Of(AttemptRow row) => new(
        row.Segment, MessageView.Time(row.StartedAt), row.DurationMilliseconds, row.Channel, row.Target, row.Status, row.RpCause, row.Outcome);
}
