using System.Globalization;
using Gateway.Routing;
using Gateway.Store;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace Gateway.Rest;

/// <summary>Searches an account's messages the way Nexmo does, and takes what it says about their success.</summary>
[Tags("Search API")]
public sealed class SearchController(Accounts accounts, Router router, GatewayStore store, TimeProvider time) : NexmoController(accounts, time)
{
    private const int MaxIds = 10, MaxItems = 1000, MaxParts = 10;
    private const int MaxConversions = 8;

    /// <summary>One message by the id of any of its segments.</summary>
    [HttpGet("search/message"), SearchFields("id")]
    [ProducesResponseType<SearchedMessage>(StatusCodes.Status200OK, "application/json")]
    [ProducesResponseType<BadSearch>(StatusCodes.Status400BadRequest, "application/json")]
    [ProducesResponseType<ErrorCodeReply>(StatusCodes.Status404NotFound, "application/json")]
    public Task<IActionResult> MessageAsync() => AnswerAsync(async (fields, account) =>
    {
        if (fields["id"] is not { } id)
            return Bad("id", "Is required.");
        return await FindAsync(id, account.ApiKey) is { } message ? Found(message) : Coded(StatusCodes.Status404NotFound, "no message with this id");
    });

    /// <summary>Up to 10 messages by their ids, or those of one day to one recipient, the newest first.</summary>
    [HttpGet("search/messages"), SearchFields("ids", "date", "to")]
    [ProducesResponseType<SearchedMessages>(StatusCodes.Status200OK, "application/json")]
    [ProducesResponseType<BadSearch>(StatusCodes.Status400BadRequest, "application/json")]
    public Task<IActionResult> MessagesAsync() => AnswerAsync(async (fields, account) =>
    {
        if (Request.Query["ids"] is { Count: > 0 } ids)
        {
            if (ids.Count > MaxIds)
                return Bad("ids", $"Must not be more than {MaxIds}.");
            var messages = new List<SearchedMessage>();
            foreach (var id in ids.Distinct())
                if (await FindAsync(id ?? "", account.ApiKey) is { } message)
                    messages.Add(message);
            return Found(new SearchedMessages(messages.Count, messages));
        }
        if (fields["date"] is not { } date)
            return Bad("date", "Is required, unless ids are given.");
        if (fields["to"] is not { } to)
            return Bad("to", "Is required.");
        if (!TryReadDay(date, out var since))
            return Bad("date", "Must be YYYY-MM-DD.");
        if (NumberPlan.International(to) is not { } recipient)
            return Bad("to", "Must be a number.");
        var found = await OfDayAsync(since, recipient, account.ApiKey);
        return Found(new SearchedMessages(found.Count, found));
    });

    /// <summary>What of one day, to one recipient if asked for, was refused, the newest first; up to 1000.</summary>
    [HttpGet("search/rejections"), SearchFields("date", "to")]
    [ProducesResponseType<RejectedMessages>(StatusCodes.Status200OK, "application/json")]
    [ProducesResponseType<BadSearch>(StatusCodes.Status400BadRequest, "application/json")]
    public Task<IActionResult> RejectionsAsync() => AnswerAsync(async (fields, account) =>
    {
        if (fields["date"] is not { } date)
            return Bad("date", "Is required.");
        if (!TryReadDay(date, out var since))
            return Bad("date", "Must be YYYY-MM-DD.");
        var (apiKey, to, until) = (account.ApiKey, fields["to"], since + (long)TimeSpan.FromDays(1).TotalMilliseconds);
        if (to?.Contains('\0') == true)
            return Bad("to", "Must be a number.");
        var rows = await store.ReadAsync(db => new ValueTask<List<RejectionRow>>(db.Rejections.AsNoTracking()
            .Where(row => row.Account == apiKey && row.ReceivedAt >= since && row.ReceivedAt < until && (to == null || row.Recipient == to))
            .OrderByDescending(row => row.ReceivedAt).ThenByDescending(row => row.Id).Take(MaxItems).ToListAsync(Cancel)));
        return Found(new RejectedMessages(rows.Count, rows.ConvertAll(RejectedMessage.Of)));
    });

    /// <summary>Takes the customer's word whether a message did what it was sent for; it is kept with the message's attempts.</summary>
    [HttpPost("conversions/sms"), SearchFields("message-id", "delivered", "timestamp")]
    [ProducesResponseType<ErrorCodeReply>(StatusCodes.Status200OK, "application/json")]
    [ProducesResponseType<ErrorCodeReply>(MethodFailed, "application/json")]
    [ProducesResponseType<ErrorCodeReply>(StatusCodes.Status423Locked, "application/json")]
    public Task<IActionResult> ConversionAsync() => AnswerAsync(async (fields, account) =>
    {
        if (fields["message-id"] is not { } id || fields["delivered"] is not { } word)
            return Coded(MethodFailed, $"{(fields["message-id"] is null ? "message-id" : "delivered")} is missing");
        if (DeliveredOf(word) is not { } delivered)
            return Coded(StatusCodes.Status423Locked, "delivered must be 1, 0, true or false");
        var at = Time.GetUtcNow();
        if (fields["timestamp"] is { } timestamp && !DateTimeOffset.TryParseExact(
            timestamp, "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out at))
            return Coded(StatusCodes.Status423Locked, "timestamp must be yyyy-MM-dd HH:mm:ss");
        if (!MessageId.TryParse(id, out var number) || await store.DueMessages.FindAsync(number, Cancel) is not { } row || row.Account != account.ApiKey)
            return Coded(StatusCodes.Status423Locked, "no message with this message-id");
        await KeepAsync(row, (byte)(number - row.Id), at, delivered);
        return Coded(StatusCodes.Status200OK, "success"); // a body, since SDKs cannot read none
    });

    /// <param name="date">YYYY-MM-DD.</param>
    /// <param name="since">When it begins, Unix milliseconds.</param>
    private static bool TryReadDay(string date, out long since)
    {
        var known = DateOnly.TryParseExact(date, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day);
        since = new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero).ToUnixTimeMilliseconds();
        return known;
    }

    private static bool? DeliveredOf(string word) => word.ToLowerInvariant() switch
    {
        "1" or "true"  => true,
        "0" or "false" => false,
        _              => null,
    };

    private async Task KeepAsync(ShortMessageRow row, byte segment, DateTimeOffset at, bool delivered)
    {
        var kept = await store.DueMessages.AttemptsOfAsync(row.Id, Cancel);
        if (kept.Count(attempt => attempt.Channel == "conversion") >= MaxConversions)
            return;
        var change = new StoreChange();
        change.NewAttempts.Add(new AttemptRow
        {
            MessageId = row.Id, Segment = segment, StartedAt = at.ToUnixTimeMilliseconds(), Channel = "conversion", Target = row.Account ?? "",
            Outcome = delivered ? "the account reports success" : "the account reports no success",
        });
        await store.Writer.WriteAsync(change, Cancel);
    }

    private async Task<SearchedMessage?> FindAsync(string id, string account) =>
        MessageId.TryParse(id, out var number) && await store.DueMessages.FindAsync(number, Cancel) is { } row ? Shown(row, number, account) : null;

    private async Task<List<SearchedMessage>> OfDayAsync(long since, string recipient, string account)
    {
        var filter = new MessageFilter { Recipient = recipient, Since = since, Until = since + (long)TimeSpan.FromDays(1).TotalMilliseconds };
        var found = new List<SearchedMessage>();
        long? below = null;
        for (var parts = 0; parts < MaxParts && found.Count < MaxItems; parts++)
        {
            var part = await store.Lists.MessagesAsync(filter, below, MaxItems, Cancel);
            foreach (var row in part.Rows)
                for (var segment = 0; segment < row.SegmentCount && found.Count < MaxItems; segment++)
                    if (Shown(row, row.Id + segment, account) is { } message)
                        found.Add(message);
            below = part.Next;
            if (below is null)
                break;
        }
        return found;
    }

    /// <summary>Null when it is neither from nor to this account.</summary>
    private SearchedMessage? Shown(ShortMessageRow row, long segmentId, string account) =>
        row.Account == account ? SearchedMessage.Sent(row, segmentId, account)
        : row.Route == RouteKind.Application && router.AccountOf(row.Recipient)?.ApiKey == account ? SearchedMessage.Came(row, segmentId, account)
        : null;
}
