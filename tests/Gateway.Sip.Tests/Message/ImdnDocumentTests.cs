using System.Text;
using CsCheck;
using Xunit;

namespace Gateway.Sip.Tests.Message;

/// <summary>RFC 5438 message/imdn+xml.</summary>
public sealed class ImdnDocumentTests
{
    /// <summary>An own example by the schema of RFC 5438 §11.1.3; RCS stacks test with the same message-id and time.</summary>
    private const string Delivered = """
        <?xml version="1.0" encoding="UTF-8"?>
        <imdn xmlns="urn:ietf:params:xml:ns:imdn">
            <message-id>34jk324j</message-id>
            <datetime>2008-04-04T12:16:49-05:00</datetime>
            <recipient-uri>im:bob@example.com</recipient-uri>
            <original-recipient-uri>im:bob@example.com</original-recipient-uri>
            <delivery-notification>
                <status>
                    <delivered/>
                </status>
            </delivery-notification>
        </imdn>
        """;

    private static ImdnDocument Read(string text)
    {
        Assert.True(ImdnDocument.TryParse(Encoding.UTF8.GetBytes(text), out var document, out var error), error);
        return document!;
    }

    [Fact]
    public void A_notification_is_read() => Assert.Equal(
        new ImdnDocument("34jk324j", new DateTimeOffset(2008, 4, 4, 12, 16, 49, TimeSpan.FromHours(-5)), ImdnNotification.Delivery, ImdnStatus.Delivered)
        {
            RecipientUri = "im:bob@example.com", OriginalRecipientUri = "im:bob@example.com",
        },
        Read(Delivered));

    [Theory]
    [InlineData("delivery", "failed", ImdnNotification.Delivery, ImdnStatus.Failed)]
    [InlineData("delivery", "forbidden", ImdnNotification.Delivery, ImdnStatus.Forbidden)]
    [InlineData("processing", "stored", ImdnNotification.Processing, ImdnStatus.Stored)]
    [InlineData("processing", "processed", ImdnNotification.Processing, ImdnStatus.Processed)]
    [InlineData("display", "displayed", ImdnNotification.Display, ImdnStatus.Displayed)]
    [InlineData("display", "error", ImdnNotification.Display, ImdnStatus.Error)]
    public void Every_kind_is_read_under_any_prefix(string kind, string status, ImdnNotification notification, ImdnStatus word)
    {
        var document = Read($"<i:imdn xmlns:i=\"urn:ietf:params:xml:ns:imdn\"><i:message-id> 7 </i:message-id><x/><i:{kind}-notification><i:status><i:{status}/>"
            + $"</i:status></i:{kind}-notification></i:imdn>");

        Assert.Equal(("7", notification, word), (document.MessageId, document.Notification, document.Status));
    }

    [Theory]
    [InlineData("")]
    [InlineData("text")]
    [InlineData("<other/>")]
    [InlineData("<imdn/>")]
    [InlineData("<imdn><message-id>7</message-id></imdn>")]
    [InlineData("<imdn><delivery-notification><status><delivered/></status></delivery-notification></imdn>")]
    [InlineData("<imdn><message-id>7</message-id><delivery-notification><status><displayed/></status></delivery-notification></imdn>")]
    [InlineData("<imdn><message-id>7</message-id><delivery-notification><status><unheard-of/></status></delivery-notification></imdn>")]
    [InlineData("<!DOCTYPE imdn [<!ENTITY a \"b\">]><imdn><message-id>&a;</message-id></imdn>")]
    [InlineData("<imdn><message-id>7</message-id><a><a><a><a><a><a><a><a/></a></a></a></a></a></a></a></imdn>")]
    public void What_is_no_notification_is_refused(string text)
    {
        Assert.False(ImdnDocument.TryParse(Encoding.UTF8.GetBytes(text), out var document, out var error));
        Assert.Null(document);
        Assert.NotEmpty(error!);
    }

    [Fact]
    public void A_document_over_the_limit_is_refused() =>
        Assert.False(ImdnDocument.TryParse(Encoding.UTF8.GetBytes(Delivered + new string(' ', ImdnDocument.MaxOctets)), out _, out _));

    [Fact]
    public void What_is_written_is_read_again_and_holds_no_character_that_xml_does_not() =>
        Gen.String.Sample(id =>
        {
            var written = new ImdnDocument($"x{id}y", new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), ImdnNotification.Delivery, ImdnStatus.Failed)
            {
                RecipientUri = "sip:+4940100001@ims.example.org;user=phone", OriginalRecipientUri = "tel:+4940100001?a&b<c>",
            };
            var read = Read(Encoding.UTF8.GetString(written.ToArray()));
            Assert.Equal(written with { MessageId = read.MessageId }, read);
            Assert.StartsWith("x", read.MessageId, StringComparison.Ordinal);
            Assert.EndsWith("y", read.MessageId, StringComparison.Ordinal);
        }, iter: 2_000);

    [Fact]
    public void Cut_or_changed_anywhere_it_never_throws()
    {
        var octets = Encoding.UTF8.GetBytes(Delivered);
        for (var cut = 0; cut < octets.Length; cut++) Assert.False(ImdnDocument.TryParse(octets.AsMemory(0, cut), out _, out _));
        Gen.Select(Gen.Int[0, octets.Length - 1], Gen.Byte).Array[1, 6].Sample(changes =>
        {
            var changed = (byte[])octets.Clone();
            foreach (var (at, octet) in changes) changed[at] = octet;
            Assert.Equal(ImdnDocument.TryParse(changed, out var document, out var error), document is not null && error is null);
        }, iter: 3_000);
    }
}
