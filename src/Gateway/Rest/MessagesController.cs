using System.Net;
using System.Text.Json.Serialization;
using Gateway.Acceptance;
using Gateway.Store;
using Gateway.Webhooks;
using Microsoft.AspNetCore.Mvc;

namespace Gateway.Rest;

/// <summary>
/// Sends a text the way Nexmo's (Vonage's) Messages API does. 202 says that it is stored for good; its status comes by webhook, one for the whole message.
/// </summary>
[Tags("Messages API")]
public sealed class MessagesController(Accounts accounts, Acceptor acceptor, Rejections rejections, TimeProvider time) : ControllerBase
{
    private const string Bearer = "Bearer ", RetryAfterSeconds = "5";

    /// <summary>Sends a text by SMS.</summary>
    [HttpPost("v1/messages"), MessagesFields]
    [ProducesResponseType<SentMessage>(StatusCodes.Status202Accepted, "application/json")]
    [ProducesResponseType<MessagesProblem>(StatusCodes.Status401Unauthorized, "application/problem+json")]
    [ProducesResponseType<MessagesProblem>(StatusCodes.Status402PaymentRequired, "application/problem+json")]
    [ProducesResponseType<MessagesProblem>(StatusCodes.Status409Conflict, "application/problem+json")]
    [ProducesResponseType<MessagesProblem>(StatusCodes.Status422UnprocessableEntity, "application/problem+json")]
    [ProducesResponseType<MessagesProblem>(StatusCodes.Status429TooManyRequests, "application/problem+json")]
    [ProducesResponseType<MessagesProblem>(StatusCodes.Status503ServiceUnavailable, "application/problem+json")]
    public async Task<IActionResult> SendAsync()
    {
        Response.Headers.CacheControl = "no-store";
        var (account, refusal) = await AuthenticateAsync();
        if (account is null)
            return refusal!;
        if (!accounts.TryTake(account, out _))
            return MessagesProblem.TooMany();
        if (!SmsHeaders.TryReadKey(Request.Headers, out var key))
            return MessagesProblem.Invalid([new InvalidParameter(SmsHeaders.IdempotencyKey, $"must be 1 to {SmsHeaders.MaxKeyCharacters} visible ASCII characters")]);
        if (!SmsHeaders.TryReadLane(Request.Headers, account, out var lane, out var fault))
            return MessagesProblem.Invalid([new InvalidParameter(SmsHeaders.Priority, fault.Text)]);
        if (await RequestFields.ReadOctetsAsync(Request) is not { } body)
            return MessagesProblem.Invalid([new InvalidParameter("body", $"is larger than {RequestFields.MaxBodyOctets} octets, or was not read to its end")]);
        if (MessagesRequest.Read(body, account.Settings, out var faults) is not { } request)
        {
            rejections.Add(account.Settings.ApiKey, null, null, NexmoFault.Invalid($"{faults[0].Name} {faults[0].Reason}"));
            return MessagesProblem.Invalid(faults);
        }
        var submission = request.ToSubmission(account.Settings, lane, key) with { Source = MessageSource.Messages };
        // A client that hangs up does not take back what it has handed over.
        var result = await acceptor.AcceptAsync(submission, CancellationToken.None);
        if (result.Accepted)
            return Accepted(new SentMessage(MessageUuid.Of(result.Id)));
        if (result.Refusal != Refusal.KeyReused)
            rejections.Add(account.Settings.ApiKey, request.From, request.To, NexmoFault.Of(result));
        if (result.Refusal is Refusal.Stopping or Refusal.StoreUnavailable)
            Response.Headers.RetryAfter = RetryAfterSeconds;
        return MessagesProblem.Of(result);
    }

    private async Task<(Account? Account, ObjectResult? Refusal)> AuthenticateAsync()
    {
        var authorization = Request.Headers.Authorization.ToString();
        var source = HttpContext.Connection.RemoteIpAddress ?? IPAddress.None;
        if (authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
            return (await ApplicationToken.AuthenticateAsync(authorization[Bearer.Length..].Trim(), source, accounts, time.GetUtcNow()), MessagesProblem.Unauthorized());
        var (account, fault) = await Authentication.AuthenticateAsync(RequestFields.Of([]), authorization, source, accounts, time.GetUtcNow());
        return (account, fault.Status == NexmoStatus.Throttled ? MessagesProblem.TooMany() : MessagesProblem.Unauthorized());
    }
}

/// <summary>The message is stored.</summary>
/// <param name="MessageUuid">Its name in webhooks.</param>
public sealed record SentMessage([property: JsonPropertyName("message_uuid")] string MessageUuid);

/// <summary>The parameters of the Messages API for the API description.</summary>
internal sealed class MessagesFieldsAttribute : TakesFieldsAttribute
{
    public override bool JsonOnly => true;

    public override IReadOnlyList<FieldDescription> Fields { get; } =
    [
        new("channel", "sms", "sms.", Required: true),
        new("message_type", "text", "text.", Required: true),
        new("to", "4940111", "Recipient: E.164 digits.", Required: true),
        new("from", "AcmeInc", "Sender: a number of up to 15 digits, or a name of up to 11 characters.", Required: true),
        new("text", "Hello from the gateway", "The message, up to 1000 characters.", Required: true),
        new("client_ref", null, "Your reference, up to 100 characters; comes back in webhooks."),
        new("ttl", null, "How long delivery may be tried, in seconds: 20 (or the account's own minimum) to 604800, default 259200."),
        new("webhook_url", null, "URL for this message's status instead of the account's."),
    ];

    public override IReadOnlyList<FieldDescription> Headers { get; } =
    [
        new("Authorization", null, "Basic with key and secret, or Bearer with a JWT (RS256) of the application."),
        new(SmsHeaders.IdempotencyKey, null, "As for the SMS API."),
        new(SmsHeaders.Priority, null, "As for the SMS API."),
    ];
}
