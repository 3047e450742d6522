using System.Buffers;
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

    /// <summary>Sends a short message; the answer is JSON.</summary>
    [HttpPost("json"), HttpGet("json"), SmsFields, ProducesResponseType<SmsReplyBody>(StatusCodes.Status200OK, "application/json")]
    [ProducesResponseType<SmsReplyBody>(StatusCodes.Status503ServiceUnavailable, "application/json")]
    public async Task<IActionResult> SendJson()
    {
        var (reply, problem) = await SendAsync();
        if (problem is not null)
            return problem;
        var body = new ArrayBufferWriter<byte>(512);
        reply.WriteJson(body);
        return await AnswerAsync("application/json", reply, body);
    }

    /// <summary>Sends a short message; the answer is XML.</summary>
    [HttpPost("xml"), HttpGet("xml"), SmsFields, ProducesResponseType<string>(StatusCodes.Status200OK, "text/xml")]
    [ProducesResponseType<string>(StatusCodes.Status503ServiceUnavailable, "text/xml")]
    public async Task<IActionResult> SendXml()
    {
        var (reply, problem) = await SendAsync();
        if (problem is not null)
            return problem;
        var body = new ArrayBufferWriter<byte>(512);
        reply.WriteXml(body);
        return await AnswerAsync("text/xml; charset=UTF-8", reply, body);
    }

    /// <summary>Monitors ask for HEAD to see whether the service is there; nothing is sent.</summary>
    [HttpHead("json"), HttpHead("xml"), ApiExplorerSettings(IgnoreApi = true)]
    public IActionResult Probe() => Ok();

    /// <summary>Nexmo knows no resource under these methods, where ASP.NET would say that the method is not allowed.</summary>
    [AcceptVerbs("PUT", "PATCH", "DELETE"), Route("json"), Route("xml"), ApiExplorerSettings(IgnoreApi = true)]
    public IActionResult Unknown() => NotFound();

    private async Task<(SmsReply Reply, IActionResult? Problem)> SendAsync()
    {
        var fields = await RequestFields.ReadAsync(Request);
        if (fields.Fault is { } unreadable)
            return (SmsReply.Refused(NexmoFault.Invalid(unreadable)), null);
        var authorization = Request.Headers.Authorization.Count > 0 ? Request.Headers.Authorization.ToString() : null;
        var source = HttpContext.Connection.RemoteIpAddress ?? IPAddress.None;
        var (account, fault) = await Authentication.AuthenticateAsync(fields, authorization, source, accounts, time.GetUtcNow());
        if (account is null)
            return (SmsReply.Refused(fault), null);
        var (reply, problem) = await SendAsync(fields, account);
        if (problem is null && reply.Fault.Status != NexmoStatus.Success)
            rejections.Add(account.Settings.ApiKey, fields["from"], fields["to"], reply.Fault);
        return (reply, problem);
    }

    private async Task<(SmsReply Reply, IActionResult? Problem)> SendAsync(RequestFields fields, Account account)
    {
        if (!SmsHeaders.TryReadKey(Request.Headers, out var key))
            return (default, Problem($"{SmsHeaders.IdempotencyKey} must be 1 to {SmsHeaders.MaxKeyCharacters} visible ASCII characters",
                statusCode: StatusCodes.Status400BadRequest, title: $"{SmsHeaders.IdempotencyKey} is not a key"));
        if (SmsRequest.Read(fields, account.Settings.MinTtlMilliseconds, out var fault) is not { } request)
            return (SmsReply.Refused(fault), null);
        if (!SmsHeaders.TryReadLane(Request.Headers, account.Settings, out var lane, out fault))
            return (SmsReply.Refused(fault, request), null);
        if (!accounts.TryTake(account, out var wait))
            return (SmsReply.Refused(NexmoFault.Throttled(wait), request), null);
        var submission = request.ToSubmission(account.Settings, lane, key) with
        {
            Signature = fields[Signature.Field], Via = SmsHeaders.ReadVia(Request.Headers),
        };
        // A client that hangs up does not take back what it has handed over.
        var result = await acceptor.AcceptAsync(submission, CancellationToken.None);
        if (result.Refusal == Refusal.KeyReused)
            return (default, Problem($"{SmsHeaders.IdempotencyKey} {key} was used within the last 24 hours for another request",
                statusCode: StatusCodes.Status409Conflict, title: $"{SmsHeaders.IdempotencyKey} was used before"));
        if (!result.Accepted && result.Refusal != Refusal.QuotaExceeded)
            return (SmsReply.Refused(NexmoFault.Of(result), request), null);
        var (price, remaining) = (submission.Charge.Price, await balances.AfterAsync(account.Settings.ApiKey, submission.Charge, result.Remaining));
        return (result.Accepted ? request.Taken(result, price, remaining)
            : SmsReply.Refused(NexmoFault.QuotaExceeded, request) with { Price = price, Remaining = remaining }, null);
    }

    private async Task<IActionResult> AnswerAsync(string contentType, SmsReply reply, ArrayBufferWriter<byte> body)
    {
        if (reply.Fault == NexmoFault.Stopping)
        {
            // What distributes requests among nodes reads this, and sends the request to another one.
            Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            Response.Headers.RetryAfter = RetryAfterSeconds;
        }
        Response.ContentType = contentType;
        Response.ContentLength = body.WrittenCount;
        Response.Headers.CacheControl = "no-store"; // a GET that sends must never be answered from a cache
        Response.Headers.XContentTypeOptions = "nosniff";
        await Response.BodyWriter.WriteAsync(body.WrittenMemory);
        return new EmptyResult();
    }
}
