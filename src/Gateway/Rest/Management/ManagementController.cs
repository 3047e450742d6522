using Microsoft.AspNetCore.Mvc;

namespace Gateway.Rest.Management;

/// <summary>What the controllers under <c>/api</c> have in common. They are reached only through the <see cref="AdminGate"/>.</summary>
[ApiController]
[Tags("Management")]
[ProducesResponseType<ProblemDetails>(StatusCodes.Status401Unauthorized, Problems.MediaType)]
[ProducesResponseType<ProblemDetails>(StatusCodes.Status404NotFound, Problems.MediaType)]
public abstract class ManagementController : ControllerBase
{
    /// <summary>Refuses a request for what is wrong with one of its fields.</summary>
    protected static ObjectResult RefuseField(string field, string fault) => Problems.Fields(new Dictionary<string, string[]> { [field] = [fault] });

    /// <summary>Refuses an <c>after</c> that no page of this list gave.</summary>
    protected static ObjectResult NoCursor() => RefuseField("after", "is not the next of an earlier page");

    protected static ObjectResult Refuse(int status, string title, string? detail = null) =>
        Problems.Of(new ProblemDetails { Status = status, Title = title, Detail = detail });
}
