using System.Buffers;
using Gateway.Acceptance;
using Gateway.Webhooks;
using Microsoft.AspNetCore.Mvc;

namespace Gateway.Rest;

/// <summary>
/// Sends a short message the way the Nexmo (Vonage) SMS API does. HTTP answers 200 to every request it can read; whether the message was taken
/// stands in <c>status</c>, and with status 0 it is stored for good.
/// </summary>
[Route("sms")]
[Route("v1/sms")]
[Tags("SMS API")]
public sealed class SmsController(Accounts accounts, Acceptor acceptor, TimeProvider time) : ControllerBase
{
    /// <summary>Sends a short message; the answer is JSON.</summary>
    [HttpPost("json"), HttpGet("json"), SmsFields, ProducesResponseType<SmsReplyBody>(StatusCodes.Status200OK, "application/json")]
    public async Task SendJson()
    {
        var body = new ArrayBufferWriter<byte>(512);
        (await SendAsync()).WriteJson(body);
        await AnswerAsync("application/json", body);
    }

    /// <summary>Sends a short message; the answer is XML.</summary>
    [HttpPost("xml"), HttpGet("xml"), SmsFields, ProducesResponseType<string>(StatusCodes.Status200OK, "text/xml")]
    public async Task SendXml()
    {
        var body = new ArrayBufferWriter<byte>(512);
        (await SendAsync()).WriteXml(body);
        await AnswerAsync("text/xml; charset=UTF-8", body);
    }

    /// <summary>Monitors ask for HEAD to see whether the service is there; nothing is sent.</summary>
    [HttpHead("json"), HttpHead("xml"), ApiExplorerSettings(IgnoreApi = true)]
    public IActionResult Probe() => Ok();

    /// <summary>Nexmo knows no resource under these methods, where ASP.NET would say that the method is not allowed.</summary>
    [AcceptVerbs("PUT", "PATCH", "DELETE"), Route("json"), Route("xml"), ApiExplorerSettings(IgnoreApi = true)]
    public IActionResult Unknown() => NotFound();

    private async Task<SmsReply> SendAsync()
    {
        var fields = await RequestFields.ReadAsync(Request);
        if (fields.Fault is { } unreadable)
            return SmsReply.Refused(NexmoFault.Invalid(unreadable));
        var authorization = Request.Headers.Authorization.Count > 0 ? Request.Headers.Authorization.ToString() : null;
        if (Authentication.Authenticate(fields, authorization, accounts, time.GetUtcNow(), out var fault) is not { } account)
            return SmsReply.Refused(fault);
        if (SmsRequest.Read(fields, out fault) is not { } request)
            return SmsReply.Refused(fault);
        if (!account.Rate.TryTake(out var wait))
            return SmsReply.Refused(NexmoFault.Throttled(wait), request);
        var signature = fields[Signature.Field];
        if (signature is not null && !account.UsedSignatures.TryUse(signature))
            return SmsReply.Refused(NexmoFault.RepeatedSignature);
        // A client that hangs up does not take back what it has handed over.
        var result = await acceptor.AcceptAsync(request.ToSubmission(account.Settings.ApiKey), CancellationToken.None);
        if (!result.Accepted)
        {
            if (signature is not null)
                account.UsedSignatures.Release(signature);
            return SmsReply.Refused(NexmoFault.Of(result), request);
        }
        return new SmsReply
        {
            To = request.To, FirstId = result.Id, Segments = result.SegmentCount,
            ClientReference = request.ClientReference, AccountReference = request.AccountReference,
        };
    }

    private async Task AnswerAsync(string contentType, ArrayBufferWriter<byte> body)
    {
        Response.ContentType = contentType;
        Response.ContentLength = body.WrittenCount;
        Response.Headers.CacheControl = "no-store"; // a GET that sends must never be answered from a cache
        Response.Headers.XContentTypeOptions = "nosniff";
        await Response.BodyWriter.WriteAsync(body.WrittenMemory);
    }
}
