using System.Net;
using Xunit;

namespace Gateway.Sip.Tests.Message;

/// <summary>Cases of our own after the points RFC 5118 §4 makes.</summary>
public sealed class Ipv6Tests
{
    private static byte[] Request(string uri = "sip:[2001:db8::10]", string via = "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bK6",
        string contact = "<sip:a@[2001:db8::1]>") =>
        SipText.Octets(
            $"""
            REGISTER {uri} SIP/2.0
            Via: {via}
            From: <sip:a@[2001:db8:1::7]>;tag=1
            To: sip:a@[2001:db8:1::7]
            Call-ID: 6@[2001:db8::1]
            CSeq: 1 REGISTER
            Contact: {contact}
            l: 0


            """);

    [Fact]
    public void Addresses_in_brackets_stand_wherever_a_host_may() // §4.1
    {
        var request = SipText.ParseRequest(Request("sip:[2001:db8::10]:5070;transport=udp"));

        Assert.Equal(("[2001:db8::10]", 5070), (request.RequestUri.Host, request.RequestUri.Port));
        Assert.Equal(IPAddress.Parse("2001:db8::10"), request.RequestUri.Address);
        Assert.Equal("[2001:db8::9:1]", request.TopVia.SentBy);
        Assert.Equal("[2001:db8:1::7]", request.From.Uri.Host);
        Assert.Equal("6@[2001:db8::1]", request.CallId);
        Assert.True(request.Headers.TryGet<Contact>(HeaderName.Contact, out var contact));
        Assert.Equal(IPAddress.Parse("2001:db8::1"), contact.Uri.Address);
    }

    [Theory]
    [InlineData("sip:2001:db8::10")]        // §4.2: no brackets
    [InlineData("sip:[2001:db8::10")]
    [InlineData("sip:2001:db8::10]")]
    [InlineData("sip:[2001:db8::10]x")]
    [InlineData("sip:[fe80::1%25eth0]")]    // a zone means nothing to another host
    public void A_Request_URI_without_proper_brackets_is_answered_with_400(string uri)
    {
        var result = SipParser.Parse(Request(uri));

        Assert.Equal(400, result.CreateAnswer()!.StatusCode);
        Assert.Equal("Request-URI", result.Error.Field);
    }

    [Fact]
    public void A_port_within_the_brackets_is_part_of_the_address() // §4.3
    {
        var request = SipText.ParseRequest(Request("sip:[2001:db8::10:5070]"));

        Assert.Null(request.RequestUri.Port);
        Assert.Equal(IPAddress.Parse("2001:db8::10:5070"), request.RequestUri.Address);
    }

    [Theory]
    [InlineData("received=[2001:db8::9:255]")] // §4.5: both forms are met
    [InlineData("received=2001:db8::9:255")]
    public void Received_comes_with_and_without_brackets(string received)
    {
        var request = SipText.ParseRequest(Request(via: $"SIP/2.0/UDP [2001:db8::9:1];{received};branch=z9hG4bK6"));

        Assert.Equal(IPAddress.Parse("2001:db8::9:255"), request.TopVia.Received);
        Assert.Equal("z9hG4bK6", request.TopVia.Branch);
    }

    [Fact]
    public void IPv4_and_IPv6_mix_in_the_Via_list() // §4.7, §4.8
    {
        const string Mixed = "SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bK6, SIP/2.0/TCP 192.0.2.1, SIP/2.0/TLS [::ffff:192.0.2.3]";
        var request = SipText.ParseRequest(Request(via: Mixed));

        Assert.True(request.Headers.TryGetAll<Via>(HeaderName.Via, out var vias));
        Assert.Equal(["[2001:db8::9:1]:6050", "192.0.2.1", "[::ffff:192.0.2.3]"], vias.Select(v => v.SentBy));
    }

    [Fact]
    public void A_mapped_address_is_an_address() => // §4.10
        Assert.Equal(IPAddress.Parse("::ffff:192.0.2.10"), SipUri.Parse("sip:a@[::ffff:192.0.2.10]").Address);

    [Theory]
    [InlineData("[2001:db8:0:0:0:0:0:1]", "[2001:db8::1]")]
    [InlineData("[2001:DB8::A]", "[2001:db8::a]")]
    public void Different_spellings_of_an_address_are_one_host(string a, string b) =>
        Assert.Equal(SipUri.Parse("sip:u@" + a), SipUri.Parse("sip:u@" + b));

    [Fact]
    public void A_response_goes_back_with_its_brackets()
    {
        var response = SipText.ParseRequest(Request()).CreateResponse(200);

        Assert.Equal("SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bK6", response.Headers.Get(HeaderName.Via));
    }
}
