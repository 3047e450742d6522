using System.Security.Cryptography;
using System.Text.Json.Serialization;
using Gateway.Acceptance;
using Microsoft.AspNetCore.Mvc;

namespace Gateway.Rest;

/// <summary>A refusal of the Messages API, in Nexmo's kind of problem document.</summary>
public sealed record MessagesProblem
{
    private const string Errors = "https://developer.vonage.com/api-errors";

    /// <summary>What kind of refusal it is.</summary>
    [JsonPropertyName("type")] public required string Type { get; init; }
    [JsonPropertyName("title")] public required string Title { get; init; }
    /// <summary>What is wrong with this request.</summary>
    [JsonPropertyName("detail")] public required string Detail { get; init; }
    /// <summary>Another one with each refusal.</summary>
    [JsonPropertyName("instance")] public string Instance { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
    /// <summary>Of 422: what is wrong with which parameter.</summary>
    [JsonPropertyName("invalid_parameters"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<InvalidParameter>? InvalidParameters { get; init; }

    internal static ObjectResult Unauthorized() => Of(StatusCodes.Status401Unauthorized, "#unauthorized", "Unauthorized", "You did not provide correct credentials.");

    internal static ObjectResult TooMany() => Of(StatusCodes.Status429TooManyRequests, "/messages#1000", "Throttled", "The account's rate of requests is exceeded. Please wait, then retry.");

    internal static ObjectResult Invalid(IReadOnlyList<InvalidParameter> faults) =>
        Of(StatusCodes.Status422UnprocessableEntity, "/messages#1020", "Invalid params", "The value of one or more parameters is invalid.", faults);

    internal static ObjectResult Of(AcceptanceResult refused) => refused.Refusal switch
    {
        Refusal.InvalidDestination => Invalid([new InvalidParameter("to", "must be a number")]),
        Refusal.Unroutable         => Of(StatusCodes.Status422UnprocessableEntity, "/messages#1040", "Invalid message", "Nobody serves this recipient."),
        Refusal.TooLong            => Of(StatusCodes.Status422UnprocessableEntity, "/messages#1090", "Message too long", refused.Detail),
        Refusal.QuotaExceeded      => Of(StatusCodes.Status402PaymentRequired, "/messages#1070", "Partner quota exceeded", "The account's balance does not pay for this message."),
        Refusal.KeyReused          => Of(StatusCodes.Status409Conflict, "/messages#1020", "Key used before", $"{SmsHeaders.IdempotencyKey} was used within the last 24 hours for another request."),
        Refusal.Overloaded         => TooMany(),
        _                          => Of(StatusCodes.Status503ServiceUnavailable, "/messages#1030", "Internal error", "The message cannot be taken now. Please retry."),
    };

    private static ObjectResult Of(int status, string type, string title, string detail, IReadOnlyList<InvalidParameter>? faults = null) =>
        new(new MessagesProblem { Type = Errors + type, Title = title, Detail = detail, InvalidParameters = faults })
        {
            StatusCode = status, ContentTypes = { "application/problem+json" },
        };
}
