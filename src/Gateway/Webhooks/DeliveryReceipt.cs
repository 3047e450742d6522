using System.Globalization;
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
            { "price", Tariff.Price },
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
