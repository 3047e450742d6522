using System.Text;
using Gateway.Rest;
using Gateway.Sms;

namespace Gateway.Carriers;

/// <summary>
/// What Kannel's sms-service calls us with, read into Nexmo's fields. By get-url, whose parameters carry sendsms' names:
/// <c>?from=%p&amp;to=%P&amp;text=%b&amp;coding=%c&amp;charset=%C&amp;udh=%u&amp;id=%I</c>; or by post-url, where the body is the text and headers say the rest
/// (the sender with <c>send-sender = true</c>), but no id that would tell a repeat from another message.
/// </summary>
internal static class KannelInbound
{
    private const string PostedTo = "X-Kannel-To";

    public static async ValueTask<RequestFields> ReadAsync(HttpRequest request)
    {
        if (request.Headers.ContainsKey(PostedTo)) return Posted(request.Headers, request.ContentType, await BodyAsync(request));
        var given = await RequestFields.ReadAsync(request, RequestReading.Octets);
        if (given.Fault is not null || !given.Has("from") && !given.Has("text")) return given; // Nexmo's check of a URL, say
        return Read(given["from"], given["to"], given["id"], given["coding"], given["charset"], Octets(given["udh"]), Octets(given["text"]));
    }

    private static RequestFields Posted(IHeaderDictionary headers, string? contentType, byte[] body)
    {
        var charset = System.Net.Http.Headers.MediaTypeHeaderValue.TryParse(contentType, out var type) ? type.CharSet?.Trim('"') : null;
        var coding = Header("X-Kannel-Coding") ?? (type?.MediaType == "application/octet-stream" ? "1" : null);
        var udh = Header("X-Kannel-UDH") is { } hex && hex.Length % 2 == 0 && hex.All(char.IsAsciiHexDigit) ? Convert.FromHexString(hex) : [];
        return Read(Header("X-Kannel-From"), Header(PostedTo), Header("X-Kannel-ID"), coding, charset, udh, body);

        string? Header(string name) => headers.TryGetValue(name, out var value) ? value.ToString() : null;
    }

    private static async ValueTask<byte[]> BodyAsync(HttpRequest request)
    {
        var body = new byte[RequestFields.MaxBodyOctets];
        try
        {
            return body[..await request.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, request.HttpContext.RequestAborted)];
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or BadHttpRequestException)
        {
            return []; // the client went away, and reads no answer
        }
    }

    private static RequestFields Read(string? from, string? to, string? id, string? coding, string? charset, byte[] udh, byte[] text)
    {
        var binary = coding == "1";
        var concatenation = udh.Length > 0 && UserDataHeader.TryDecode(udh, out var header, out _) ? header.Concatenation : null;
        return RequestFields.Of(new Dictionary<string, string?>
        {
            ["msisdn"] = from,
            ["to"] = to,
            ["messageId"] = id,
            ["type"] = binary ? "binary" : coding == "2" ? "unicode" : "text",
            ["text"] = binary ? null : TextOf(text, charset, coding),
            ["data"] = binary ? Convert.ToHexString(text) : null,
            ["udh"] = binary && udh.Length > 0 ? Convert.ToHexString(udh) : null,
            // A Kannel that does not join them (sms-combine-concatenated-mo) passes them on one by one.
            ["concat"] = concatenation is { Total: > 1 } && !binary ? "true" : null,
            ["concat-ref"] = $"{concatenation?.Reference}",
            ["concat-total"] = $"{concatenation?.Total}",
            ["concat-part"] = $"{concatenation?.Sequence}",
        });
    }

    /// <summary>In the charset it says; without one, UTF-8, and UCS-2 for what came as such.</summary>
    private static string TextOf(byte[] octets, string? charset, string? coding) => (charset ?? "").ToUpperInvariant() switch
    {
        "UTF-16BE" or "UTF16-BE" or "UCS-2" or "UCS-2BE" or "ISO-10646-UCS-2" => Encoding.BigEndianUnicode.GetString(octets),
        "ISO-8859-1" or "LATIN1" or "LATIN-1" or "WINDOWS-1252" => Encoding.Latin1.GetString(octets),
        "" when coding == "2" => Encoding.BigEndianUnicode.GetString(octets),
        _ => Encoding.UTF8.GetString(octets),
    };

    private static byte[] Octets(string? latin1) => latin1 is null ? [] : Encoding.Latin1.GetBytes(latin1);
}
