using System.Text;
using Xunit;

namespace Gateway.Sip.Tests.Message;

public sealed class PlainSuccessTests
{
    private const string Plain =
        """
        SIP/2.0 200 OK
        Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1
         ;received=192.0.2.9
        f: <sip:a@example.org>;tag=1
        To: <sip:b@example.org>;tag=2
        Call-ID: x
        CSeq: 1 MESSAGE
        P-Charging-Vector: icid-value="1"
        Content-Length: 0


        """;

    [Theory]
    [InlineData("", "", 200)]
    [InlineData("200 OK", "202 Accepted", 202)]
    [InlineData("Content-Length: 0\n", "", 200)]
    [InlineData("Content-Length: 0", "l : 00", 200)]
    [InlineData("To:", "X-Of-Ours: 1\nTo:", 200)]
    public void A_success_of_a_MESSAGE_is_its_status_alone(string from, string to, int status)
    {
        Assert.True(PlainSuccess.TryRead(With(from, to), out var success));

        Assert.Equal(status, success.Response.StatusCode);
        Assert.Empty(success.Response.Headers);
        Assert.True(success.Response.Body.IsEmpty);
        Assert.StartsWith("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1", Encoding.UTF8.GetString(success.Via), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("200 OK", "200 Whatever")]                       // the phrase is shown to people
    [InlineData("200 OK", "299 OK")]
    [InlineData("200 OK", "404 Not Found")]
    [InlineData("200 OK", "100 Trying")]
    [InlineData("1 MESSAGE", "1 SUBSCRIBE")]
    [InlineData("1 MESSAGE", "1 MESSAGES")]
    [InlineData("Content-Length: 0\n\n", "Content-Length: 5\n\nhello")]
    [InlineData("Content-Length: 0\n\n", "\nhello")]
    [InlineData("Content-Length: 0\n\n", "Content-Length: 0\n\nhello")]
    [InlineData("Content-Length: 0\n\n", "Content-Length: 5\n\n")]
    [InlineData("Content-Length: 0\n\n", "Content-Length: 0\n")]
    [InlineData("Content-Length: 0", "Content-Length: x")]
    [InlineData("Call-ID: x\n", "")]
    [InlineData("Call-ID: x", "Call-ID: x\nCall-ID: y")]
    [InlineData("CSeq: 1 MESSAGE", "CSeq: 1 MESSAGE\nCSeq: 2 MESSAGE")]
    [InlineData("CSeq: 1 MESSAGE\n", "")]
    [InlineData("<sip:b@example.org>", "<sip:b@example.org")]
    [InlineData("Via: SIP/2.0/UDP", "Via: SIP/2.0")]
    [InlineData("Call-ID: x", "Call-ID: x\nno header")]
    [InlineData("Call-ID: x", "Call-ID: x\nno token: x")]
    [InlineData("SIP/2.0 200", "\nSIP/2.0 200")]
    [InlineData("SIP/2.0", "SIP/3.0")]
    public void What_is_not_perfectly_plain_is_left_to_the_parser(string from, string to) =>
        Assert.False(PlainSuccess.TryRead(With(from, to), out _));

    [Fact]
    public void A_message_of_more_headers_than_are_read_is_left_to_the_parser() =>
        Assert.False(PlainSuccess.TryRead(With("Call-ID: x", "Call-ID: x" + string.Concat(Enumerable.Repeat("\nX: 1", SipParser.MaxHeaders))), out _));

    [Fact]
    public void What_all_have_cannot_be_changed_by_anyone()
    {
        Assert.True(PlainSuccess.TryRead(With("", ""), out var success));
        var response = success.Response;

        Assert.Throws<InvalidOperationException>(() => response.Headers.Add(HeaderName.Server, "x"));
        Assert.Throws<InvalidOperationException>(() => response.Headers.Add(HeaderName.Server, $"{1}"));
        Assert.Throws<InvalidOperationException>(() => response.Headers.Set(HeaderName.Server, "x"));
        Assert.Throws<InvalidOperationException>(() => response.Body = new byte[1]);
        Assert.False(response.Headers.Remove(HeaderName.Server));
        Assert.Empty(response.Headers);
    }

    // Random changes of one octet: whatever is still read here is read by the parser, and to the same end.
    [Fact]
    public void Nothing_is_taken_that_the_parser_would_refuse()
    {
        var random = new Random(3428);
        var taken = 0;
        for (var round = 0; round < 50_000; round++)
        {
            var octets = With("", "");
            octets[random.Next(octets.Length)] = (byte)random.Next(256);
            if (!PlainSuccess.TryRead(octets, out var success)) continue;

            taken++;
            var response = Assert.IsType<SipResponse>(SipParser.Parse(octets).Message);
            Assert.Equal((response.StatusCode, response.ReasonPhrase), (success.Response.StatusCode, success.Response.ReasonPhrase));
            Assert.Equal(SipMethod.Message, response.CSeq.Method);
            Assert.True(response.Body.IsEmpty);
            Assert.True(response.Headers.TryGetRaw(HeaderName.Via, out var via) && success.Via.StartsWith(via));
        }

        Assert.True(taken > 1_000);
    }

    private static byte[] With(string from, string to)
    {
        var text = Plain.ReplaceLineEndings("\n");
        Assert.True(from.Length == 0 || text.Contains(from, StringComparison.Ordinal));
        return SipText.Octets(from.Length == 0 ? text : text.Replace(from, to, StringComparison.Ordinal));
    }
}
