using System.Net;
using System.Text;
using Xunit;

namespace Gateway.Sip.Tests.Uris;

public sealed class SipUriTests
{
    [Theory]
    [InlineData("sip:alice@example.org")]
    [InlineData("sip:alice:secret@example.org;transport=tcp")]
    [InlineData("sips:alice@example.org?subject=project%20x&priority=urgent")]
    [InlineData("sip:+1-212-555-1212:1234@gateway.example.com;user=phone")]
    [InlineData("sip:alice;day=tuesday@example.org")]
    [InlineData("sip:494046895124@192.168.178.26:5060;alias=91.15.76.14~44499~2")]
    [InlineData("sip:[2001:db8::10]:5070")]
    [InlineData("sip:user@[2001:db8::10]")]
    [InlineData("sip:example.org:5060")]
    [InlineData("sip:orig@scscf-1.ams.voiceblue.com:5060;lr;lr")]
    [InlineData("sip:*31#491701@example.org")]
    [InlineData("sip:3100011&x@127.0.0.1:5081;opaque=a&b")]
    [InlineData("sip:3100014@127.0.0.1:5082;+g.3gpp.smsip")]
    [InlineData("tel:+49-170-1234567")]
    [InlineData("tel:7042;phone-context=example.com")]
    [InlineData("tel:+491701;isub=12;ext=4")]
    [InlineData("urn:service:sos")]
    [InlineData("http://example.org/a?b=c")]
    [InlineData("soap.beep://192.0.2.103:3002")]
    [InlineData("im:alice@example.org")]
    public void A_URI_is_written_as_it_was_read(string text) => Assert.Equal(text, SipUri.Parse(text).ToString());

    [Theory]
    [InlineData("SIP:a@Example.org", "sip:a@Example.org")]
    [InlineData("sip:a@example.org:05060", "sip:a@example.org:5060")]
    [InlineData("sip:a@example.org:0", "sip:a@example.org:0")]
    [InlineData("sip:a@example.org;;x=;y;", "sip:a@example.org;x=;y")]
    [InlineData("sip:a;;b@example.org:5060;lr;?h=1", "sip:a;;b@example.org:5060;lr?h=1")]
    [InlineData("Tel:+491701;ext=1;", "tel:+491701;ext=1")]
    [InlineData("URN:service:sos", "urn:service:sos")]
    public void What_is_not_as_it_is_written_here_is_written_as_it_is(string read, string written)
    {
        Assert.Equal(written, SipUri.Parse(read).ToString());
        Assert.Equal(written, SipUri.TryParse(Encoding.UTF8.GetBytes(read), out var uri) ? uri.ToString() : null);
    }

    [Theory]
    [InlineData("")]
    [InlineData("alice@example.org")]
    [InlineData("sip:")]
    [InlineData("sip:@example.org")]
    [InlineData("sip:a@")]
    [InlineData("sip:a b@example.org")]
    [InlineData("sip:a@example.org ")]
    [InlineData("sip:a@exa mple.org")]
    [InlineData("sip:a@b@example.org")]
    [InlineData("sip:a%4@example.org")]
    [InlineData("sip:a%zz@example.org")]
    [InlineData("sip:a@example.org:")]
    [InlineData("sip:a@example.org:70000")]
    [InlineData("sip:a@example.org:50x")]
    [InlineData("sip:a@example.org;p%2=1")]
    [InlineData("sip:a@example.org;=1")]
    [InlineData("sip:a@example.org;p=\"x\"")]
    [InlineData("sip:a@example.org?")]
    [InlineData("sip:a@example.org?=x")]
    [InlineData("sip:a@[::1")]
    [InlineData("sip:a@[]")]
    [InlineData("sip:a@[example]")]
    [InlineData("sip:a@::1")]
    [InlineData("tel:")]
    [InlineData("tel:;ext=1")]
    [InlineData("tel:+49?x=1")]
    [InlineData("1sip:a@b")]
    [InlineData("a_b:c")]
    [InlineData("urn:<x>")]
    [InlineData("sip:a@example.org\r\nX: y")]
    public void What_is_no_URI_is_refused(string text) => Assert.False(SipUri.TryParse(text, out _));

    [Theory]
    [InlineData("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp")]
    [InlineData("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5")]
    [InlineData("sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on")]
    [InlineData("sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
        "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com")]
    [InlineData("sip:alice@atlanta.com?subject=project%20x&priority=urgent", "sip:alice@atlanta.com?priority=urgent&subject=project%20x")]
    [InlineData("sip:a@[2001:db8::1]", "sip:a@[2001:DB8:0:0::1]")]
    [InlineData("sip:%2B49170@example.org", "sip:%2b49170@example.org")]
    [InlineData("tel:+49-170-1", "tel:+49(170)1")]
    [InlineData("tel:7042;phone-context=Example.com", "tel:70-42;phone-context=example.com")]
    [InlineData("tel:7042;phone-context=+1-914-555", "tel:7042;phone-context=+1914555")]
    [InlineData("TEL:+491701", "tel:+491701")]
    [InlineData("tel:+491701;ext", "tel:+491701;ext")]
    [InlineData("tel:+491701;a=1;a=2", "tel:+491701;a=1;a=2")]
    [InlineData("sip:h;lr;lr=x", "sip:h;lr;lr=x")]
    [InlineData("urn:service:sos", "URN:service:sos")]
    public void Equal_URIs_of_RFC_3261_19_1_4_and_RFC_3966(string a, string b)
    {
        Assert.Equal(SipUri.Parse(a), SipUri.Parse(b));
        Assert.Equal(SipUri.Parse(b), SipUri.Parse(a));
        Assert.Equal(SipUri.Parse(a).GetHashCode(), SipUri.Parse(b).GetHashCode());
    }

    [Theory]
    [InlineData("sip:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP")]
    [InlineData("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060")]
    [InlineData("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp")]
    [InlineData("sip:bob@biloxi.com", "sips:bob@biloxi.com")]
    [InlineData("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting")]
    [InlineData("sip:carol@chicago.com;security=off", "sip:carol@chicago.com;security=on")]
    [InlineData("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4")]
    [InlineData("sip:+491701@example.org;user=phone", "sip:+491701@example.org")]
    [InlineData("sip:a@example.org;maddr=192.0.2.1", "sip:a@example.org")]
    [InlineData("sip:a%40b@example.org", "sip:ab@example.org")]
    [InlineData("sip:a%2Bb@example.org", "sip:a+b@example.org")]
    [InlineData("tel:+491701", "tel:491701")]
    [InlineData("tel:7042;phone-context=a.example", "tel:7042;phone-context=b.example")]
    [InlineData("tel:+491701", "tel:+491701;ext=1")]
    [InlineData("urn:service:sos", "urn:service:sos.fire")]
    public void Different_URIs_of_RFC_3261_19_1_4_and_RFC_3966(string a, string b)
    {
        Assert.NotEqual(SipUri.Parse(a), SipUri.Parse(b));
        Assert.NotEqual(SipUri.Parse(b), SipUri.Parse(a));
    }

    [Theory]
    [InlineData("sip:+491701234567@ims.example.org;user=phone", "+491701234567")]
    [InlineData("sip:491701234567@ims.example.org", "491701234567")]
    [InlineData("sip:%2B49-170-123.45(67)@ims.example.org", "+491701234567")]
    [InlineData("sip:01701;phone-context=+49@ims.example.org;user=phone", "01701")]
    [InlineData("sip:894@ims.voiceblue.com", "894")]
    [InlineData("tel:+49-170-1234567", "+491701234567")]
    [InlineData("tel:7042;phone-context=example.com", "7042")]
    [InlineData("sip:+491701:pin@example.org", "+491701")]
    [InlineData("sip:alice@example.org", null)]
    [InlineData("sip:example.org", null)]
    [InlineData("sip:+@example.org", null)]
    [InlineData("sip:49+170@example.org", null)]
    [InlineData("sip:*31#491701@example.org", null)]
    [InlineData("sip:00000000000000000000000000000000000000000000@example.org", null)]
    [InlineData("urn:service:sos", null)]
    public void The_number_is_read_from_any_form(string uri, string? number) => Assert.Equal(number, SipUri.Parse(uri).Number);

    [Theory]
    [InlineData("tel:7042;phone-context=example.com", "example.com")]
    [InlineData("tel:0170;phone-context=%2B49", "+49")]
    [InlineData("sip:01701;phone-context=+49@ims.example.org;user=phone", "+49")]
    [InlineData("sip:01701@ims.example.org;phone-context=ims.example.org", "ims.example.org")]
    [InlineData("tel:+491701", null)]
    public void The_phone_context_is_read_from_any_form(string uri, string? context) =>
        Assert.Equal(context, SipUri.Parse(uri).PhoneContext);

    [Fact]
    public void A_created_URI_is_escaped_and_bracketed()
    {
        Assert.Equal("sip:a%20b%40c%23@example.org:5070", SipUri.Create("a b@c#", "example.org", 5070).ToString());
        Assert.Equal("a b@c#", SipUri.Create("a b@c#", "example.org").User);
        Assert.Equal("sip:gr%C3%BC%C3%9Fe@example.org", SipUri.Create("grüße", "example.org").ToString());
        Assert.Equal("sip:[2001:db8::1]:5060", SipUri.Create(null, new IPEndPoint(IPAddress.Parse("2001:db8::1"), 5060)).ToString());
        Assert.Equal(IPAddress.Parse("2001:db8::1"), SipUri.Parse("sip:[2001:db8::1]").Address);
        Assert.Throws<FormatException>(() => SipUri.Create("a", "two words"));
    }

    [Fact]
    public void The_address_of_record_has_neither_parameters_nor_headers_nor_needless_escapes() =>
        Assert.Equal("sip:alice@example.org",
            SipUri.Parse("sip:%61lice@Example.ORG;transport=tcp;user=phone?a=b").AddressOfRecord().ToString());

    [Fact]
    public void Empty_parameters_of_a_contact_cut_short_are_dropped() =>
        Assert.Equal("sip:3100011&x@127.0.0.1:5081", SipUri.Parse("sip:3100011&x@127.0.0.1:5081;").ToString());
}
