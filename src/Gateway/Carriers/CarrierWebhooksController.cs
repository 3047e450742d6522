using System.Diagnostics.CodeAnalysis;
using System.Globalization;
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
[ProducesResponseType<ProblemDetails>(StatusCodes.Status403Forbidden, "application/problem+json")]
[ProducesResponseType<ProblemDetails>(StatusCodes.Status404NotFound, "application/problem+json")]
[ProducesResponseType<ProblemDetails>(StatusCodes.Status503ServiceUnavailable, "application/problem+json")]
public sealed class CarrierWebhooksController(
    CarrierRegistry carriers, Acceptor acceptor, GatewayStore store, Mailboxes mailboxes, TimeProvider time) : ControllerBase
{
    private const int MaxHandedOver = 500;
    // Kannel tells once: it waits a while for what overtakes the answer to our own request.
    private const int KannelTries = 20;
    private static readonly TimeSpan KannelPause = TimeSpan.FromMilliseconds(250);

    /// <summary>A message from the carrier's side: with Nexmo's field names, Kannel's, or those the settings name, by its kind.</summary>
    [HttpPost("inbound-sms"), HttpGet("inbound-sms"), HttpPost("{secret}/inbound-sms"), HttpGet("{secret}/inbound-sms"), InboundSmsFields]
    [ProducesResponseType<ProblemDetails>(StatusCodes.Status422UnprocessableEntity, "application/problem+json")]
    public async Task<IActionResult> InboundSms()
    {
        if (!IsKnown(out var carrier, out var refusal))
            return refusal;
        var fields = carrier.Settings.Kind switch
        {
            CarrierSettings.Kannel   => await KannelInbound.ReadAsync(Request),
            CarrierSettings.HttpKind => await RequestFields.ReadAsync(Request, RequestReading.Nested),
            _                        => await RequestFields.ReadAsync(Request),
        };
        if (IsNoneToRead(carrier, fields) is { } answer)
            return answer;
        if (carrier.Settings.Kind == CarrierSettings.HttpKind)
            fields = fields.Renamed(carrier.Settings.Http.Inbound);
        if (Carriers.InboundSms.Read(fields, carrier.Settings.Name, out var fault) is not { } submission)
            return RefuseField(fault);
        var result = await acceptor.AcceptAsync(submission, CancellationToken.None);
        return result.Accepted ? Ok() : Refuse(result);
    }

    /// <summary>A receipt for a message we handed over to the carrier, with the field names of its kind.</summary>
    [HttpPost("delivery-receipt"), HttpGet("delivery-receipt"), HttpPost("{secret}/delivery-receipt"), HttpGet("{secret}/delivery-receipt"), DeliveryReceiptFields]
    public async Task<IActionResult> DeliveryReceipt()
    {
        if (!IsKnown(out var carrier, out var refusal))
            return refusal;
        var kind = carrier.Settings.Kind;
        var fields = await RequestFields.ReadAsync(Request, kind switch
        {
            CarrierSettings.Kannel   => RequestReading.Octets,
            CarrierSettings.HttpKind => RequestReading.Nested,
            _                        => RequestReading.Flat,
        });
        if (IsNoneToRead(carrier, fields) is { } answer)
            return answer;
        if (kind == CarrierSettings.HttpKind)
            fields = fields.Renamed(carrier.Settings.Http.Receipt);
        if (CarrierReceipts.Read(fields, carrier.Settings, out var fault) is not { } receipt)
            return RefuseField(fault);
        if (fields["messageId"] is null && fields["client-ref"] is null)
            return RefuseField(new FieldFault("messageId", "messageId is missing"));
        for (var triesLeft = kind == CarrierSettings.Kannel ? KannelTries : 1; ; triesLeft--)
        {
            var taken = await TakeAsync(fields, receipt);
            if (taken is not null || triesLeft == 1)
                return taken ?? RetryLater("The message is not handed over yet, or the store is away", TimeSpan.FromSeconds(5));
            await Task.Delay(KannelPause, time, HttpContext.RequestAborted);
        }
    }

    /// <summary>Null: not yet.</summary>
    private async Task<IActionResult?> TakeAsync(RequestFields fields, CarrierReceipt receipt)
    {
        try
        {
            var message = await FindAsync(fields);
            if (message is { State: MessageState.Waiting, Attempts: 0 }) // it overtook the answer to our own request
                return null;
            return message is not null && await mailboxes.CarrierReceiptAsync(receipt with { MessageId = message.Id }, CancellationToken.None)
                ? Ok()
                : Refuse(StatusCodes.Status404NotFound, "Unknown message", "neither client-ref nor messageId is of a message handed over to this carrier");
        }
        catch (StoreUnavailableException)
        {
            return null;
        }
    }

    /// <summary>By the reference we gave, else by the carrier's own id among the messages under way to that recipient.</summary>
    private async Task<ShortMessageRow?> FindAsync(RequestFields fields)
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

    // Not arguments of the actions: binding one would make ASP.NET read a form body before we do.
    private bool IsKnown([NotNullWhen(true)] out Carrier? carrier, [NotNullWhen(false)] out IActionResult? refusal)
    {
        var name = (string)RouteData.Values["carrier"]!;
        carrier = carriers.Find(name);
        refusal = carrier is null ? Refuse(StatusCodes.Status404NotFound, "Unknown carrier", $"there is no carrier {name}")
            : !carrier.Gate.IsAddressAllowed(HttpContext.Connection.RemoteIpAddress)
                ? Refuse(StatusCodes.Status403Forbidden, "Wrong address", $"{HttpContext.Connection.RemoteIpAddress} is none of this carrier's addresses")
            : !carrier.Gate.HasSecret(Request, RouteData.Values[CarrierGate.SecretField] as string)
                ? Refuse(StatusCodes.Status401Unauthorized, "Wrong secret",
                    $"the webhook secret is missing or wrong: header {CarrierGate.SecretHeader}, query {CarrierGate.SecretField}, or before the last part of the path")
            : null;
        return refusal is null;
    }

    private IActionResult? IsNoneToRead(Carrier carrier, RequestFields fields) =>
        fields.Fault is { } unreadable ? Refuse(StatusCodes.Status400BadRequest, "The request cannot be read", unreadable)
        : IsUrlCheck(fields) ? Ok()
        : carrier.Gate.SignatureFault(fields, time.GetUtcNow()) is { } fault ? Refuse(StatusCodes.Status401Unauthorized, "Wrong signature", fault)
        : null;

    /// <summary>Nexmo asks for a URL with GET and nothing in it before it accepts it as a webhook, and wants 200.</summary>
    private bool IsUrlCheck(RequestFields fields) => HttpMethods.IsGet(Request.Method) && fields.All(field => field.Key == CarrierGate.SecretField);

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
