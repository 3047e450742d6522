using System.Text;
using Gateway.Routing;
using Gateway.Sip;
using Gateway.Store;

namespace Gateway.Delivery;

/// <summary>
/// What goes to an OTT client: one MESSAGE with the whole text (RFC 3428), or with a stored notification (RFC 5438), from the sender as the client
/// knows senders.
/// </summary>
public sealed class Ott(SipSettings settings, Identities identities, TimeProvider time)
{
    public const string ContentType = "text/plain";
    private const string TextUtf8 = $"{ContentType};charset=utf-8";

    private readonly SipHeaders _common = Target.NewCommon();

    /// <param name="text">Null for a <see cref="ContentKind.Imdn"/>, which the row holds.</param>
    public SipRequest Message(Target target, ShortMessageRow row, string? text)
    {
        var from = identities.OfOriginator(row.Originator);
        var request = target.NewMessage(from, _common);
        request.Headers.Add(HeaderName.CallId, $"{row.Id:X16}-{row.Attempts}-{Random.Shared.Next():x8}@{settings.Domain}");
        request.Headers.Add(HeaderName.PAssertedIdentity, $"<{from}>");
        // RFC 3428 §5: who gets it late may say so or drop it; Date is when it was sent, not when it was repeated.
        request.Headers.Add(HeaderName.Date, $"{DateTimeOffset.FromUnixTimeMilliseconds(row.AcceptedAt):r}");
        var seconds = Math.Max(1, (row.ExpiresAt - time.GetUtcNow().ToUnixTimeMilliseconds()) / 1000);
        request.Headers.Add(HeaderName.Expires, $"{seconds}");
        request.Headers.Add(HeaderName.ContentType, text is null ? CpimMessage.ContentType : TextUtf8);
        request.Body = text is null ? row.UserData : Encoding.UTF8.GetBytes(text);
        return request;
    }
}
