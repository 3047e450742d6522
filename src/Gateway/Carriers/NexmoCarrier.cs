using Gateway.Store;

namespace Gateway.Carriers;

/// <summary>
/// Hands messages over to a carrier that speaks Nexmo's SMS API: a form by POST to <c>{BaseUrl}/sms/json</c> with key and secret. Our id goes along
/// as <c>client-ref</c>, by which its receipts find the message again.
/// </summary>
internal sealed class NexmoCarrier(CarrierSettings settings, TimeProvider time) : Carrier(settings, time)
{
    private const long MinTtl = 20_000, MaxTtl = 604_800_000; // milliseconds

    private readonly Uri _url = new($"{settings.BaseUrl.TrimEnd('/')}/sms/json");

    private protected override HttpRequestMessage Request(ShortMessageRow message, string sender, CarrierContent content) =>
        new(HttpMethod.Post, _url) { Content = new FormUrlEncodedContent(Fields(message, sender, content)) };

    private IEnumerable<KeyValuePair<string, string>> Fields(ShortMessageRow message, string sender, CarrierContent content)
    {
        yield return Field("api_key", Settings.ApiKey ?? "");
        yield return Field("api_secret", Settings.ApiSecret ?? "");
        yield return Field("from", sender);
        yield return Field("to", message.Recipient);
        if (content.Text is { } text)
        {
            yield return Field("type", content.Unicode ? "unicode" : "text");
            yield return Field("text", text);
        }
        else
        {
            yield return Field("type", "binary");
            yield return Field("body", Convert.ToHexString(content.Data));
            if (content.Header.Length > 0)
                yield return Field("udh", Convert.ToHexString(content.Header));
            if (content.ProtocolIdentifier != 0)
                yield return Field("protocol-id", Number(content.ProtocolIdentifier));
        }
        if (content.MessageClass is { } messageClass)
            yield return Field("message-class", Number(messageClass));
        yield return Field("ttl", Number(Math.Clamp((long)content.Remaining.TotalMilliseconds, MinTtl, MaxTtl)));
        yield return Field("client-ref", MessageId.Format(message.Id));
        if (ReceiptUrl is { } callback)
            yield return Field("callback", callback);
        yield return Field("status-report-req", "1");
    }

    private static KeyValuePair<string, string> Field(string name, string value) => KeyValuePair.Create(name, value);

    private protected override CarrierOutcome Read(int status, byte[] body, TimeSpan? retryAfter, ShortMessageRow message) =>
        status is >= 200 and < 300 ? NexmoReply.Read(status, body) : Unavailable(status, retryAfter);

    internal override bool SaysTryAgain(byte[] body) => NexmoReply.SaysTryAgain(body);
}
