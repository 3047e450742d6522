using System.Net;
using System.Text;
using Xunit;

namespace Gateway.Sip.Tests.Headers;

public sealed class HeaderValueTests
{
    private static T Read<T>(string text)
        where T : IHeaderValue<T>
    {
        Assert.True(T.TryParse(Encoding.UTF8.GetBytes(text), out var value), text);
        return value;
    }

    private static bool Reads<T>(string text)
        where T : IHeaderValue<T> => T.TryParse(Encoding.UTF8.GetBytes(text), out _);

    [Theory]
    [InlineData("<sip:a@b>", null, "sip:a@b", null)]
    [InlineData("sip:a@b;tag=1", null, "sip:a@b", "1")]
    [InlineData("sip:a@b ; tag = 1", null, "sip:a@b", "1")]
    [InlineData("\"A \\\"B\\\" \\\\C\" <sip:a@b;x=y>;tag=1", "A \"B\" \\C", "sip:a@b;x=y", "1")]
    [InlineData("A. G. Bell<sip:a@b>", "A. G. Bell", "sip:a@b", null)]
    [InlineData("José Müller <sip:a@b>", "José Müller", "sip:a@b", null)]
    [InlineData("\"<sip:x@y>\" <sip:a@b>", "<sip:x@y>", "sip:a@b", null)]
    [InlineData("<tel:+49-170;phone-context=+49>;TAG=q", null, "tel:+49-170;phone-context=+49", "q")]
    [InlineData("\"folded\r\n name\"\r\n <sip:a@b>\r\n ;tag=1", "folded name", "sip:a@b", "1")]
    [InlineData("\"\" <sip:a@b>", "", "sip:a@b", null)]
    public void Name_addresses(string text, string? display, string uri, string? tag)
    {
        var address = Read<NameAddr>(text);

        Assert.Equal((display, uri, tag), (address.DisplayName, address.Uri.ToString(), address.Tag));
        Assert.Equal(address, Read<NameAddr>(address.ToString()));
        Assert.True(NameAddr.TryParseUri(Encoding.UTF8.GetBytes(text), out var alone));
        Assert.Equal(address.Uri, alone);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<>")]
    [InlineData("<sip:a@b")]
    [InlineData("sip:a@b>")]
    [InlineData("\"A <sip:a@b>")]
    [InlineData("\"A\" sip:a@b")]
    [InlineData("\"A\" b <sip:a@b>")]
    [InlineData("A \"B\" <sip:a@b>")]
    [InlineData("< sip:a@b >")]
    [InlineData("sip:a@b?h=v")]
    [InlineData("sip:a@b;tag=1;")]
    [InlineData("<sip:a@b>;;tag=1")]
    [InlineData("<sip:a@b>;tag=")]
    [InlineData("<sip:a@b>;=1")]
    [InlineData("<sip:a@b> tag=1")]
    [InlineData("<sip:a@b>;tag=\"1")]
    [InlineData("\"A\\")]
    public void What_is_no_name_address_is_refused(string text)
    {
        Assert.False(Reads<NameAddr>(text));
        Assert.False(NameAddr.IsValid(Encoding.UTF8.GetBytes(text)));
        Assert.False(NameAddr.TryParseUri(Encoding.UTF8.GetBytes(text), out _));
    }

    [Fact]
    public void A_display_name_cannot_break_out_of_its_quotes()
    {
        var address = new NameAddr(SipUri.Parse("sip:a@b"), "x\" <sip:evil@e>\r\nVia: \\ \0");

        var text = address.ToString();

        Assert.DoesNotContain('\n', text);
        Assert.Equal(SipUri.Parse("sip:a@b"), Read<NameAddr>(text).Uri);
        Assert.Equal("x\" <sip:evil@e>  Via: \\ \0", Read<NameAddr>(text).DisplayName);
    }

    [Fact]
    public void A_Via_with_everything()
    {
        var via = Read<Via>("SIP / 2.0 / udp [2001:DB8::9:1]:5061;rport=5099;received=2001:db8::9:255;branch=z9hG4bKas3-111;x=\"a b\"");

        Assert.Equal(("UDP", "[2001:DB8::9:1]", (ushort)5061), (via.Transport, via.Host, via.Port!.Value));
        Assert.Equal("[2001:db8::9:1]:5061", via.SentBy);
        Assert.Equal(IPAddress.Parse("2001:db8::9:255"), via.Received);
        Assert.Equal((ushort)5099, via.Rport!.Value);
        Assert.True(via.HasUniqueBranch);
        Assert.Equal("SIP/2.0/UDP [2001:DB8::9:1]:5061;rport=5099;received=2001:db8::9:255;branch=z9hG4bKas3-111;x=\"a b\"",
            via.ToString());
    }

    [Fact]
    public void An_empty_rport_asks_and_a_filled_one_answers()
    {
        var asking = Read<Via>("SIP/2.0/UDP h;rport;branch=z9hG4bK1");

        Assert.True(asking.HasRport);
        Assert.Null(asking.Rport);
        Assert.Equal("SIP/2.0/UDP h;rport=7;branch=z9hG4bK1;received=192.0.2.1",
            asking.WithParameter("rport", "7").WithParameter("received", "192.0.2.1").ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("SIP/2.0/UDP")]
    [InlineData("SIP/2.0/UDP ")]
    [InlineData("SIP/2.0 UDP h")]
    [InlineData("HTTP/2.0/UDP h")]
    [InlineData("SIP/3.0/UDP h")]
    [InlineData("SIP/2.0/UDPh;branch=1")]
    [InlineData("SIP/2.0/UDP h:")]
    [InlineData("SIP/2.0/UDP h:99999")]
    [InlineData("SIP/2.0/UDP h branch=1")]
    [InlineData("SIP/2.0/UDP h;;branch=1")]
    [InlineData("SIP/2.0/UDP 2001:db8::1")]
    public void What_is_no_Via_is_refused(string text)
    {
        Assert.False(Reads<Via>(text));
        Assert.False(Via.IsValid(Encoding.UTF8.GetBytes(text)));
    }

    [Theory]
    [InlineData("1 MESSAGE", 1u, "MESSAGE")]
    [InlineData("0009\r\n  INVITE", 9u, "INVITE")]
    [InlineData("4294967295 a!b", uint.MaxValue, "a!b")]
    public void CSeqs(string text, uint number, string method) => Assert.Equal(new CSeq(number, method), Read<CSeq>(text));

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1MESSAGE")]
    [InlineData("MESSAGE 1")]
    [InlineData("4294967296 MESSAGE")]
    [InlineData("-1 MESSAGE")]
    [InlineData("1 MESSAGE x")]
    public void What_is_no_CSeq_is_refused(string text) => Assert.False(Reads<CSeq>(text));

    [Fact]
    public void The_handsets_contact_with_its_features()
    {
        var contact = Read<Contact>(
            "<sip:494046895124@192.168.178.26:5060;alias=91.15.76.14~44499~2>;q=1.00;+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel\";"
            + "+g.3gpp.smsip;video;+sip.instance=\"<urn:gsma:imei:35676506-815566-0>\";expires=600;reg-id=1");

        Assert.Equal(1.0, contact.Q);
        Assert.Equal(600u, contact.Expires);
        Assert.Equal(1u, contact.RegId);
        Assert.Equal("urn:gsma:imei:35676506-815566-0", contact.Instance);
        Assert.True(contact.HasFeature("+G.3GPP.smsip"));
        Assert.True(contact.HasFeature("video"));
        Assert.False(contact.HasFeature("audio"));
        Assert.Contains(";+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel\";+g.3gpp.smsip;video;", contact.ToString(),
            StringComparison.Ordinal);
        Assert.Equal(contact, Read<Contact>(contact.ToString()));
    }

    [Theory]
    [InlineData("+g.3gpp.smsip", true)]
    [InlineData("+g.3gpp.smsip=\"TRUE\"", true)]
    [InlineData("+g.3gpp.smsip=\"FALSE\"", false)]
    [InlineData("+g.3gpp.smsip=\"false\"", false)]
    [InlineData("video", false)]
    public void A_boolean_feature_may_be_spelled_out(string parameter, bool stated) =>
        Assert.Equal(stated, Read<Contact>("<sip:a@b>;" + parameter).HasFeature(FeatureTags.SmsOverIp));

    [Fact]
    public void Odd_contact_parameters_are_absent_rather_than_wrong()
    {
        var contact = Read<Contact>("<sip:a@b>;q=2;expires=soon");

        Assert.Null(contact.Q);
        Assert.Null(contact.Expires);
        Assert.Equal(uint.MaxValue, Read<Contact>("<sip:a@b>;expires=280297596632815").Expires);
        Assert.True(Read<Contact>(" * ").IsWildcard);
        Assert.Equal("*", Contact.Wildcard.ToString());
    }

    [Fact]
    public void Subscription_states_and_events()
    {
        var state = Read<SubscriptionState>("Terminated ;Reason=GiveUp; retry-after=30");
        Assert.True(state.IsTerminated);
        Assert.Equal(("giveup", 30u), (state.Reason, state.RetryAfter));
        Assert.Equal(600u, Read<SubscriptionState>("active;expires=600").Expires);
        Assert.Null(Read<SubscriptionState>("active;expires=x").Expires);
        Assert.False(Reads<SubscriptionState>(";expires=1"));

        Assert.Equal(("reg", "7"), (Read<Event>("reg;id=7").Package, Read<Event>("reg;id=7").Id));
        Assert.Equal("presence.winfo", Read<Event>("presence.winfo").Package);
        Assert.False(Reads<Event>("reg id=7"));
    }

    [Theory]
    [InlineData("120", 120u)]
    [InlineData("18000;duration=3600", 18000u)]
    [InlineData("120 (I'm in a (very\\) long) meeting)", 120u)]
    [InlineData("99999999999", uint.MaxValue)]
    public void Retry_After_with_comment_and_parameters(string text, uint seconds) => Assert.Equal(seconds, Read<RetryAfter>(text).Seconds);

    [Theory]
    [InlineData("(x) 1")]
    [InlineData("1 (x")]
    [InlineData("soon")]
    public void What_is_no_Retry_After_is_refused(string text) => Assert.False(Reads<RetryAfter>(text));

    [Fact]
    public void Media_types()
    {
        var type = Read<MediaType>("Text/Plain; charset=\"ISO-8859-1\"");

        Assert.Equal(("text/plain", "ISO-8859-1"), (type.Type, type.Charset));
        Assert.True(Read<MediaType>("*/*;q=0.1").Admits("text/plain"));
        Assert.True(Read<MediaType>("text/*").Admits("TEXT/plain"));
        Assert.False(Read<MediaType>("text/*").Admits("textual/plain"));
        Assert.False(Reads<MediaType>("text"));
        Assert.False(Reads<MediaType>("text/plain charset=utf-8"));
    }

    [Fact]
    public void Delta_seconds_saturate()
    {
        Assert.Equal(3600u, Read<DeltaSeconds>("3600").Seconds);
        Assert.Equal(uint.MaxValue, Read<DeltaSeconds>("10000000000000").Seconds);
        Assert.False(Reads<DeltaSeconds>("Thu, 01 Dec 1994"));
        Assert.False(Reads<DeltaSeconds>(""));
    }
}
