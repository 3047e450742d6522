using System.Text;
using CsCheck;
using Xunit;

namespace Gateway.Sip.Tests.Message;

/// <summary>RFC 3862 message/cpim.</summary>
public sealed class CpimMessageTests
{
    /// <summary>The headers are those of the example of RFC 3862 §5.1, checked against liblinphone's test of the same; the body is our own.</summary>
    private const string WeatherForecast =
        "From: MR SANDERS <im:piglet@100akerwood.com>\r\nTo: Depressed Donkey <im:eeyore@100akerwood.com>\r\n"
        + "DateTime: 2000-12-13T13:40:00-08:00\r\nSubject: the weather will be fine today\r\nSubject:;lang=fr beau temps prevu pour aujourd'hui\r\n"
        + "NS: MyFeatures <mid:MessageFeatures@id.foo.com>\r\nRequire: MyFeatures.VitalMessageOption\r\n"
        + "MyFeatures.VitalMessageOption: Confirmation-requested\r\nMyFeatures.WackyMessageOption: Use-silly-font\r\n\r\n"
        + "Content-type: text/xml; charset=utf-8\r\nContent-ID: <1234567890@foo.com>\r\n\r\n"
        + "<body>\r\nHere is the text of my message.\r\n</body>\r\n";

    /// <summary>An own example in the grammar of RFC 5438 §6 and §7.1.1.</summary>
    private const string HelloWorld =
        "From: Alice <im:alice@example.com>\r\nTo: Bob <im:bob@example.com>\r\nNS: imdn <urn:ietf:params:imdn>\r\n"
        + "imdn.Message-ID: 34jk324j\r\nDateTime: 2006-04-04T12:16:49-05:00\r\n"
        + "imdn.Disposition-Notification: positive-delivery, negative-delivery\r\n{0}Content-type: text/plain\r\nContent-length: 12\r\n\r\nHello World\n";

    private const string Grammar = "\r\n:.\\<>; ";

    private static CpimMessage Read(string text)
    {
        Assert.True(CpimMessage.TryParse(Encoding.UTF8.GetBytes(text), out var message, out var error), error);
        return message;
    }

    [Fact]
    public void A_message_with_headers_of_other_namespaces_is_read()
    {
        var message = Read(WeatherForecast);

        Assert.Equal(("im:piglet@100akerwood.com", "im:eeyore@100akerwood.com"), (message.From, message.To));
        Assert.Equal(new DateTimeOffset(2000, 12, 13, 13, 40, 0, TimeSpan.FromHours(-8)), message.DateTime);
        Assert.Equal("the weather will be fine today", message.Subject);
        Assert.Contains(new CpimHeader(CpimHeader.Core, "Subject", "beau temps prevu pour aujourd'hui", "fr"), message.Headers);
        Assert.Equal("Confirmation-requested", message.Find("mid:MessageFeatures@id.foo.com", "VitalMessageOption")?.Value);
        Assert.Equal(("text/xml", "utf-8"), (message.PartType.Type, message.PartType.Charset));
        Assert.Equal("<body>\r\nHere is the text of my message.\r\n</body>\r\n", Encoding.UTF8.GetString(message.Content.Span));
        Assert.Equal((null, ImdnRequest.None), (message.MessageId, message.Requested));
    }

    [Theory]
    [InlineData("\r\n")]
    [InlineData("")]   // as some clients write it
    public void A_message_that_asks_to_be_notified_of_is_read_with_and_without_a_blank_line_before_its_content(string blank)
    {
        var message = Read(HelloWorld.Replace("{0}", blank, StringComparison.Ordinal));

        Assert.Equal(("34jk324j", ImdnRequest.PositiveDelivery | ImdnRequest.NegativeDelivery), (message.MessageId, message.Requested));
        Assert.Equal("text/plain", message.PartType.Type);
        Assert.Equal("Hello World\n", Encoding.UTF8.GetString(message.Content.Span));
    }

    [Theory]
    [InlineData("NS: i <urn:ietf:params:imdn>\r\ni.Message-ID: 7\r\n\r\n\r\nx", "7")]
    [InlineData("imdn.Message-ID: 7\n\n\nx", "7")]                                    // no NS, lines that end in LF
    [InlineData("NS: imdn <urn:other>\r\nimdn.Message-ID: 7\r\n\r\n\r\nx", null)]     // the prefix is another's
    [InlineData("NS: <urn:ietf:params:imdn>\r\nMessage-ID: 7\r\n\r\n\r\nx", "7")]
    [InlineData("Message-ID: 7\r\n\r\n\r\nx", null)]
    public void A_header_belongs_to_the_namespace_of_its_prefix(string text, string? messageId) =>
        Assert.Equal(messageId, Read(text).MessageId);

    [Fact]
    public void Escapes_folds_and_transfer_encodings_are_undone()
    {
        var message = Read("Subject: a\\u20AC\\tb\\\\c\r\n\r\ncontent-TYPE: text/plain;\r\n charset=utf-8\r\nContent-Transfer-Encoding: Base64\r\n\r\nR3LDvMOfZQ==\r\n");

        Assert.Equal("a€\tb\\c", message.Subject);
        Assert.Equal("utf-8", message.PartType.Charset);
        Assert.Equal("Grüße", Encoding.UTF8.GetString(message.Content.Span));
    }

    [Theory]
    [InlineData("", "The headers of the message do not end.")]
    [InlineData("From: a\r\n", "The headers of the message do not end.")]
    [InlineData("From: a\r\n\r\nContent-Type: text/plain\r\n", "The headers of the content do not end.")]
    [InlineData("no header\r\n\r\n\r\n", "Header line 1 has no name.")]
    [InlineData("Fr om: a\r\n\r\n\r\n", "The name in header line 1 is none.")]
    [InlineData("x.y: a\r\n\r\n\r\n", "The prefix in header line 1 has no NS.")]
    [InlineData("NS: x urn:y\r\n\r\n\r\n", "The NS in header line 1 is none.")]
    [InlineData("\r\nContent-Type: text\r\n\r\n", "The Content-Type is none.")]
    [InlineData("\r\nContent-Transfer-Encoding: base64\r\n\r\n!", "The transfer encoding base64 is not read, or broken.")]
    [InlineData("\r\nContent-Transfer-Encoding: x-zip\r\n\r\n!", "The transfer encoding x-zip is not read, or broken.")]
    public void What_is_wrong_is_named(string text, string error)
    {
        Assert.False(CpimMessage.TryParse(Encoding.UTF8.GetBytes(text), out _, out var found));
        Assert.Equal(error, found);
    }

    [Fact]
    public void Size_and_number_of_headers_are_bounded()
    {
        Assert.False(CpimMessage.TryParse(new byte[CpimMessage.MaxOctets + 1], out _, out _));
        var many = string.Concat(Enumerable.Repeat("a: b\r\n", CpimMessage.MaxHeaders));
        Assert.Equal(CpimMessage.MaxHeaders, Read($"{many}\r\n\r\n").Headers.Count);
        Assert.False(CpimMessage.TryParse(Encoding.UTF8.GetBytes($"{many}a: b\r\n\r\n\r\n"), out _, out _));
        Assert.False(CpimMessage.TryParse(Encoding.UTF8.GetBytes($"\r\nContent-Type: text/plain{string.Concat(Enumerable.Repeat("\r\n ;a=b", 65))}\r\n\r\n"),
            out _, out _));
    }

    [Fact]
    public void What_is_written_is_read_again()
    {
        Gen.Select(Gen.String, Gen.String, Gen.Byte.Array[0, 40], Gen.Int[0, 2]).Sample((subject, id, content, space) =>
        {
            var written = new CpimMessage
            {
                Headers =
                [
                    new(CpimHeader.Core, "Subject", subject.Trim(), "de"), new(CpimHeader.Imdn, "Message-ID", $"x{id.Trim()}"),
                    new(((string[])["urn:a", "urn:b", CpimHeader.Core])[space], "Other", "<&>"),
                ],
                PartType = new MediaType("text/plain", SipParameters.Empty.With("charset", "utf-8")),
                PartDisposition = "notification",
                Content = content,
            };
            Assert.True(CpimMessage.TryParse(written.ToArray(), out var read, out var error), error);
            Assert.Equal(written.Headers, read.Headers);
            Assert.Equal(("text/plain;charset=utf-8", "notification"), (read.PartType.ToString(), read.PartDisposition));
            Assert.Equal(content, read.Content.ToArray());
        }, iter: 2_000);
    }

    [Fact]
    public void Cut_or_changed_anywhere_it_is_read_or_refused_and_never_throws()
    {
        foreach (var seed in new[] { WeatherForecast, HelloWorld.Replace("{0}", "\r\n", StringComparison.Ordinal) })
        {
            var octets = Encoding.UTF8.GetBytes(seed);
            var contentAt = octets.Length - Read(seed).Content.Length;
            for (var cut = 0; cut < octets.Length; cut++)
            {
                var whole = CpimMessage.TryParse(octets.AsMemory(0, cut), out var message, out _);
                Assert.Equal(cut >= contentAt, whole && !message.Content.Span.StartsWith("Content"u8));
            }

            Gen.Select(Gen.Int[0, octets.Length - 1], Gen.Byte, Gen.Int[0, Grammar.Length - 1].Select(at => (byte)Grammar[at])).Array[1, 6]
                .Sample(changes =>
                {
                    var changed = (byte[])octets.Clone();
                    foreach (var (at, any, meaning) in changes) changed[at] = any < 128 ? meaning : any;
                    if (!CpimMessage.TryParse(changed, out var message, out var error)) Assert.NotNull(error);
                    _ = (message.From, message.To, message.DateTime, message.Requested, message.MessageId);
                    Assert.True(CpimMessage.TryParse(message.ToArray(), out _, out error), error);
                }, iter: 3_000);
        }
    }
}
