using System.Globalization;
using Gateway.Billing;
using Gateway.Store;

namespace Gateway.Webhooks;

/// <summary>What a receipt says of a segment; on the wire in lower case.</summary>
public enum ReceiptStatus : byte { Delivered, Expired, Failed, Rejected, Accepted, Buffered, Unknown }

/// <summary>Nexmo's delivery receipt: one webhook for each segment of what an application sent.</summary>
public static class DeliveryReceipt
{
    public static ReceiptStatus StatusOf(MessageState state) => state switch
    {
        MessageState.Waiting    => ReceiptStatus.Buffered,
        MessageState.HandedOver => ReceiptStatus.Accepted,
        MessageState.Delivered  => ReceiptStatus.Delivered,
        MessageState.Expired    => ReceiptStatus.Expired,
        MessageState.Failed     => ReceiptStatus.Failed,
        MessageState.Rejected   => ReceiptStatus.Rejected,
        _                       => ReceiptStatus.Unknown,
    };

    /// <summary>What an err-code means, in Nexmo's words.</summary>
    public static string LabelOf(byte errorCode) => errorCode switch
    {
        0  => "Delivered",
        2  => "Absent Subscriber - Temporary",
        3  => "Absent Subscriber - Permanent",
        4  => "Call barred by user",
        5  => "Portability Error",
        6  => "Anti-Spam Rejection",
        7  => "Handset Busy",
        8  => "Network Error",
        9  => "Illegal Number",
        10 => "Invalid Message",
        11 => "Unroutable",
        12 => "Destination unreachable",
        13 => "Subscriber Age Restriction",
        14 => "Number Blocked by Carrier",
        15 => "Pre-Paid - Insufficient funds",
        50 => "Entity Filter",
        51 => "Header Filter",
        52 => "Content Filter",
        53 => "Consent Filter",
        54 => "Regulation Error",
        99 => "General Error",
        _  => "Unknown",
    };

    /// <summary>Null if nobody wants it: no receipt was asked for, or neither request nor account names a URL.</summary>
    /// <param name="message">The message.</param>
    /// <param name="segment">0-based.</param>
    /// <param name="status">What became of the segment.</param>
    /// <param name="errorCode">Nexmo err-code, 0 when fine.</param>
    /// <param name="account">The account that sent it.</param>
    /// <param name="now">When it happened, Unix milliseconds; the first try is due at once.</param>
    public static WebhookRow? For(ShortMessageRow message, int segment, ReceiptStatus status, byte errorCode, AccountSettings account, long now)
    {
        var url = string.IsNullOrEmpty(message.CallbackUrl) ? account.DeliveryReceiptUrl : message.CallbackUrl;
        if (!message.ReceiptRequested || string.IsNullOrEmpty(url))
            return null;
        var fields = new WebhookFields
        {
            { "msisdn", message.Recipient },
            { "to", message.Originator },
            { "network-code", Tariff.UnknownNetwork },
            { "messageId", MessageId.Format(message.Id + segment) },
            { "price", Tariff.Text(message.Price) },
            { "status", status.ToString().ToLowerInvariant() },
            { "scts", DateTimeOffset.FromUnixTimeMilliseconds(now).ToString("yyMMddHHmm", CultureInfo.InvariantCulture) },
            { "err-code", errorCode },
            { "api-key", account.ApiKey },
            { "client-ref", message.ClientReference },
        };
        return new WebhookRow
        {
            Kind = WebhookKind.DeliveryReceipt, Account = account.ApiKey, MessageId = message.Id, Url = url,
            Fields = fields.ToJson(), CreatedAt = now, DueAt = now,
        };
    }
}
