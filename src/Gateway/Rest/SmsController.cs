using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Controllers;
using Microsoft.AspNetCore.Routing.Patterns;

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
public sealed class SmsController(SmsSending sending) : ControllerBase
{
    /// <summary>Sends a short message; the answer is JSON.</summary>
    [HttpPost("json"), HttpGet("json"), SmsFields, ProducesResponseType<SmsReplyBody>(StatusCodes.Status200OK, "application/json")]
    [ProducesResponseType<SmsReplyBody>(StatusCodes.Status503ServiceUnavailable, "application/json")]
    public Task SendJson() => sending.SendAsync(HttpContext, inXml: false);

    /// <summary>Sends a short message; the answer is XML.</summary>
    [HttpPost("xml"), HttpGet("xml"), SmsFields, ProducesResponseType<string>(StatusCodes.Status200OK, "text/xml")]
    [ProducesResponseType<string>(StatusCodes.Status503ServiceUnavailable, "text/xml")]
    public Task SendXml() => sending.SendAsync(HttpContext, inXml: true);

    /// <summary>Monitors ask for HEAD to see whether the service is there; nothing is sent.</summary>
    [HttpHead("json"), HttpHead("xml"), ApiExplorerSettings(IgnoreApi = true)]
    public IActionResult Probe() => Ok();

    /// <summary>Nexmo knows no resource under these methods, where ASP.NET would say that the method is not allowed.</summary>
    [AcceptVerbs("PUT", "PATCH", "DELETE"), Route("json"), Route("xml"), ApiExplorerSettings(IgnoreApi = true)]
    public IActionResult Unknown() => NotFound();

    /// <summary>
    /// The two actions that send are called without MVC's invoker: they have neither parameters nor filters nor results for it to see to, and with it
    /// each message would cost 2.4 kB more. Routes and description stay those of the actions; only the names of action and controller, which
    /// routing would write down for each message, nobody reads.
    /// </summary>
    internal static void Shorten(EndpointBuilder endpoint)
    {
        if (endpoint.Metadata.OfType<ControllerActionDescriptor>().SingleOrDefault() is not { } action || action.ControllerTypeInfo != typeof(SmsController))
            return;
        if (action.MethodInfo.Name is not (nameof(SendJson) or nameof(SendXml)))
            return;
        var (sending, inXml) = (endpoint.ApplicationServices.GetRequiredService<SmsSending>(), action.MethodInfo.Name == nameof(SendXml));
        endpoint.RequestDelegate = http => sending.SendAsync(http, inXml);
        if (endpoint is RouteEndpointBuilder { RoutePattern.RawText: { } path } route)
            route.RoutePattern = RoutePatternFactory.Parse(path);
    }
}
