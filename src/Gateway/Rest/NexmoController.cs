using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gateway.Store;
using Microsoft.AspNetCore.Mvc;

namespace Gateway.Rest;

/// <summary>What Nexmo's endpoints around sending have in common: who asks, at the account's rate, and how they refuse.</summary>
[ProducesResponseType<ErrorCodeReply>(StatusCodes.Status401Unauthorized, "application/json")]
[ProducesResponseType<ErrorCodeReply>(StatusCodes.Status429TooManyRequests, "application/json")]
public abstract class NexmoController(Accounts accounts, TimeProvider time) : ControllerBase
{
    /// <summary>Nexmo's status of HTTP for what cannot be done as it was asked for.</summary>
    private protected const int MethodFailed = 420;

    private static readonly JsonSerializerOptions Json = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>No parameter of the actions, for with any parameter ASP.NET reads the form before them.</summary>
    private protected CancellationToken Cancel => HttpContext.RequestAborted;

    private protected TimeProvider Time => time;

    private protected async Task<IActionResult> AnswerAsync(Func<RequestFields, AccountSettings, Task<IActionResult>> answer)
    {
        var fields = await RequestFields.ReadAsync(Request);
        var authorization = Request.Headers.Authorization.Count > 0 ? Request.Headers.Authorization.ToString() : null;
        var source = HttpContext.Connection.RemoteIpAddress ?? IPAddress.None;
        var (account, fault) = await Authentication.AuthenticateAsync(fields, authorization, source, accounts, time.GetUtcNow());
        if (fault.Status == NexmoStatus.Throttled || account is not null && !accounts.TryTake(account, out _))
            return Coded(StatusCodes.Status429TooManyRequests, "too many requests");
        if (account is null || fields.Fault is not null)
            return Coded(StatusCodes.Status401Unauthorized, "authentication failed");
        Response.Headers.CacheControl = "no-store";
        try
        {
            return await answer(fields, account.Settings);
        }
        catch (StoreUnavailableException)
        {
            return Coded(StatusCodes.Status503ServiceUnavailable, "the message store is not available");
        }
    }

    private protected static JsonResult Found<T>(T body) => new(body, Json);

    private protected static BadRequestObjectResult Bad(string parameter, string fault) =>
        new(new BadSearch(new Dictionary<string, string> { [parameter] = fault }));

    private protected static ObjectResult Coded(int status, string label) =>
        new(new ErrorCodeReply(status.ToString(CultureInfo.InvariantCulture), label)) { StatusCode = status };
}
