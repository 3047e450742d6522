using Gateway.Inbound;
using Gateway.Routing;
using Gateway.Sip;
using Xunit;

namespace Gateway.Tests.Inbound;

/// <summary>Who is the sender, of what a trusted peer asserts (RFC 3325 §9.1: one SIP and one tel value at most).</summary>
public sealed class SenderTests
{
    private const string Imsi = "<sip:262011234567890@ims.mnc001.mcc262.3gppnetwork.org>";

    [Theory]
    [InlineData("tel:+491711234567", Imsi, "<tel:+491711234567>")]
    [InlineData("tel:+491711234567", "<sip:0171@ims.example.org>, <tel:+491711234567>")]
    [InlineData("tel:+491711234567", "<sip:+498912@ims.example.org;user=phone>", "<tel:+491711234567>")]
    [InlineData("sip:+498912@ims.example.org", "<sip:8912@ims.example.org>", "<sip:+498912@ims.example.org>")]
    [InlineData("sip:8912@ims.example.org", "<sip:alice@ims.example.org>", "<sip:8912@ims.example.org>")]
    [InlineData("sip:alice@ims.example.org", "<sip:alice@ims.example.org>", "<sip:bob@ims.example.org>")]
    [InlineData("sip:262011234567890@ims.mnc001.mcc262.3gppnetwork.org", Imsi)]
    public void The_asserted_identity_is_the_best_number(string expected, params string[] asserted)
    {
        var request = new SipRequest(SipMethod.Message, SipUri.Parse("sip:smsc@ims.example.org"));
        foreach (var value in asserted) request.Headers.Add(HeaderName.PAssertedIdentity, value);

        Assert.Equal(expected, Senders.AssertedIdentity(request)!.ToString());
    }

    [Fact]
    public void Without_one_the_served_user_counts()
    {
        var request = new SipRequest(SipMethod.Message, SipUri.Parse("sip:smsc@ims.example.org"));
        Assert.Null(Senders.AssertedIdentity(request));

        request.Headers.Add(HeaderName.PServedUser, "<sip:+498912@ims.example.org>;sescase=orig");

        Assert.Equal("sip:+498912@ims.example.org", Senders.AssertedIdentity(request)!.ToString());
    }

    [Theory]
    [InlineData("sip:262011234567890@ims.mnc001.mcc262.3gppnetwork.org", null)]   // MCC 262, MNC 01
    [InlineData("sip:310410123456789@IMS.mnc410.mcc310.3gppnetwork.org", null)]   // MCC 310, MNC 410
    [InlineData("sip:262991234567890@ims.mnc001.mcc262.3gppnetwork.org", "262991234567890")]   // of no IMSI of this network
    [InlineData("sip:+491711234567@ims.mnc001.mcc262.3gppnetwork.org", "491711234567")]
    [InlineData("sip:262011234567890@ims.example.org", "262011234567890")]
    [InlineData("tel:+491711234567", "491711234567")]
    [InlineData("sip:alice@ims.example.org", null)]
    public void An_imsi_is_no_number(string identity, string? msisdn) =>
        Assert.Equal(msisdn, Identities.MsisdnOf(SipUri.Parse(identity)));
}
