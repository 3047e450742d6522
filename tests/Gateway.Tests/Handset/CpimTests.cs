using System.Text;
using Gateway.Handset;
using Gateway.Sip;
using Xunit;

namespace Gateway.Tests.Handsets;

/// <summary>An OTT client's message/cpim (RFC 3862) and notifications (RFC 5438).</summary>
public sealed class CpimTests : HandsetFixture
{
    private const string Asking = "imdn.Disposition-Notification: positive-delivery, negative-delivery\r\n";
    private const string Asserted = "P-Asserted-Identity: <sip:+4940999@ims.example.org>";

    [Fact]
    public async Task The_text_inside_is_shown_and_its_sender_notified_once()
    {
        var (phone, register) = await RegisteredAsync(Options(HandsetKind.Ott));
        Peer.Message(register, CpimMessage.ContentType, Cpim("Grüße", Asking), Asserted, "Call-ID: once");
        await Peer.ExpectAsync("SIP/2.0 200");
        var notification = await Peer.ExpectAsync("MESSAGE");
        Peer.Respond(notification, "200 OK");
        Peer.Message(register, CpimMessage.ContentType, Cpim("Grüße", Asking), Asserted, "Call-ID: once");
        await Peer.ExpectAsync("SIP/2.0 200");
        await WaitAsync(() => phone.Counters is { Notified: 1, Repeats: 1 });

        Assert.Equal(("+4940999", "Grüße"), (phone.Received.Single().From, phone.Received.Single().Text));
        Assert.Equal("sip:+4940999@ims.example.org", notification.RequestUri);
        Assert.True(CpimMessage.TryParse(Encoding.UTF8.GetBytes(notification.Text), out var cpim, out _));
        Assert.Equal(ImdnRequest.None, cpim.Requested);   // nobody is notified of a notification
        Assert.Equal(("message/imdn+xml", "notification"), (cpim.PartType.Type, cpim.PartDisposition));
        Assert.True(ImdnDocument.TryParse(cpim.Content, out var imdn, out _));
        Assert.Equal(("7b1", ImdnNotification.Delivery, ImdnStatus.Delivered), (imdn!.MessageId, imdn.Notification, imdn.Status));
        Assert.Equal((Identity, "im:bob@example.com"), (imdn.RecipientUri, imdn.OriginalRecipientUri));
        Assert.Equal(new DateTimeOffset(2026, 8, 4, 8, 0, 0, TimeSpan.Zero), imdn.DateTime);
    }

    [Theory]
    [InlineData("")]
    [InlineData("imdn.Disposition-Notification: negative-delivery\r\n")]
    public async Task Who_did_not_ask_is_not_notified(string headers)
    {
        var (phone, register) = await RegisteredAsync(Options(HandsetKind.Ott));
        Peer.Message(register, CpimMessage.ContentType, Cpim("quiet", headers), Asserted);
        await Peer.ExpectAsync("SIP/2.0 200");
        Peer.Message(register, CpimMessage.ContentType, Cpim("loud", Asking), Asserted);

        Assert.Contains("<delivered", (await Peer.ExpectAsync("MESSAGE")).Text, StringComparison.Ordinal);
        Assert.Equal(["quiet", "loud"], phone.Received.Select(text => text.Text));
        Assert.Equal(0, phone.Counters.Notified);   // the one notification is not answered yet
    }

    [Theory]
    [InlineData("Content-Type: application/im-iscomposing+xml\r\n\r\n<isComposing/>", "200")]
    [InlineData("Content-Type: image/png\r\n\r\nx", "415")]
    [InlineData("Content-Type: message/imdn+xml\r\n\r\n<imdn/>", "400")]
    [InlineData(null, "400")]
    public async Task What_is_no_text_is_not_shown(string? part, string status)
    {
        var (phone, register) = await RegisteredAsync(Options(HandsetKind.Ott));
        var body = part is null ? "no header at all" : $"From: <im:a@example.com>\r\n\r\n{part}";
        Peer.Message(register, CpimMessage.ContentType, Encoding.UTF8.GetBytes(body), Asserted);

        await Peer.ExpectAsync($"SIP/2.0 {status}");
        Assert.Empty(phone.Received);
    }

    [Fact]
    public async Task It_asks_and_is_told()
    {
        var (phone, register) = await RegisteredAsync(Options(HandsetKind.Ott));
        var notified = new List<DispositionNotification>();
        phone.OnNotification += notified.Add;
        var sending = phone.SendAsync("+4940999", "Grüße", new SendOptions { DeliveryNotification = true }, Cancellation);
        var message = await Peer.ExpectAsync("MESSAGE");
        Peer.Respond(message, "202 Accepted");
        var messageId = (await sending).NotifiedAs!;

        Assert.Equal(CpimMessage.ContentType, message["Content-Type"]);
        Assert.True(CpimMessage.TryParse(Encoding.UTF8.GetBytes(message.Text), out var cpim, out _));
        Assert.Equal((messageId, ImdnRequest.PositiveDelivery | ImdnRequest.NegativeDelivery), (cpim.MessageId, cpim.Requested));
        Assert.Equal((Identity, "sip:+4940999@ims.example.org"), (cpim.From, cpim.To));
        Assert.Equal("Grüße", Encoding.UTF8.GetString(cpim.Content.Span));

        foreach (var id in new[] { messageId, "another's" })
        {
            var imdn = new ImdnDocument(id, DateTimeOffset.UnixEpoch, ImdnNotification.Delivery, ImdnStatus.Failed);
            var told = new CpimMessage { PartType = new MediaType(ImdnDocument.ContentType, SipParameters.Empty), Content = imdn.ToArray() };
            Peer.Message(register, CpimMessage.ContentType, told.ToArray(), Asserted);
            await Peer.ExpectAsync("SIP/2.0 200");
        }

        await WaitAsync(() => phone.Counters.Notifications == 2 && notified.Count == 2);
        Assert.Equal(new DispositionNotification("+4940999", messageId, ImdnNotification.Delivery, ImdnStatus.Failed, Fits: true), notified[0]);
        Assert.False(notified[1].Fits);
    }

    /// <summary>An own example in the grammar of RFC 3862 and RFC 5438.</summary>
    private static byte[] Cpim(string text, string headers) => Encoding.UTF8.GetBytes(
        "From: <im:alice@example.com>\r\nTo: <im:bob@example.com>\r\nDateTime: 2026-08-04T08:00:00Z\r\nNS: imdn <urn:ietf:params:imdn>\r\n"
        + $"imdn.Message-ID: 7b1\r\n{headers}\r\nContent-Type: text/plain;charset=utf-8\r\n\r\n{text}");
}
