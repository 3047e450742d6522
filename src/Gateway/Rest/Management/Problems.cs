using System.Text.Json;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ModelBinding;

namespace Gateway.Rest.Management;

/// <summary>Problem documents (RFC 9457): what is wrong with which field stands in <c>errors</c>.</summary>
internal static class Problems
{
    public const string MediaType = "application/problem+json";

    /// <param name="title">Null: the words of RFC 9110 for the status.</param>
    public static Task WriteAsync(HttpContext http, int status, string? title) =>
        TypedResults.Problem(statusCode: status, title: title).ExecuteAsync(http);

    /// <summary>What ASP.NET found wrong with a request; a JSON path ($.numbers[0]) is named without its root.</summary>
    public static IActionResult OfModel(ActionContext context)
    {
        var errors = new Dictionary<string, string[]>();
        // With a body that cannot be read, ASP.NET also misses the parameter it would have become.
        var unreadable = context.ModelState.Keys.Any(key => key.StartsWith('$'));
        foreach (var (key, entry) in context.ModelState)
        {
            if (entry.Errors.Count == 0 || unreadable && !key.StartsWith('$'))
                continue;
            errors[Field(key)] = [.. entry.Errors.Select(Words)];
        }
        return Fields(errors);
    }

    public static ObjectResult Fields(IDictionary<string, string[]> errors) =>
        Of(new ValidationProblemDetails(errors) { Status = StatusCodes.Status400BadRequest, Title = "The request is not valid" });

    /// <param name="faults">In the words of <see cref="SettingsCheck"/>: <c>:Numbers:0: "x" is not a number</c>.</param>
    /// <param name="status">Of HTTP.</param>
    /// <param name="title">What they have in common.</param>
    public static ObjectResult OfSettings(IEnumerable<string> faults, int status, string title) => Of(new ValidationProblemDetails(faults
        .Select(fault => fault.Split(": ", 2)).GroupBy(fault => FieldOf(fault[0].TrimStart(':')), fault => fault[1])
        .ToDictionary(field => field.Key, field => field.ToArray())) { Status = status, Title = title });

    /// <summary>As JSON names it what the settings name <c>Numbers:0</c>: numbers[0].</summary>
    public static string FieldOf(string key) => string.Concat(key.Split(':')
        .Select((part, i) => part.Length > 0 && char.IsAsciiDigit(part[0]) ? $"[{part}]" : (i == 0 ? "" : ".") + JsonNamingPolicy.CamelCase.ConvertName(part)));

    public static ObjectResult Of(ProblemDetails problem) => new(problem) { StatusCode = problem.Status, ContentTypes = { MediaType } };

    private static string Words(ModelError error) => error.ErrorMessage.Length > 0 ? error.ErrorMessage : "is not valid";

    private static string Field(string key) => string.Join('.', key.TrimStart('$').TrimStart('.').Split('.').Select(JsonNamingPolicy.CamelCase.ConvertName));
}
