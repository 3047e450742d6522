using System.Globalization;
using Gateway.Delivery;
using Gateway.Rest;

namespace Gateway.Carriers;

/// <summary>A receipt as its carrier's kind writes it.</summary>
internal static class CarrierReceipts
{
    private static readonly string[] Words = ["delivered", "expired", "failed", "rejected", "accepted", "buffered", "unknown"];

    /// <summary>Whose it is (<see cref="CarrierReceipt.MessageId"/>) is still to be found.</summary>
    public static CarrierReceipt? Read(RequestFields fields, CarrierSettings carrier, out FieldFault fault)
    {
        fault = default;
        string? detail = null;
        if (fields["status"] is not { } word)
            fault = new FieldFault("status", "status is missing");
        else if (carrier.Kind == CarrierSettings.Kannel)
        {
            if (KannelReceipt.Read(fields, out detail) is var (status, errorCode))
                // What we took for its id when it took the message.
                return new CarrierReceipt(0, carrier.Name, fields["client-ref"] ?? "", status, errorCode, detail);
            fault = new FieldFault("status", "status is not a number");
        }
        else if (StatusOf(word, carrier) is not { } status)
            fault = new FieldFault("status", $"status {word} is none of: {string.Join(", ", Words)}");
        else
        {
            var given = fields["err-code"];
            var errorCode = byte.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? code : (byte)0;
            if (carrier.Kind == CarrierSettings.HttpKind) detail = given is null ? word : $"{word}, err-code {given}";
            var part = carrier is { Kind: CarrierSettings.HttpKind, Http.MessageId: null } ? fields["client-ref"] : fields["messageId"];
            return new CarrierReceipt(0, carrier.Name, part ?? "", status, errorCode, detail);
        }
        return null;
    }

    /// <summary>Nexmo's words as they are, also those it may invent, which are not final; of the others' only those we can tell the meaning of.</summary>
    private static string? StatusOf(string word, CarrierSettings carrier)
    {
        if (carrier.Kind != CarrierSettings.HttpKind) return word.ToLowerInvariant();
        var ours = carrier.Http.ReceiptStatus.GetValueOrDefault(word) ?? SmppStatus.Of(word) ?? word.ToLowerInvariant();
        return Words.Contains(ours) ? ours : null;
    }

    /// <summary>What is wrong with a word of the settings, or null.</summary>
    public static string? Fault(string word) => Words.Contains(word) ? null : $"is none of: {string.Join(", ", Words)}";
}
