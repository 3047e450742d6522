using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Gateway.Acceptance;
using Gateway.Delivery;
using Gateway.Rest;
using Gateway.Routing;
using Gateway.Store;
using Microsoft.AspNetCore.Mvc;

namespace Gateway.Carriers;

/// <summary>
/// What carriers call: messages for our subscribers and applications, and receipts for what we handed over. The answer is 200 only when the message
/// is stored; until then the carrier repeats, and a repeat is stored once.
/// </summary>
[Route("webhooks/{carrier}")]
[Tags("Carrier webhooks")]
[ProducesResponseType(StatusCodes.Status200OK)]
[ProducesResponseType<ProblemDetails>(StatusCodes.Status400BadRequest, "application/problem+json")]
[ProducesResponseType<ProblemDetails>(StatusCodes.Status401Unauthorized, "application/problem+json")]
[ProducesResponseType<ProblemDetails>(StatusCodes.Status404NotFound, "application/problem+json")]
[ProducesResponseType<ProblemDetails>(StatusCodes.Status503ServiceUnavailable, "application/problem+json")]
public sealed class CarrierWebhooksController(
    CarrierRegistry carriers, Acceptor acceptor, GatewayStore store, Mailboxes mailboxes) : ControllerBase
{
    private const string SecretField = "secret", SecretHeader = "X-Webhook-Secret";
    private const int MaxHandedOver = 500;

    /// <summary>A message from the carrier's side, with Nexmo's field names.</summary>
    [HttpPost("inbound-sms"), HttpGet("inbound-sms"), InboundSmsFields]
    [ProducesResponseType<ProblemDetails>(StatusCodes.Status422UnprocessableEntity, "application/problem+json")]
    public async Task<IActionResult> InboundSms()
    {
        if (!IsKnown(out var settings, out var refusal))
            return refusal;
        var fields = await RequestFields.ReadAsync(Request);
        if (fields.Fault is { } unreadable)
            return Refuse(StatusCodes.Status400BadRequest, "The request cannot be read", unreadable);
        if (IsUrlCheck(fields))
            return Ok();
        if (Carriers.InboundSms.Read(fields, settings.Name, out var fault) is not { } submission)
            return RefuseField(fault);
        var result = await acceptor.AcceptAsync(submission, CancellationToken.None);
        return result.Accepted ? Ok() : Refuse(result);
    }

    /// <summary>A receipt for a message we handed over to the carrier, with Nexmo's field names.</summary>
    [HttpPost("delivery-receipt"), HttpGet("delivery-receipt"), DeliveryReceiptFields]
    public async Task<IActionResult> DeliveryReceipt()
    {
        if (!IsKnown(out var settings, out var refusal))
            return refusal;
        var fields = await RequestFields.ReadAsync(Request);
        if (fields.Fault is { } unreadable)
            return Refuse(StatusCodes.Status400BadRequest, "The request cannot be read", unreadable);
        if (IsUrlCheck(fields))
            return Ok();
        if (fields["status"] is not { } status)
            return RefuseField(new FieldFault("status", "status is missing"));
        if (fields["messageId"] is null && fields["client-ref"] is null)
            return RefuseField(new FieldFault("messageId", "messageId is missing"));
        try
        {
            var message = await FindAsync(fields, settings.Name);
            if (message is { State: MessageState.Waiting, Attempts: 0 }) // it overtook the answer to our own request
                return RetryLater("The message is not handed over yet", TimeSpan.FromSeconds(5));
            var errorCode = byte.TryParse(fields["err-code"], NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? code : (byte)0;
            var receipt = new CarrierReceipt(message?.Id ?? 0, settings.Name, fields["messageId"] ?? "", status.ToLowerInvariant(), errorCode);
            return message is not null && await mailboxes.CarrierReceiptAsync(receipt, CancellationToken.None)
                ? Ok()
                : Refuse(StatusCodes.Status404NotFound, "Unknown message", "neither client-ref nor messageId is of a message handed over to this carrier");
        }
        catch (StoreUnavailableException)
        {
            return RetryLater("The message store is not available", TimeSpan.FromSeconds(5));
        }
    }

    /// <summary>By the reference we gave, else by the carrier's own id among the messages under way to that recipient.</summary>
    private async Task<ShortMessageRow?> FindAsync(RequestFields fields, string carrier)
    {
        if (MessageId.TryParse(fields["client-ref"], out var id))
        {
            var row = await store.DueMessages.FindAsync(id, CancellationToken.None);
            return IsTheirs(row) ? row : null;
        }
        if (fields["messageId"] is not { } partId || NumberPlan.International(fields["msisdn"] ?? "") is not { } recipient)
            return null;
        var waiting = await store.DueMessages.WaitingForAsync(recipient, after: default, MaxHandedOver, CancellationToken.None);
        var escaped = Uri.EscapeDataString(partId);
        return waiting.Find(row => IsTheirs(row) && row.CarrierMessageIds?.Split(',').Any(part => part.Split('=')[0] == escaped) == true);

        // Not compared with the row's carrier: after a failure another one of its routes may have taken the message.
        static bool IsTheirs(ShortMessageRow? row) => row is { Route: RouteKind.Carrier };
    }

    // Not an argument of the actions: binding one would make ASP.NET read a form body before we do.
    private bool IsKnown([NotNullWhen(true)] out CarrierSettings? settings, [NotNullWhen(false)] out IActionResult? refusal)
    {
        var name = (string)RouteData.Values["carrier"]!;
        settings = carriers.Settings(name);
        refusal = settings is null ? Refuse(StatusCodes.Status404NotFound, "Unknown carrier", $"there is no carrier {name}")
            : HasSecret(settings) ? null
            : Refuse(StatusCodes.Status401Unauthorized, "Wrong secret", $"the webhook secret is missing or wrong: header {SecretHeader} or query {SecretField}");
        return refusal is null;
    }

    private bool HasSecret(CarrierSettings settings)
    {
        if (string.IsNullOrEmpty(settings.WebhookSecret))
            return true;
        var given = Request.Headers.TryGetValue(SecretHeader, out var header) ? header.ToString() : Request.Query[SecretField].ToString();
        // Digests, so that the time it takes tells nothing of the secret, its length included.
        return CryptographicOperations.FixedTimeEquals(Digest(given), Digest(settings.WebhookSecret));

        static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>Nexmo asks for a URL with GET and nothing in it before it accepts it as a webhook, and wants 200.</summary>
    private bool IsUrlCheck(RequestFields fields) => HttpMethods.IsGet(Request.Method) && fields.All(field => field.Key == SecretField);

    private IActionResult Refuse(AcceptanceResult refused) => refused.Refusal switch
    {
        Refusal.Overloaded       => RetryLater("Too much at once", TimeSpan.FromSeconds(1)),
        Refusal.Stopping         => RetryLater("The service is restarting", TimeSpan.FromSeconds(5)),
        Refusal.StoreUnavailable => RetryLater("The message store is not available", TimeSpan.FromSeconds(5)),
        Refusal.TooLong          => Refuse(StatusCodes.Status422UnprocessableEntity, "Message too long", refused.Detail),
        Refusal.Unroutable       => Refuse(StatusCodes.Status422UnprocessableEntity, "Unroutable", refused.Detail),
        _                        => Refuse(StatusCodes.Status422UnprocessableEntity, "Invalid destination", refused.Detail),
    };

    private ObjectResult RetryLater(string title, TimeSpan wait)
    {
        Response.Headers.RetryAfter = wait.TotalSeconds.ToString("F0", CultureInfo.InvariantCulture);
        return Refuse(StatusCodes.Status503ServiceUnavailable, title, "nothing is stored; please send it again");
    }

    private ObjectResult RefuseField(FieldFault fault) =>
        Problem(fault.Detail, statusCode: StatusCodes.Status400BadRequest, title: "A field is missing or wrong",
            extensions: new Dictionary<string, object?> { ["field"] = fault.Field });

    private ObjectResult Refuse(int status, string title, string detail) => Problem(detail, statusCode: status, title: title);
}
