using System.Text.Json;
using System.Text.Json.Serialization;
using Gateway.Acceptance;
using Gateway.Routing;

namespace Gateway.Rest;

/// <summary>What is wrong with one parameter of a request.</summary>
public sealed record InvalidParameter([property: JsonPropertyName("name")] string Name, [property: JsonPropertyName("reason")] string Reason);

/// <summary>
/// Reads what a client of the Messages API asks for: channel sms, a text. All that is wrong is told at once. Parameters that are not ours are ignored,
/// except where that would send something else than was asked for (failover, another version of the webhooks).
/// </summary>
internal sealed class MessagesRequest(JsonElement body, AccountSettings account)
{
    private const int MaxText = 1000, MaxReference = 100, MaxNumberDigits = 15, MaxUrl = 2000;
    private const long MaxTtl = SmsRequest.MaxTtl / 1000; // seconds

    private readonly List<InvalidParameter> _faults = [];

    public IReadOnlyList<InvalidParameter> Faults => _faults;

    /// <summary>Null when there are faults.</summary>
    public static SmsRequest? Read(ReadOnlyMemory<byte> json, AccountSettings account, out IReadOnlyList<InvalidParameter> faults)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                var reader = new MessagesRequest(document.RootElement, account);
                var request = reader.Read();
                faults = reader.Faults;
                return faults.Count == 0 ? request : null;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: half a surrogate pair, or octets that are not UTF-8, inside a string.
        }
        faults = [new InvalidParameter("body", "is not a JSON object")];
        return null;
    }

    private SmsRequest Read()
    {
        Only("channel", "sms", required: true);
        Only("message_type", "text", required: true);
        Only("webhook_version", "v1", required: false);
        if (body.TryGetProperty("failover", out var failover) && failover.ValueKind == JsonValueKind.Array && failover.GetArrayLength() > 0)
            Fail("failover", "is not supported");
        return new SmsRequest
        {
            To = To(), From = From(), Content = Text(), Validity = Validity(), ReceiptRequested = true, Callback = Url(), ClientReference = Reference(),
        };
    }

    private string To()
    {
        var to = NumberPlan.International(String(body, "to") ?? "");
        if (to is null || to.Length > MaxNumberDigits)
            Fail("to", $"must be a number of up to {MaxNumberDigits} digits");
        return to ?? "";
    }

    private string From()
    {
        var from = SenderAddress.Parse(String(body, "from") ?? "");
        if (from is null)
            Fail("from", "must be a number of up to 15 digits or a name of up to 11 characters");
        return from ?? "";
    }

    private TextContent Text()
    {
        var text = String(body, "text");
        if (string.IsNullOrEmpty(text))
            Fail("text", "is required");
        else if (text.Length > MaxText)
            Fail("text", $"has {text.Length} characters, the limit is {MaxText}");
        else if (text.Contains('\0'))
            Fail("text", "has the character U+0000, which no message can carry");
        var encoding = "auto";
        if (body.TryGetProperty("sms", out var sms) && sms.ValueKind != JsonValueKind.Null)
        {
            if (sms.ValueKind == JsonValueKind.Object) encoding = String(sms, "encoding_type") ?? encoding;
            else Fail("sms", "must be an object");
        }
        if (encoding is not ("auto" or "text" or "unicode"))
            Fail("sms.encoding_type", "must be auto, text or unicode");
        return new TextContent(text ?? "", ForceUcs2: encoding == "unicode", Upgrade: encoding == "auto");
    }

    private TimeSpan Validity()
    {
        if (!body.TryGetProperty("ttl", out var ttl) || ttl.ValueKind == JsonValueKind.Null)
            return Submission.DefaultValidity;
        var text = ttl.ValueKind == JsonValueKind.String ? ttl.GetString() : ttl.GetRawText();
        var least = (account.MinTtlMilliseconds + 999) / 1000;
        if (long.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var seconds) && seconds >= least && seconds <= MaxTtl)
            return TimeSpan.FromSeconds(seconds);
        Fail("ttl", $"must be {least} to {MaxTtl} seconds");
        return Submission.DefaultValidity;
    }

    private string? Url()
    {
        if (String(body, "webhook_url") is not { Length: > 0 } url)
            return null;
        if (url.Length > MaxUrl || url.AsSpan().ContainsAnyExceptInRange('!', '~') || !SettingsCheck.IsHttpUrl(url))
            Fail("webhook_url", $"must be an http or https URL of up to {MaxUrl} characters");
        return url;
    }

    private string? Reference()
    {
        if (String(body, "client_ref") is not { Length: > 0 } reference)
            return null;
        if (reference.Length > MaxReference || reference.Any(char.IsControl))
            Fail("client_ref", $"must be up to {MaxReference} characters without control characters");
        return reference;
    }

    private void Only(string name, string value, bool required)
    {
        var given = String(body, name);
        if (given is null ? required : given != value)
            Fail(name, $"must be {value}");
    }

    /// <summary>A text, or a number as written.</summary>
    private string? String(JsonElement parent, string name)
    {
        if (!parent.TryGetProperty(name, out var value))
            return null;
        switch (value.ValueKind)
        {
            case JsonValueKind.Null: return null;
            case JsonValueKind.String: return value.GetString();
            case JsonValueKind.Number: return value.GetRawText();
        }
        Fail(name, "must be a text");
        return null;
    }

    private void Fail(string name, string reason)
    {
        if (!_faults.Exists(fault => fault.Name == name))
            _faults.Add(new InvalidParameter(name, reason));
    }
}
