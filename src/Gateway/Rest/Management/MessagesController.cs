using System.ComponentModel.DataAnnotations;
using Gateway.Routing;
using Gateway.Store;
using Microsoft.AspNetCore.Mvc;

namespace Gateway.Rest.Management;

/// <summary>Which messages are wanted: what is not given does not matter.</summary>
public sealed class MessageQuery
{
    /// <summary>api_key of the account that sent it.</summary>
    [FromQuery(Name = "account"), StorableText] public string? Account { get; init; }
    /// <summary>Recipient: E.164 digits, with or without plus, or a short code.</summary>
    [FromQuery(Name = "to"), StorableText] public string? To { get; init; }
    /// <summary>Sender: a number, or a name as it was shown.</summary>
    [FromQuery(Name = "from"), StorableText] public string? From { get; init; }
    /// <summary>waiting, handedOver, delivered, expired, failed or rejected.</summary>
    [FromQuery(Name = "state"), AllowedValues(null, "waiting", "handedOver", "delivered", "expired", "failed", "rejected",
        ErrorMessage = "must be waiting, handedOver, delivered, expired, failed or rejected")]
    public string? State { get; init; }
    /// <summary>Accepted at this time or later.</summary>
    [FromQuery(Name = "since")] public DateTimeOffset? Since { get; init; }
    /// <summary>Accepted before this time.</summary>
    [FromQuery(Name = "until")] public DateTimeOffset? Until { get; init; }

    internal MessageFilter ToFilter() => new()
    {
        Account = Account,
        Recipient = To is null ? null : NumberPlan.International(To) ?? To,
        Originator = From is null ? null : SenderAddress.Parse(From) ?? From,
        State = State is null ? null : Enum.Parse<MessageState>(State, ignoreCase: true),
        Since = Since?.ToUnixTimeMilliseconds(),
        Until = Until?.ToUnixTimeMilliseconds(),
    };
}

/// <summary>What became of messages.</summary>
[Route("api/messages")]
public sealed class MessagesController(GatewayStore store) : ManagementController
{
    /// <summary>
    /// Messages, the newest first, those under way and those concluded until the retention ends. A page looks at a bounded number of messages and
    /// may have fewer items than asked for, or none: there are more as long as there is a <c>next</c>.
    /// </summary>
    [HttpGet]
    [ProducesResponseType<Page<MessageView>>(StatusCodes.Status200OK, "application/json")]
    [ProducesResponseType<ProblemDetails>(StatusCodes.Status400BadRequest, Problems.MediaType)]
    public async Task<IActionResult> ListAsync([FromQuery] MessageQuery query, [FromQuery] PageQuery page, CancellationToken cancel)
    {
        var below = 0L;
        if (page.AfterKey is { } key && !MessageId.TryParse(key, out below))
            return NoCursor();
        var part = await store.Lists.MessagesAsync(query.ToFilter(), page.AfterKey is null ? null : below, page.Limit, cancel);
        return Ok(new Page<MessageView>([.. part.Rows.Select(MessageView.Of)], part.Next is { } next ? PageQuery.Cursor(MessageId.Format(next)) : null));
    }

    /// <summary>One message, by its id or that of any of its segments, with its segments and every attempt.</summary>
    [HttpGet("{id}")]
    [ProducesResponseType<MessageDetails>(StatusCodes.Status200OK, "application/json")]
    public async Task<IActionResult> GetAsync(string id, CancellationToken cancel)
    {
        if (!MessageId.TryParse(id, out var number) || await store.DueMessages.FindAsync(number, cancel) is not { } row)
            return Refuse(StatusCodes.Status404NotFound, "There is no such message");
        return Ok(new MessageDetails(row, await store.DueMessages.AttemptsOfAsync(row.Id, cancel)));
    }
}
