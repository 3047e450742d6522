using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gateway.Routing;
using Gateway.Store;
using Microsoft.AspNetCore.Mvc;

namespace Gateway.Rest;

/// <summary>Searches an account's messages the way Nexmo does, and takes what it says about their success.</summary>
[Tags("Search API")]
[ProducesResponseType<ErrorCodeReply>(StatusCodes.Status401Unauthorized, "application/json")]
[ProducesResponseType<ErrorCodeReply>(StatusCodes.Status429TooManyRequests, "application/json")]
public sealed class SearchController(Accounts accounts, Router router, GatewayStore store, TimeProvider time) : ControllerBase
{
    private const int MaxIds = 10, MaxItems = 1000, MaxParts = 10;
    private const int MaxConversions = 8;
    private static readonly JsonSerializerOptions Json = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>No parameter of the actions, for with any parameter ASP.NET reads the form before them.</summary>
    private CancellationToken Cancel => HttpContext.RequestAborted;

    /// <summary>One message by the id of any of its segments.</summary>
    [HttpGet("search/message"), SearchFields("id")]
    [ProducesResponseType<SearchedMessage>(StatusCodes.Status200OK, "application/json")]
    [ProducesResponseType<BadSearch>(StatusCodes.Status400BadRequest, "application/json")]
    [ProducesResponseType<ErrorCodeReply>(StatusCodes.Status404NotFound, "application/json")]
    public Task<IActionResult> MessageAsync() => AnswerAsync(async (fields, account) =>
    {
        if (fields["id"] is not { } id)
            return Bad("id", "Is required.");
        return await FindAsync(id, account) is { } message ? Found(message) : Coded(StatusCodes.Status404NotFound, "no message with this id");
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
                if (await FindAsync(id ?? "", account) is { } message)
                    messages.Add(message);
            return Found(new SearchedMessages(messages.Count, messages));
        }
        if (fields["date"] is not { } date)
            return Bad("date", "Is required, unless ids are given.");
        if (fields["to"] is not { } to)
            return Bad("to", "Is required.");
        if (!DateOnly.TryParseExact(date, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
            return Bad("date", "Must be YYYY-MM-DD.");
        if (NumberPlan.International(to) is not { } recipient)
            return Bad("to", "Must be a number.");
        var found = await OfDayAsync(day, recipient, account);
        return Found(new SearchedMessages(found.Count, found));
    });

    /// <summary>Takes the customer's word whether a message did what it was sent for; it is kept with the message's attempts.</summary>
    [HttpPost("conversions/sms"), SearchFields("message-id", "delivered", "timestamp")]
    [ProducesResponseType<ErrorCodeReply>(StatusCodes.Status200OK, "application/json")]
    [ProducesResponseType<ErrorCodeReply>(420, "application/json")]
    [ProducesResponseType<ErrorCodeReply>(StatusCodes.Status423Locked, "application/json")]
    public Task<IActionResult> ConversionAsync() => AnswerAsync(async (fields, account) =>
    {
        if (fields["message-id"] is not { } id || fields["delivered"] is not { } word)
            return Coded(420, $"{(fields["message-id"] is null ? "message-id" : "delivered")} is missing");
        if (DeliveredOf(word) is not { } delivered)
            return Coded(StatusCodes.Status423Locked, "delivered must be 1, 0, true or false");
        var at = time.GetUtcNow();
        if (fields["timestamp"] is { } timestamp && !DateTimeOffset.TryParseExact(
            timestamp, "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out at))
            return Coded(StatusCodes.Status423Locked, "timestamp must be yyyy-MM-dd HH:mm:ss");
        if (!MessageId.TryParse(id, out var number) || await store.DueMessages.FindAsync(number, Cancel) is not { } row || row.Account != account)
            return Coded(StatusCodes.Status423Locked, "no message with this message-id");
        await KeepAsync(row, (byte)(number - row.Id), at, delivered);
        return Coded(StatusCodes.Status200OK, "success"); // a body, since SDKs cannot read none
    });

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

    private async Task<List<SearchedMessage>> OfDayAsync(DateOnly day, string recipient, string account)
    {
        var since = new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero).ToUnixTimeMilliseconds();
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

    private async Task<IActionResult> AnswerAsync(Func<RequestFields, string, Task<IActionResult>> answer)
    {
        var fields = await RequestFields.ReadAsync(Request);
        var authorization = Request.Headers.Authorization.Count > 0 ? Request.Headers.Authorization.ToString() : null;
        var source = HttpContext.Connection.RemoteIpAddress ?? IPAddress.None;
        var (account, fault) = await Authentication.AuthenticateAsync(fields, authorization, source, accounts, time.GetUtcNow());
        if (fault.Status == NexmoStatus.Throttled || account is not null && !accounts.TryTake(account, out _))
            return Coded(StatusCodes.Status429TooManyRequests, "too many requests");
        if (account is null || fields.Fault is not null)
            return Coded(StatusCodes.Status401Unauthorized, "authentication failed");
        Response.Headers.CacheControl = "no-store";
        try
        {
            return await answer(fields, account.Settings.ApiKey);
        }
        catch (StoreUnavailableException)
        {
            return Coded(StatusCodes.Status503ServiceUnavailable, "the message store is not available");
        }
    }

    private static JsonResult Found<T>(T body) => new(body, Json);

    private static BadRequestObjectResult Bad(string parameter, string fault) =>
        new(new BadSearch(new Dictionary<string, string> { [parameter] = fault }));

    private static ObjectResult Coded(int status, string label) =>
        new(new ErrorCodeReply(status.ToString(CultureInfo.InvariantCulture), label)) { StatusCode = status };
}
