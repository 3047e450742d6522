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
        // What lives over the wait for the store is one object of the heap for each message: no more than is needed afterwards.
        var fields = await RequestFields.ReadAsync(http.Request);
        if (await ReadAsync(http, inXml, fields) is not { } submission)
            return;
        // A client that hangs up does not take back what it has handed over.
        var result = await acceptor.AcceptAsync(submission, CancellationToken.None);
        await AnswerAsync(http, inXml, fields, submission, result);
    }

    /// <summary>What the request asks for; null: it is refused, and answered.</summary>
    private async ValueTask<Submission?> ReadAsync(HttpContext http, bool inXml, RequestFields fields)
    {
        if (fields.Fault is { } unreadable)
        {
            Answer(http, inXml, SmsReply.Refused(NexmoFault.Invalid(unreadable)));
            return null;
        }
        var headers = http.Request.Headers;
        var authorization = headers.Authorization.Count > 0 ? headers.Authorization.ToString() : null;
        var source = http.Connection.RemoteIpAddress ?? IPAddress.None;
        var (account, fault) = await Authentication.AuthenticateAsync(fields, authorization, source, accounts, time.GetUtcNow());
        if (account is null)
        {
            Answer(http, inXml, SmsReply.Refused(fault));
            return null;
        }
        if (!SmsHeaders.TryReadKey(headers, out var key))
        {
            await RefuseAsync(http, StatusCodes.Status400BadRequest, $"{SmsHeaders.IdempotencyKey} is not a key",
                $"{SmsHeaders.IdempotencyKey} must be 1 to {SmsHeaders.MaxKeyCharacters} visible ASCII characters");
            return null;
        }
        var submission = Read(headers, fields, account, key, out var asked, out fault);
        if (submission is null)
            Refuse(http, inXml, SmsReply.Refused(fault, asked), account.Settings.ApiKey, fields);
        return submission;
    }

    /// <summary>What the account asks for, at its rate; null with the fault, and with the request as far as it could be read.</summary>
    private Submission? Read(
        IHeaderDictionary headers, RequestFields fields, Account account, string? key, out SmsRequest? asked, out NexmoFault fault)
    {
        asked = SmsRequest.Read(fields, account.Settings.MinTtlMilliseconds, out fault);
        if (asked is not { } request || !SmsHeaders.TryReadLane(headers, account, out var lane, out fault))
            return null;
        if (!accounts.TryTake(account, out var wait))
        {
            fault = NexmoFault.Throttled(wait);
            return null;
        }
        return request.ToSubmission(account.Settings, lane, key, fields[Signature.Field], SmsHeaders.ReadVia(headers));
    }

    private async Task AnswerAsync(HttpContext http, bool inXml, RequestFields fields, Submission submission, AcceptanceResult result)
    {
        var account = submission.Account!;
        if (result.Refusal == Refusal.KeyReused)
        {
            await RefuseAsync(http, StatusCodes.Status409Conflict, $"{SmsHeaders.IdempotencyKey} was used before",
                $"{SmsHeaders.IdempotencyKey} {submission.IdempotencyKey} was used within the last 24 hours for another request");
            return;
        }
        if (!result.Accepted && result.Refusal != Refusal.QuotaExceeded)
        {
            Refuse(http, inXml, SmsReply.Refused(NexmoFault.Of(result), submission), account, fields);
            return;
        }
        var remaining = await balances.AfterAsync(account, submission.Charge, result.Remaining);
        if (result.Accepted)
            Answer(http, inXml, SmsReply.Taken(result, submission, remaining));
        else
            Refuse(http, inXml, SmsReply.Refused(NexmoFault.QuotaExceeded, submission) with { Price = submission.Charge.Price, Remaining = remaining }, account, fields);
    }

    private void Refuse(HttpContext http, bool inXml, in SmsReply reply, string account, RequestFields fields)
    {
        rejections.Add(account, fields["from"], fields["to"], reply.Fault);
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
