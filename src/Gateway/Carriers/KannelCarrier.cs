using System.Globalization;
using System.Text;
using Gateway.Store;

namespace Gateway.Carriers;

/// <summary>
/// Hands messages over to Kannel by its sendsms page (Kannel user guide, "Using the HTTP interface to send SMS messages"). It splits long texts
/// itself, gives no id, and tells of one outcome for the whole: its receipts come to the dlr-url that goes along, and name our id.
/// </summary>
internal sealed class KannelCarrier(CarrierSettings settings, TimeProvider time) : Carrier(settings, time)
{
    /// <summary>Delivered, not delivered, queued at, taken by and refused by the service centre.</summary>
    private const string AllReports = "31";
    private const int MaxReasonCharacters = 200;
    // Validity is in minutes; more than TP-VP can say (63 weeks) is nobody's.
    private const long MaxValidity = 635_040;

    private readonly string _sendSms = new Uri(settings.BaseUrl) is { AbsolutePath: "/" } host ? new Uri(host, "cgi-bin/sendsms").ToString() : settings.BaseUrl;

    // By GET, which every version reads; its POST is another interface, with a header for each parameter.
    private protected override HttpRequestMessage Request(ShortMessageRow message, string sender, CarrierContent content)
    {
        var query = new StringBuilder(_sendSms).Append(_sendSms.Contains('?') ? '&' : '?');
        foreach (var (name, value) in Parameters(message, sender, content)) query.Append(name).Append('=').Append(value).Append('&');
        return new HttpRequestMessage(HttpMethod.Get, query.ToString(0, query.Length - 1));
    }

    private IEnumerable<(string Name, string Escaped)> Parameters(ShortMessageRow message, string sender, CarrierContent content)
    {
        yield return ("username", Uri.EscapeDataString(Settings.ApiKey ?? ""));
        yield return ("password", Uri.EscapeDataString(Settings.ApiSecret ?? ""));
        yield return ("from", Uri.EscapeDataString(sender));
        yield return ("to", message.Recipient);
        if (content.Text is { } text)
        {
            yield return ("coding", content.Unicode ? "2" : "0");
            // Of the text as it stands in the query; Kannel makes UTF-16BE or the GSM alphabet of it.
            yield return ("charset", "UTF-8");
            yield return ("text", Uri.EscapeDataString(text));
        }
        else
        {
            yield return ("coding", "1");
            if (content.Header.Length > 0) yield return ("udh", Octets(content.Header));
            yield return ("text", Octets(content.Data));
            if (content.ProtocolIdentifier != 0) yield return ("pid", Number(content.ProtocolIdentifier));
        }
        if (content.MessageClass is { } messageClass) yield return ("mclass", Number(messageClass));
        yield return ("validity", Number(Math.Clamp((long)Math.Ceiling(content.Remaining.TotalMinutes), 1, MaxValidity)));
        yield return ("dlr-mask", AllReports);
        if (ReceiptUrl is { } url) yield return ("dlr-url", Uri.EscapeDataString(KannelReceipt.Url(url, message.Id)));
    }

    private static string Octets(byte[] octets) => string.Concat(octets.Select(octet => $"%{octet:X2}"));

    private protected override CarrierOutcome Read(int status, byte[] body, TimeSpan? retryAfter, ShortMessageRow message)
    {
        var text = Encoding.Latin1.GetString(body.AsSpan(0, Math.Min(body.Length, MaxReasonCharacters))).Trim();
        return status switch
        {
            // "0: Accepted for delivery", "3: Queued for later delivery", from older ones "Sent."; a page of somebody else begins otherwise.
            >= 200 and < 300 when IsTaken(text) => new CarrierOutcome.Accepted(status, [MessageId.Format(message.Id)]),
            >= 200 and < 300 => new CarrierOutcome.Temporary(status, "its reply is not understood", RetryAfter: null, MayHaveBeenTaken: true),
            403 when text.Contains("Do not try again", StringComparison.OrdinalIgnoreCase) => new CarrierOutcome.Rejected(status, status, text, 11),
            403 => new CarrierOutcome.Temporary(status, $"HTTP 403: {text}", Misconfigured),
            400 => new CarrierOutcome.Rejected(status, status, text, 10),
            503 => new CarrierOutcome.Temporary(status, $"HTTP 503: {text}", retryAfter),
            _ => Unavailable(status, retryAfter),
        };
    }

    /// <summary>0 is taken, and 3 is taken to wait there.</summary>
    private static bool IsTaken(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && int.TryParse(text.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var status)
            ? status is 0 or 3
            : text.StartsWith("Sent", StringComparison.OrdinalIgnoreCase);
    }

    internal override bool SaysTryAgain(byte[] body) => false;
}
