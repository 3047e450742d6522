using System.Text.Json.Serialization;

namespace Gateway.Rest;

/// <summary>The parameters of the SMS API for the API description.</summary>
internal sealed class SmsFieldsAttribute : TakesFieldsAttribute
{
    public override IReadOnlyList<FieldDescription> Fields { get; } =
    [
        new("api_key", "bank0001", "The account. Not needed with HTTP Basic authentication."),
        new("api_secret", "", "Its secret. Not needed with HTTP Basic, and not allowed together with sig."),
        new("from", "AcmeInc", "Sender: a number of up to 15 digits, or a name of up to 11 characters.", Required: true),
        new("to", "4940111", "Recipient: E.164 digits; a leading + or 00 is taken off.", Required: true),
        new("text", "Hello from the gateway", "The message, up to 3200 characters (type text and unicode)."),
        new("type", "text", "text (default), unicode or binary."),
        new("status-report-req", null, "1 or true (default): send delivery receipts; 0 or false: none."),
        new("callback", null, "URL for this message's delivery receipts instead of the account's."),
        new("ttl", null, "How long delivery may be tried, in milliseconds: 20000 (or the account's own minimum) to 604800000, default 259200000 (72 hours)."),
        new("client-ref", null, "Your reference, up to 100 characters; comes back in the reply and in receipts."),
        new("account-ref", null, "Your account reference, up to 100 characters; comes back in the reply."),
        new("message-class", null, "0 (shown at once, not kept), 1 or 3."),
        new("body", null, "Hexadecimal octets of a binary message; with udh at most 140 octets."),
        new("udh", null, "Hexadecimal user data header of a binary message."),
        new("protocol-id", null, "Protocol identifier of a binary message, 0 to 255; those that act on a handset unseen are refused."),
        new("timestamp", null, "Unix seconds of a signed request, within 5 minutes."),
        new("sig", null, "Signature over all other parameters by the account's signature secret and method, in place of api_secret."),
    ];

    public override IReadOnlyList<FieldDescription> Headers { get; } =
    [
        new(SmsHeaders.IdempotencyKey, null, "1 to 255 visible ASCII characters of your choice. The same request under the same key gets the same "
            + "reply with the same ids for 24 hours, and is sent once; another request under it is answered 409. A refused request (status other than 0) "
            + "is not remembered."),
        new(SmsHeaders.Priority, null, "otp, normal or bulk: the lane of this message, at most the account's own (its default)."),
    ];
}

/// <summary>Shape of the JSON reply for the API description; <see cref="SmsReply"/> writes it. All values are strings.</summary>
public sealed record SmsReplyBody
{
    /// <summary>Number of message objects, one for each segment.</summary>
    [JsonPropertyName("message-count")] public required string MessageCount { get; init; }
    [JsonPropertyName("messages")] public required IReadOnlyList<SmsReplyMessage> Messages { get; init; }
}

/// <summary>One segment that was taken, or the reason why the message was not.</summary>
public sealed record SmsReplyMessage
{
    /// <summary>Recipient, E.164 digits.</summary>
    [JsonPropertyName("to")] public string? To { get; init; }
    /// <summary>Id of the segment: 16 hexadecimal digits.</summary>
    [JsonPropertyName("message-id")] public string? MessageId { get; init; }
    /// <summary>0: stored and on its way; everything else is a fault that error-text explains.</summary>
    [JsonPropertyName("status")] public required string Status { get; init; }
    /// <summary>Euro with eight decimals: what is left after this segment; of an account that is not prepaid 1000000.</summary>
    [JsonPropertyName("remaining-balance")] public string? RemainingBalance { get; init; }
    /// <summary>Euro with eight decimals.</summary>
    [JsonPropertyName("message-price")] public string? MessagePrice { get; init; }
    /// <summary>Mobile country and network code; 00000 when unknown.</summary>
    [JsonPropertyName("network")] public string? Network { get; init; }
    /// <summary>Why the message was refused.</summary>
    [JsonPropertyName("error-text")] public string? ErrorText { get; init; }
    /// <summary>As the request had it.</summary>
    [JsonPropertyName("client-ref")] public string? ClientRef { get; init; }
    /// <summary>As the request had it.</summary>
    [JsonPropertyName("account-ref")] public string? AccountRef { get; init; }
}
