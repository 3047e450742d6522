using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Billing;
using Gateway.Sms;
using Gateway.Store;

namespace Gateway.Webhooks;

/// <summary>
/// The webhooks of the Messages API: the status of a whole message, and a whole message that came. Their bodies are JSON and stand as they are from the
/// event on; the account's signature secret signs them with a JWT (HS256) in Authorization that has the body's digest in it.
/// </summary>
internal static class MessageWebhook
{
    /// <summary>Of <see cref="AccountSettings.WebhookFormat"/>: all webhooks of the account are of this kind.</summary>
    public const string Format = "Messages";
    private const string Currency = "EUR", Channel = "sms";

    /// <summary>Whether a message's sender is told of it in this way.</summary>
    public static bool Tells(ShortMessageRow message, AccountSettings account) => message.Source == MessageSource.Messages || account.WebhookFormat == Format;

    /// <summary>Null if nobody wants it.</summary>
    /// <param name="message">The message.</param>
    /// <param name="state">What became of it.</param>
    /// <param name="errorCode">Nexmo err-code, 0 when fine.</param>
    /// <param name="account">The account that sent it.</param>
    /// <param name="now">When it happened, Unix milliseconds; the first try is due at once.</param>
    public static WebhookRow? Status(ShortMessageRow message, MessageState state, byte errorCode, AccountSettings account, long now)
    {
        var url = string.IsNullOrEmpty(message.CallbackUrl) ? account.DeliveryReceiptUrl : message.CallbackUrl;
        if (!message.ReceiptRequested || string.IsNullOrEmpty(url))
            return null;
        var body = Body(message, message.Recipient, message.Originator, now);
        body["status"] = WordOf(state);
        if (errorCode != 0 && state != MessageState.Delivered)
        {
            body["error"] = new JsonObject
            {
                ["type"] = $"https://developer.vonage.com/api-errors/messages#{errorCode}", ["title"] = errorCode.ToString(CultureInfo.InvariantCulture),
                ["detail"] = DeliveryReceipt.LabelOf(errorCode), ["instance"] = MessageUuid.Of(message.Id),
            };
        }
        if (message.ClientReference is { } reference) body["client_ref"] = reference;
        body["usage"] = new JsonObject { ["currency"] = Currency, ["price"] = Tariff.Text(message.Price * message.SegmentCount) };
        body["destination"] = new JsonObject { ["network_code"] = Tariff.UnknownNetwork };
        body["sms"] = new JsonObject { ["count_total"] = message.SegmentCount.ToString(CultureInfo.InvariantCulture) };
        return Row(WebhookKind.MessageStatus, message, account, url, body, now);
    }

    /// <summary>A message that came for the account's number, whole; of one that is no text only that it came.</summary>
    public static WebhookRow Inbound(ShortMessageRow message, AccountSettings account, string url, long now)
    {
        var text = TextOf(message);
        var body = Body(message, message.Recipient, message.Originator, now);
        body["message_type"] = text is null ? "unsupported" : "text";
        if (text is not null) body["text"] = text;
        body["usage"] = new JsonObject { ["currency"] = Currency, ["price"] = Tariff.Text(0) };
        body["origin"] = new JsonObject { ["network_code"] = Tariff.UnknownNetwork };
        var sms = new JsonObject { ["num_messages"] = message.SegmentCount.ToString(CultureInfo.InvariantCulture) };
        if (InboundMessage.KeywordOf(text ?? "") is { } keyword) sms["keyword"] = keyword;
        body["sms"] = sms;
        return Row(WebhookKind.MessageInbound, message, account, url, body, now);
    }

    /// <summary>RFC 7519; the digest of the body is the payload's SHA-256 in lower-case hexadecimal.</summary>
    public static string Token(byte[] body, AccountSettings account, string secret, DateTimeOffset now)
    {
        var claims = new JsonObject
        {
            ["iat"] = now.ToUnixTimeSeconds(), ["jti"] = Guid.NewGuid().ToString(), ["iss"] = "Vonage",
            ["payload_hash"] = Convert.ToHexStringLower(SHA256.HashData(body)), ["api_key"] = account.ApiKey,
        };
        if (account.ApplicationId is { } application) claims["application_id"] = application;
        var text = $"{Base64("""{"alg":"HS256","typ":"JWT"}""")}.{Base64(claims.ToJsonString())}";
        return $"{text}.{System.Buffers.Text.Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(text)))}";

        static string Base64(string json) => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
    }

    private static JsonObject Body(ShortMessageRow message, string to, string from, long now) => new()
    {
        ["message_uuid"] = MessageUuid.Of(message.Id), ["to"] = to, ["from"] = from, ["channel"] = Channel,
        ["timestamp"] = DateTimeOffset.FromUnixTimeMilliseconds(now).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
    };

    private static WebhookRow Row(WebhookKind kind, ShortMessageRow message, AccountSettings account, string url, JsonObject body, long now) => new()
    {
        Kind = kind, Account = account.ApiKey, MessageId = message.Id, Url = url, Fields = body.ToJsonString(), CreatedAt = now, DueAt = now,
    };

    private static string WordOf(MessageState state) => state switch
    {
        MessageState.Delivered => "delivered",
        MessageState.Rejected  => "rejected",
        MessageState.Expired or MessageState.Failed => "undeliverable",
        _                      => "submitted",
    };

    private static string? TextOf(ShortMessageRow message)
    {
        if (message.Content == ContentKind.Text) return message.Text ?? "";
        var coding = new TpDataCodingScheme(message.DataCodingScheme);
        return coding.IsText && TpUserData.TryFromOctets(message.UserData ?? [], message.UserDataLength, message.HasUserDataHeader, coding, out var data, out _) ? data.Text : null;
    }
}
