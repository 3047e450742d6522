using Gateway.Rest;
using Gateway.Rest.Management;
using Gateway.Routing;
using Gateway.Store;
using Microsoft.AspNetCore.Mvc;

namespace Gateway.Carriers;

/// <summary>Which way messages take.</summary>
[Route("api/routes")]
[ProducesResponseType<ProblemDetails>(StatusCodes.Status400BadRequest, Problems.MediaType)]
public sealed class RoutesController(NumberPlan numbers, Router router, CarrierRegistry carriers) : ManagementController
{
    /// <summary>Where a message to this number would go now and why, without sending one.</summary>
    /// <param name="to">The recipient, as a request to /sms/json may write it.</param>
    /// <param name="from">The sender: shows how each route writes it.</param>
    [HttpGet("explain")]
    public ActionResult<RouteExplanation> Explain([FromQuery] string to, [FromQuery] string? from = null)
    {
        if (numbers.Given(to) is not { } number) return RefuseField("to", $"\"{to}\" is not a number");
        string? sender = null;
        if (from is not null && (sender = SenderAddress.Parse(from)) is null) return RefuseField("from", $"\"{from}\" is neither a number nor a name");
        var choice = router.Find(number);
        var routes = choice is { Kind: RouteKind.Carrier } ? router.Carriers(number).ConvertAll(route => Explain(route, number, sender)) : [];
        return new RouteExplanation(number, choice?.Kind.ToString(), choice?.Reason ?? $"{number} is nobody's here and no carrier serves it", routes);
    }

    private CarrierRoute Explain(RouteChoice route, string number, string? sender)
    {
        var carrier = carriers.Find(route.Carrier!);
        return new CarrierRoute(route.Carrier!, route.Reason, sender is null ? null : carrier?.SenderOf(numbers.Sender(sender), number), carrier?.IsOpen == true);
    }
}

/// <param name="Number">The recipient in E.164 digits, or the short code.</param>
/// <param name="Kind">Application, Subscriber or Carrier; null: there is no route, and the message would be refused.</param>
/// <param name="Reason">Why, as a message's history would say it.</param>
/// <param name="Routes">The carriers in the order in which they would have their turn.</param>
public sealed record RouteExplanation(string Number, string? Kind, string Reason, IReadOnlyList<CarrierRoute> Routes);

/// <param name="Carrier">Its name.</param>
/// <param name="Reason">Why it is in this place.</param>
/// <param name="Sender">The sender as it would be written there; null when none was given.</param>
/// <param name="PassedOver">It has failed repeatedly on this node and is left alone for the moment, if another one can take the message.</param>
public sealed record CarrierRoute(string Carrier, string Reason, string? Sender, bool PassedOver);
