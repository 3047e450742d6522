using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Gateway.Store;
using Gateway.Webhooks;
using Microsoft.AspNetCore.Mvc;

namespace Gateway.Rest.Management;

/// <summary>Which webhooks are wanted: what is not given does not matter.</summary>
public sealed class WebhookQuery
{
    /// <summary>api_key of the account they are for.</summary>
    [FromQuery(Name = "account"), StorableText] public string? Account { get; init; }
    /// <summary>pending, dead or delivered.</summary>
    [FromQuery(Name = "state"), AllowedValues(null, "pending", "dead", "delivered", ErrorMessage = "must be pending, dead or delivered")]
    public string? State { get; init; }

    internal WebhookFilter ToFilter() => new() { Account = Account, State = State is null ? null : Enum.Parse<WebhookState>(State, ignoreCase: true) };
}

/// <summary>Which webhooks are pushed again.</summary>
public sealed class PushQuery
{
    /// <summary>api_key of the account they are for.</summary>
    [FromQuery(Name = "account"), Required, StorableText] public string Account { get; init; } = "";
    /// <summary>dead (default) or pending.</summary>
    [FromQuery(Name = "state"), AllowedValues("dead", "pending", ErrorMessage = "must be dead or pending")]
    public string State { get; init; } = "dead";
}

/// <summary>A webhook as operators see it, without what it says.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Kind">deliveryReceipt or inbound.</param>
/// <param name="Account">api_key of the account it is for.</param>
/// <param name="MessageId">The message it is about.</param>
/// <param name="Url">Where it goes, without the password and the query that the URL may have.</param>
/// <param name="State">pending, dead or delivered.</param>
/// <param name="Attempts">Tries so far, since it was last wanted again.</param>
/// <param name="CreatedAt">When it was made, or a dead one wanted again: 24 hours later it is dead.</param>
/// <param name="DueAt">Its next try, while it is pending.</param>
/// <param name="LastResult">What the last try met: a status of HTTP, or a fault in words.</param>
public sealed record WebhookView(
    long Id, string Kind, string Account, string MessageId, string Url, string State, int Attempts, DateTimeOffset CreatedAt, DateTimeOffset? DueAt, string? LastResult)
{
    internal static WebhookView Of(WebhookRow row) => new(
        row.Id, MessageView.Word(row.Kind), row.Account, Store.MessageId.Format(row.MessageId), Shown(row.Url), MessageView.Word(row.State), row.Attempts,
        MessageView.Time(row.CreatedAt), row.DueAt is { } due ? MessageView.Time(due) : null, row.LastResult);

    private static string Shown(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var parsed) ? parsed.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped) : url;
}

/// <summary>What was pushed again, of the part of the list that was looked at.</summary>
/// <param name="Webhooks">How many webhooks.</param>
/// <param name="Next">The <c>after</c> that goes on with the rest; null: nothing is left.</param>
public sealed record Pushed(int Webhooks, string? Next);

/// <summary>Webhooks to customers: those that wait, and those that were not taken within 24 hours and are dead.</summary>
[Route("api/webhooks")]
[ProducesResponseType<ProblemDetails>(StatusCodes.Status400BadRequest, Problems.MediaType)]
public sealed class WebhooksController(GatewayStore store, WebhookBell bell, TimeProvider time) : ManagementController
{
    /// <summary>
    /// Webhooks, the newest first, until the retention ends. A page looks at a bounded number of webhooks and may have fewer items than asked for, or
    /// none: there are more as long as there is a <c>next</c>.
    /// </summary>
    [HttpGet]
    [ProducesResponseType<Page<WebhookView>>(StatusCodes.Status200OK, "application/json")]
    public async Task<IActionResult> ListAsync([FromQuery] WebhookQuery query, [FromQuery] PageQuery page, CancellationToken cancel)
    {
        if (!TryReadCursor(page, out var below))
            return NoCursor();
        var part = await store.Lists.WebhooksAsync(query.ToFilter(), below, page.Limit, cancel);
        return Ok(new Page<WebhookView>([.. part.Rows.Select(WebhookView.Of)], Cursor(part.Next)));
    }

    /// <summary>
    /// Pushes one webhook again, at once: a dead one lives anew for 24 hours, one that waits does not wait any longer. An endpoint that does not answer
    /// is left alone for a few minutes at most before it is asked again.
    /// </summary>
    [HttpPost("{id:long}/push")]
    [ProducesResponseType<WebhookView>(StatusCodes.Status202Accepted, "application/json")]
    [ProducesResponseType<ProblemDetails>(StatusCodes.Status409Conflict, Problems.MediaType)]
    public async Task<IActionResult> PushAsync(long id, CancellationToken cancel)
    {
        if (await store.Lists.FindWebhookAsync(id, cancel) is not { } webhook)
            return Refuse(StatusCodes.Status404NotFound, "There is no such webhook");
        if (webhook.State == WebhookState.Delivered)
            return Refuse(StatusCodes.Status409Conflict, "The webhook has been delivered");
        await PushAsync([webhook], cancel);
        return Accepted(WebhookView.Of(await store.Lists.FindWebhookAsync(id, cancel) ?? webhook));
    }

    /// <summary>Pushes an account's dead or pending webhooks again, a part of them at a time: repeat it with <c>after</c> until there is no <c>next</c>.</summary>
    [HttpPost("push")]
    [ProducesResponseType<Pushed>(StatusCodes.Status202Accepted, "application/json")]
    public async Task<IActionResult> PushAllAsync([FromQuery] PushQuery query, [FromQuery] PageQuery page, CancellationToken cancel)
    {
        if (!TryReadCursor(page, out var below))
            return NoCursor();
        var filter = new WebhookFilter { Account = query.Account, State = Enum.Parse<WebhookState>(query.State, ignoreCase: true) };
        var part = await store.Lists.WebhooksAsync(filter, below, page.Limit, cancel);
        await PushAsync(part.Rows, cancel);
        return Accepted(new Pushed(part.Rows.Count, Cursor(part.Next)));
    }

    private async Task PushAsync(IReadOnlyList<WebhookRow> webhooks, CancellationToken cancel)
    {
        if (webhooks.Count == 0)
            return;
        await store.Writer.WriteAsync(WebhookAgain.Change(webhooks, time.GetUtcNow().ToUnixTimeMilliseconds()), cancel);
        // Only this node's; another sees its own when it next looks.
        foreach (var messageId in webhooks.Select(webhook => webhook.MessageId).Distinct())
            bell.Ring(messageId);
    }

    private static bool TryReadCursor(PageQuery page, out long? below)
    {
        var read = long.TryParse(page.AfterKey, NumberStyles.None, CultureInfo.InvariantCulture, out var id);
        below = read ? id : null;
        return read || page.AfterKey is null;
    }

    private static string? Cursor(long? next) => next is { } id ? PageQuery.Cursor(id.ToString(CultureInfo.InvariantCulture)) : null;
}
