using Gateway.Rest;

namespace Gateway.Carriers;

/// <summary>The fields of an inbound message for the API description.</summary>
internal sealed class InboundSmsFieldsAttribute : TakesFieldsAttribute
{
    public override IReadOnlyList<FieldDescription> Fields { get; } =
    [
        new("msisdn", "4915112345678", "Sender: a number or a name.", Required: true),
        new("to", "4940111", "Recipient: E.164 digits of a subscriber or of an application's number.", Required: true),
        new("text", "Hello from outside", "The text, or this part of it (type text and unicode)."),
        new("messageId", "0A0000000123ABCD", "The carrier's id: a message that comes again with it is stored once."),
        new("type", null, "text (default), unicode or binary."),
        new("data", null, "Hexadecimal octets of a binary message."),
        new("udh", null, "Hexadecimal user data header of a binary message."),
        new("concat", null, "true for a part of a long text."),
        new("concat-ref", null, "Reference that the parts of one text share."),
        new("concat-total", null, "Number of parts."),
        new("concat-part", null, "This part, from 1."),
    ];
}

/// <summary>The fields of a receipt for the API description.</summary>
internal sealed class DeliveryReceiptFieldsAttribute : TakesFieldsAttribute
{
    public override IReadOnlyList<FieldDescription> Fields { get; } =
    [
        new("messageId", "0A0000001234567B", "The carrier's id of the part."),
        new("status", "delivered", "delivered, expired, failed, rejected, accepted, buffered or unknown.", Required: true),
        new("err-code", "0", "0 when delivered, else the reason as a Nexmo err-code."),
        new("client-ref", null, "The reference this gateway gave with the message."),
        new("msisdn", "4915112345678", "The recipient."),
        new("to", null, "The sender."),
        new("scts", null, "When the carrier knew, YYMMDDHHMM."),
    ];
}
