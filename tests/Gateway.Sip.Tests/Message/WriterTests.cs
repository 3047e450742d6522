using System.Text;
using Xunit;

namespace Gateway.Sip.Tests.Message;

public sealed class WriterTests
{
    public static TheoryData<string> Valid()
    {
        var data = new TheoryData<string>();
        foreach (var name in VectorFiles.Names("torture", "*.dat"))
        {
            if (SipParser.Parse(VectorFiles.Read("torture", name)).Succeeded) data.Add(name);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Valid))]
    public void Writing_what_was_parsed_is_stable_and_loses_nothing(string name)
    {
        var message = SipParser.Parse(VectorFiles.Read("torture", name)).Message!;

        var once = SipWriter.ToArray(message);
        var again = SipParser.Parse(once);

        Assert.True(again.Succeeded, again.Error.ToString());
        Assert.Equal(Encoding.Latin1.GetString(once), Encoding.Latin1.GetString(SipWriter.ToArray(again.Message!)));
        Assert.Equal(message.Body.ToArray(), again.Message!.Body.ToArray());
        Assert.Equal(Listed(message), Listed(again.Message));
    }

    private static IEnumerable<string> Listed(SipMessage message) =>
        message.Headers.Where(h => h.Key != "Content-Length").Select(h => $"{h.Key}: {h.Value}");

    [Fact]
    public void A_request_made_here_is_written_to_the_letter()
    {
        var request = new SipRequest("MESSAGE", SipUri.Parse("sip:+491701@example.org;user=phone"));
        request.Headers.Add(HeaderName.Via,
            new Via("UDP", "[2001:db8::1]", 5060, SipParameters.Empty.With("branch", "z9hG4bK1").With("rport")));
        request.Headers.Add(HeaderName.From, new NameAddr(SipUri.Parse("sip:smsc@example.org"), "Bank \"A\"").WithTag("1"));
        request.Headers.Add(HeaderName.To, new NameAddr(SipUri.Parse("sip:+491701@example.org;user=phone")));
        request.Headers.Add(HeaderName.CallId, "c@example.org");
        request.Headers.Add(HeaderName.CSeq, new CSeq(1, "MESSAGE"));
        request.Headers.Add("X-Custom", "é");
        request.SetBody("text/plain;charset=utf-8", "grüße"u8.ToArray());

        Assert.Equal(
            SipText.Octets(
                """
                MESSAGE sip:+491701@example.org;user=phone SIP/2.0
                Via: SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK1;rport
                From: "Bank \"A\"" <sip:smsc@example.org>;tag=1
                To: <sip:+491701@example.org;user=phone>
                Call-ID: c@example.org
                CSeq: 1 MESSAGE
                X-Custom: é
                Content-Type: text/plain;charset=utf-8
                Content-Length: 7

                grüße
                """),
            SipWriter.ToArray(request));
        Assert.True(SipParser.Parse(SipWriter.ToArray(request)).Succeeded);
    }

    [Fact]
    public void A_Content_Length_that_was_set_by_hand_is_not_believed()
    {
        var request = SipText.ParseRequest(SipText.Seed);
        request.Headers.Set(HeaderName.ContentLength, "9999");

        Assert.Contains("Content-Length: 36\r\n\r\n", Encoding.Latin1.GetString(SipWriter.ToArray(request)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_new_Request_URI_is_written_in_place_of_the_received_one()
    {
        var request = SipText.ParseRequest(SipText.Seed);
        request.RequestUri = SipUri.Parse("sip:new@example.org");

        Assert.StartsWith("MESSAGE sip:new@example.org SIP/2.0\r\n", Encoding.Latin1.GetString(SipWriter.ToArray(request)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_method_that_is_no_token_is_the_programmers_error() =>
        Assert.Throws<ArgumentException>(() => new SipRequest("BAD METHOD", SipUri.Parse("sip:a@b")));
}
