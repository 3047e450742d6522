using System.Net;
using Gateway.Acceptance;
using Gateway.Billing;
using Gateway.Webhooks;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.Mvc.Infrastructure;

namespace Gateway.Rest;

/// <summary>From a request of the SMS API to its answer: authenticates, reads, throttles, hands over.</summary>
public sealed class SmsSending(Accounts accounts, Acceptor acceptor, Balances balances, Rejections rejections, TimeProvider time)
{
    private const string RetryAfterSeconds = "5";

    /// <param name="http">Its response has the answer when the task completes.</param>
    /// <param name="inXml">XML is answered; else JSON.</param>
    public async Task SendAsync(HttpContext http, bool inXml)
    {
        var request = http.Request;
        var fields = await RequestFields.ReadAsync(request);
        if (fields.Fault is { } unreadable)
        {
            Answer(http, inXml, SmsReply.Refused(NexmoFault.Invalid(unreadable)));
            return;
        }
        var authorization = request.Headers.Authorization.Count > 0 ? request.Headers.Authorization.ToString() : null;
        var source = http.Connection.RemoteIpAddress ?? IPAddress.None;
        var (account, fault) = await Authentication.AuthenticateAsync(fields, authorization, source, accounts, time.GetUtcNow());
        if (account is null)
        {
            Answer(http, inXml, SmsReply.Refused(fault));
            return;
        }
        if (!SmsHeaders.TryReadKey(request.Headers, out var key))
        {
            await RefuseAsync(http, StatusCodes.Status400BadRequest, $"{SmsHeaders.IdempotencyKey} is not a key",
                $"{SmsHeaders.IdempotencyKey} must be 1 to {SmsHeaders.MaxKeyCharacters} visible ASCII characters");
            return;
        }
        if (Read(request.Headers, fields, account, key, out var asked, out fault) is not { } submission)
        {
            Refuse(http, inXml, SmsReply.Refused(fault, asked), account, fields);
            return;
        }
        // A client that hangs up does not take back what it has handed over.
        var result = await acceptor.AcceptAsync(submission, CancellationToken.None);
        if (result.Refusal == Refusal.KeyReused)
        {
            await RefuseAsync(http, StatusCodes.Status409Conflict, $"{SmsHeaders.IdempotencyKey} was used before",
                $"{SmsHeaders.IdempotencyKey} {submission.IdempotencyKey} was used within the last 24 hours for another request");
            return;
        }
        if (!result.Accepted && result.Refusal != Refusal.QuotaExceeded)
        {
            Refuse(http, inXml, SmsReply.Refused(NexmoFault.Of(result), asked), account, fields);
            return;
        }
        var (price, remaining) = (submission.Charge.Price, await balances.AfterAsync(account.Settings.ApiKey, submission.Charge, result.Remaining));
        if (result.Accepted)
            Answer(http, inXml, asked!.Taken(result, price, remaining));
        else
            Refuse(http, inXml, SmsReply.Refused(NexmoFault.QuotaExceeded, asked) with { Price = price, Remaining = remaining }, account, fields);
    }

    /// <summary>What the account asks for, at its rate; null with the fault, and with the request as far as it could be read.</summary>
    private Submission? Read(
        IHeaderDictionary headers, RequestFields fields, Account account, string? key, out SmsRequest? asked, out NexmoFault fault)
    {
        asked = SmsRequest.Read(fields, account.Settings.MinTtlMilliseconds, out fault);
        if (asked is null || !SmsHeaders.TryReadLane(headers, account, out var lane, out fault))
            return null;
        if (!accounts.TryTake(account, out var wait))
        {
            fault = NexmoFault.Throttled(wait);
            return null;
        }
        return asked.ToSubmission(account.Settings, lane, key, fields[Signature.Field], SmsHeaders.ReadVia(headers));
    }

    private void Refuse(HttpContext http, bool inXml, in SmsReply reply, Account account, RequestFields fields)
    {
        rejections.Add(account.Settings.ApiKey, fields["from"], fields["to"], reply.Fault);
        Answer(http, inXml, reply);
    }

    /// <summary>What Nexmo's API has no words for (RFC 9457), written as a controller's problems are.</summary>
    private static Task RefuseAsync(HttpContext http, int status, string title, string detail)
    {
        var problem = http.RequestServices.GetRequiredService<ProblemDetailsFactory>().CreateProblemDetails(http, status, title, detail: detail);
        return new ObjectResult(problem) { StatusCode = status }.ExecuteResultAsync(new ActionContext(http, http.GetRouteData(), new ActionDescriptor()));
    }

    private static void Answer(HttpContext http, bool inXml, in SmsReply reply)
    {
        var response = http.Response;
        if (reply.Fault == NexmoFault.Stopping)
        {
            // What distributes requests among nodes reads this, and sends the request to another one.
            response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            response.Headers.RetryAfter = RetryAfterSeconds;
        }
        response.Headers.CacheControl = "no-store"; // a GET that sends must never be answered from a cache
        response.Headers.XContentTypeOptions = "nosniff";
        if (inXml) reply.WriteXml(response);
        else reply.WriteJson(response);
    }
}
