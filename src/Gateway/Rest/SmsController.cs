using System.Net;
using Gateway.Acceptance;
using Gateway.Billing;
using Gateway.Webhooks;
using Microsoft.AspNetCore.Mvc;

namespace Gateway.Rest;

/// <summary>
/// Sends a short message the way the Nexmo (Vonage) SMS API does. HTTP answers 200 to every request it can read; whether the message was taken
/// stands in <c>status</c>, and with status 0 it is stored for good. Only what Nexmo does not know has a status of HTTP: an idempotency key that is
/// none or stands for something else, and a gateway that is about to stop.
/// </summary>
[Route("sms")]
[Route("v1/sms")]
[Tags("SMS API")]
[ProducesResponseType<ProblemDetails>(StatusCodes.Status400BadRequest, "application/problem+json")]
[ProducesResponseType<ProblemDetails>(StatusCodes.Status409Conflict, "application/problem+json")]
public sealed class SmsController(Accounts accounts, Acceptor acceptor, Balances balances, Rejections rejections, TimeProvider time) : ControllerBase
{
    private const string RetryAfterSeconds = "5";

    private static readonly EmptyResult Answered = new();

    /// <summary>Sends a short message; the answer is JSON.</summary>
    [HttpPost("json"), HttpGet("json"), SmsFields, ProducesResponseType<SmsReplyBody>(StatusCodes.Status200OK, "application/json")]
    [ProducesResponseType<SmsReplyBody>(StatusCodes.Status503ServiceUnavailable, "application/json")]
    public Task<IActionResult> SendJson() => SendAsync(inXml: false);

    /// <summary>Sends a short message; the answer is XML.</summary>
    [HttpPost("xml"), HttpGet("xml"), SmsFields, ProducesResponseType<string>(StatusCodes.Status200OK, "text/xml")]
    [ProducesResponseType<string>(StatusCodes.Status503ServiceUnavailable, "text/xml")]
    public Task<IActionResult> SendXml() => SendAsync(inXml: true);

    /// <summary>Monitors ask for HEAD to see whether the service is there; nothing is sent.</summary>
    [HttpHead("json"), HttpHead("xml"), ApiExplorerSettings(IgnoreApi = true)]
    public IActionResult Probe() => Ok();

    /// <summary>Nexmo knows no resource under these methods, where ASP.NET would say that the method is not allowed.</summary>
    [AcceptVerbs("PUT", "PATCH", "DELETE"), Route("json"), Route("xml"), ApiExplorerSettings(IgnoreApi = true)]
    public IActionResult Unknown() => NotFound();

    private async Task<IActionResult> SendAsync(bool inXml)
    {
        var fields = await RequestFields.ReadAsync(Request);
        if (fields.Fault is { } unreadable)
            return Answer(SmsReply.Refused(NexmoFault.Invalid(unreadable)), inXml);
        var authorization = Request.Headers.Authorization.Count > 0 ? Request.Headers.Authorization.ToString() : null;
        var source = HttpContext.Connection.RemoteIpAddress ?? IPAddress.None;
        var (account, fault) = await Authentication.AuthenticateAsync(fields, authorization, source, accounts, time.GetUtcNow());
        if (account is null)
            return Answer(SmsReply.Refused(fault), inXml);
        if (!SmsHeaders.TryReadKey(Request.Headers, out var key))
            return Problem($"{SmsHeaders.IdempotencyKey} must be 1 to {SmsHeaders.MaxKeyCharacters} visible ASCII characters",
                statusCode: StatusCodes.Status400BadRequest, title: $"{SmsHeaders.IdempotencyKey} is not a key");
        if (Read(fields, account, key, out var request, out fault) is not { } submission)
            return Refuse(SmsReply.Refused(fault, request), account, fields, inXml);
        // A client that hangs up does not take back what it has handed over.
        var result = await acceptor.AcceptAsync(submission, CancellationToken.None);
        if (result.Refusal == Refusal.KeyReused)
            return Problem($"{SmsHeaders.IdempotencyKey} {submission.IdempotencyKey} was used within the last 24 hours for another request",
                statusCode: StatusCodes.Status409Conflict, title: $"{SmsHeaders.IdempotencyKey} was used before");
        if (!result.Accepted && result.Refusal != Refusal.QuotaExceeded)
            return Refuse(SmsReply.Refused(NexmoFault.Of(result), request), account, fields, inXml);
        var (price, remaining) = (submission.Charge.Price, await balances.AfterAsync(account.Settings.ApiKey, submission.Charge, result.Remaining));
        return result.Accepted ? Answer(request!.Taken(result, price, remaining), inXml)
            : Refuse(SmsReply.Refused(NexmoFault.QuotaExceeded, request) with { Price = price, Remaining = remaining }, account, fields, inXml);
    }

    /// <summary>What the account asks for, at its rate; null with the fault, and with the request as far as it could be read.</summary>
    private Submission? Read(RequestFields fields, Account account, string? key, out SmsRequest? request, out NexmoFault fault)
    {
        request = SmsRequest.Read(fields, account.Settings.MinTtlMilliseconds, out fault);
        if (request is null || !SmsHeaders.TryReadLane(Request.Headers, account, out var lane, out fault))
            return null;
        if (!accounts.TryTake(account, out var wait))
        {
            fault = NexmoFault.Throttled(wait);
            return null;
        }
        return request.ToSubmission(account.Settings, lane, key, fields[Signature.Field], SmsHeaders.ReadVia(Request.Headers));
    }

    private EmptyResult Refuse(in SmsReply reply, Account account, RequestFields fields, bool inXml)
    {
        rejections.Add(account.Settings.ApiKey, fields["from"], fields["to"], reply.Fault);
        return Answer(reply, inXml);
    }

    /// <summary>Puts the answer where the server sends it from when the action is over.</summary>
    private EmptyResult Answer(in SmsReply reply, bool inXml)
    {
        if (reply.Fault == NexmoFault.Stopping)
        {
            // What distributes requests among nodes reads this, and sends the request to another one.
            Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            Response.Headers.RetryAfter = RetryAfterSeconds;
        }
        Response.Headers.CacheControl = "no-store"; // a GET that sends must never be answered from a cache
        Response.Headers.XContentTypeOptions = "nosniff";
        if (inXml) reply.WriteXml(Response);
        else reply.WriteJson(Response);
        return Answered;
    }
}
