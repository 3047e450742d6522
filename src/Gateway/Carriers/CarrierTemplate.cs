using System.Net.Http.Headers;
using System.Security;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.RegularExpressions;
using Gateway.Store;

namespace Gateway.Carriers;

/// <summary>The texts of a carrier's request with places for what differs: <c>{to}</c> and so on, each value escaped as the text around it needs.</summary>
internal static partial class CarrierTemplate
{
    /// <summary>What may stand in braces.</summary>
    private static readonly string[] Places =
        ["to", "from", "text", "type", "data", "udh", "class", "pid", "id", "ttl", "key", "secret", "basic", "receiptUrl"];

    /// <summary>How a value is written where it stands.</summary>
    public delegate string Escape(string value);

    public static string Fill(string template, IReadOnlyDictionary<string, string> values, Escape escape) =>
        Place().Replace(template, place => values.TryGetValue(place.Groups[1].Value, out var value) ? escape(value) : place.Value);

    /// <summary>The template with something in every place.</summary>
    public static string Sample(string template) => Place().Replace(template, "1");

    public static bool Has(string template, string name) => template.Contains($"{{{name}}}", StringComparison.Ordinal);

    /// <summary>The first word in braces that is no place, or null. (Braces around anything else are JSON's own.)</summary>
    public static string? Unknown(string template) =>
        Place().Matches(template).Select(place => place.Groups[1].Value).FirstOrDefault(name => !Places.Contains(name));

    public static Dictionary<string, string> Values(ShortMessageRow message, string sender, CarrierContent content, CarrierSettings settings, string? receiptUrl)
    {
        var (key, secret) = (settings.ApiKey ?? "", settings.ApiSecret ?? "");
        return new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["to"] = message.Recipient,
            ["from"] = sender,
            ["text"] = content.Text ?? "",
            ["type"] = content.Text is null ? "binary" : content.Unicode ? "unicode" : "text",
            ["data"] = Convert.ToHexString(content.Data),
            ["udh"] = Convert.ToHexString(content.Header),
            ["class"] = content.MessageClass is { } messageClass ? Invariant(messageClass) : "",
            ["pid"] = Invariant(content.ProtocolIdentifier),
            ["id"] = MessageId.Format(message.Id),
            ["ttl"] = Invariant(Math.Max(1, (long)Math.Ceiling(content.Remaining.TotalSeconds))),
            ["key"] = key,
            ["secret"] = secret,
            ["basic"] = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{key}:{secret}")),
            ["receiptUrl"] = receiptUrl ?? "",
        };
    }

    public static string InUrl(string value) => Uri.EscapeDataString(value);

    /// <summary>No value begins another header.</summary>
    public static string InHeader(string value) => string.Concat(value.Where(c => c is >= ' ' and <= '~'));

    /// <summary>By the content type of the body: a form, JSON (inside the quotes), XML, or as it is.</summary>
    public static Escape InBody(string contentType)
    {
        var type = MediaTypeHeaderValue.TryParse(contentType, out var parsed) ? parsed.MediaType ?? "" : "";
        return type switch
        {
            "application/x-www-form-urlencoded" => InUrl,
            _ when type.EndsWith("json", StringComparison.OrdinalIgnoreCase) => JavaScriptEncoder.Default.Encode,
            _ when type.EndsWith("xml", StringComparison.OrdinalIgnoreCase) => value => SecurityElement.Escape(string.Concat(value.Where(IsXml))),
            _ => value => value,
        };
    }

    // XML 1.0 §2.2 has no other control characters, escaped or not.
    private static bool IsXml(char c) => c >= ' ' ? c is not ('\uFFFE' or '\uFFFF') : c is '\t' or '\n' or '\r';

    private static string Invariant(long value) => value.ToString(System.Globalization.CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\{([A-Za-z]+)\}")]
    private static partial Regex Place();
}
