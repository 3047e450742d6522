using System.Text;
using Xunit;

namespace Gateway.Sip.Tests.Message;

public sealed class RequestCheckTests
{
    private static SipResponse? Check(string method, string uri = "sip:smsc@example.org", string body = "", params string[] headers)
    {
        var text = Encoding.UTF8.GetString(SipText.Message(headers))
            .Replace("MESSAGE sip:smsc@example.org", $"{method} {uri}", StringComparison.Ordinal)
            .Replace("CSeq: 1 MESSAGE", $"CSeq: 1 {method}", StringComparison.Ordinal);
        var passes = RequestCheck.TryPass(SipText.ParseRequest(Encoding.UTF8.GetBytes(text + body)), RequestCheckOptions.Default,
            out var answer);
        if (passes) Assert.Null(answer);
        else Assert.True(answer is not null || method == "ACK");
        return answer;
    }

    [Theory]
    [InlineData("MESSAGE")]
    [InlineData("SUBSCRIBE")]
    [InlineData("NOTIFY")]
    [InlineData("REGISTER")]
    public void The_methods_of_an_SMS_service_reach_the_application(string method) => Assert.Null(Check(method));

    [Theory]
    [InlineData("INVITE", 405)]
    [InlineData("PUBLISH", 405)]
    [InlineData("message", 405)]
    [InlineData("NEWMETHOD", 405)]
    [InlineData("CANCEL", 481)]
    [InlineData("BYE", 481)]
    [InlineData("OPTIONS", 200)]
    public void The_others_get_their_answer(string method, int status)
    {
        var answer = Check(method)!;

        Assert.Equal(status, answer.StatusCode);
        if (status != 481) Assert.Equal(SipMethod.Allowed, answer.Headers.Get(HeaderName.Allow));
    }

    [Fact]
    public void An_ACK_is_swallowed() => Assert.Null(Check("ACK"));

    [Theory]
    [InlineData("urn:service:sos", 416)]
    [InlineData("http://example.org", 416)]
    [InlineData("tel:+491701", null)]
    [InlineData("sips:smsc@example.org", null)]
    public void Only_sip_sips_and_tel_are_served(string uri, int? status) => Assert.Equal(status, Check("MESSAGE", uri)?.StatusCode);

    [Fact]
    public void Unknown_extensions_are_listed_and_known_ones_pass()
    {
        var answer = Check("MESSAGE", headers: ["Require: path, foo", "Require: bar"])!;

        Assert.Equal(420, answer.StatusCode);
        Assert.Equal("foo, bar", answer.Headers.Get(HeaderName.Unsupported));
        Assert.Null(Check("REGISTER", headers: "Require: Path"));
        Assert.Null(Check("MESSAGE", headers: "Proxy-Require: foo"));
    }

    [Theory]
    [InlineData("application/vnd.3gpp.sms", null)]
    [InlineData("Text/Plain;charset=utf-8", null)]
    [InlineData("message/cpim", null)]
    [InlineData("application/sdp", 415)]
    [InlineData("nonsense", 400)]
    public void Bodies_of_a_MESSAGE(string type, int? status)
    {
        var answer = Check("MESSAGE", body: "x", headers: "Content-Type: " + type);

        Assert.Equal(status, answer?.StatusCode);
        if (status == 415) Assert.Contains("text/plain", answer!.Headers.Get(HeaderName.Accept), StringComparison.Ordinal);
    }

    [Fact]
    public void A_coded_body_is_refused_with_what_is_accepted()
    {
        var answer = Check("MESSAGE", body: "x", headers: ["Content-Type: text/plain", "e: gzip"])!;

        Assert.Equal((415, "identity"), (answer.StatusCode, answer.Headers.Get(HeaderName.AcceptEncoding)));
        Assert.Null(Check("MESSAGE", body: "x", headers: ["Content-Type: text/plain", "Content-Encoding: identity"]));
    }
}
