using System.Text;
using Xunit;

namespace Gateway.Sip.Tests.Message;

public sealed class ResponseTests
{
    [Fact]
    public void A_response_copies_what_RFC_3261_8_2_6_says_and_tags_To()
    {
        var request = SipText.ParseRequest(SipText.Octets(
            """
            SUBSCRIBE sip:a@example.org SIP/2.0
            Via: SIP/2.0/TCP p.example.org;branch=z9hG4bK2
             ;received=192.0.2.9, SIP/2.0/UDP h;branch=z9hG4bK1
            Via: SIP/2.0/UDP k;branch=z9hG4bK0
            Record-Route: <sip:p.example.org;lr>
            From: "A" <sip:a@example.org>;tag=f
            To: sip:b@example.org
            Call-ID: x
            CSeq: 7 SUBSCRIBE
            Timestamp: 54
            Subject: not copied
            Content-Length: 0


            """));

        var response = request.CreateResponse(200, toTag: "t1");

        Assert.Equal(
            SipText.Octets(
                """
                SIP/2.0 200 OK
                Via: SIP/2.0/TCP p.example.org;branch=z9hG4bK2 ;received=192.0.2.9, SIP/2.0/UDP h;branch=z9hG4bK1
                Via: SIP/2.0/UDP k;branch=z9hG4bK0
                From: "A" <sip:a@example.org>;tag=f
                To: sip:b@example.org;tag=t1
                Call-ID: x
                CSeq: 7 SUBSCRIBE
                Record-Route: <sip:p.example.org;lr>
                Content-Length: 0


                """),
            SipWriter.ToArray(response));
        Assert.Equal("t1", response.To.Tag);
        Assert.Equal("p.example.org", response.TopVia.Host);
        Assert.False(request.CreateResponse(404).Headers.Contains(HeaderName.RecordRoute));
    }

    [Theory]
    [InlineData(200, null, "Subject: not copied", "Timestamp: 54")]
    [InlineData(100, null, "Timestamp: 54")]
    [InlineData(415, "Not\tthis", "Record-Route: <sip:p.example.org;lr>", "Via: SIP/2.0/UDP k\n ;branch=z9hG4bK0")]
    public void An_answer_without_more_is_written_as_its_response_would_be(int status, string? reason, params string[] headers)
    {
        var request = SipText.ParseRequest(SipText.Message(headers));

        var written = SipWriter.Answer(request, new PlainAnswer(status, reason), "gateway").ToArray();

        var tag = ((SipResponse)SipParser.Parse(written).Message!).To.Tag;
        Assert.Equal(status == 100 ? 0 : 16, tag?.Length ?? 0);
        var response = request.CreateResponse(status, reason, tag);
        response.Headers.Add(HeaderName.Server, "gateway");
        Assert.Equal(Encoding.UTF8.GetString(SipWriter.ToArray(response)), Encoding.UTF8.GetString(written));
    }

    [Fact]
    public void A_100_has_the_Timestamp_and_no_tag_of_ours()
    {
        var response = SipText.ParseRequest(SipText.Message("Timestamp: 54")).CreateResponse(100);

        Assert.Equal("54", response.Headers.Get(HeaderName.Timestamp));
        Assert.Null(response.To.Tag);
    }

    [Fact]
    public void A_tag_that_is_there_stays()
    {
        var text = Encoding.ASCII.GetString(SipText.Message()).Replace("To: <sip:smsc@example.org>", "To: <sip:smsc@example.org>;TAG=old",
            StringComparison.Ordinal);

        Assert.Equal("old", SipText.ParseRequest(Encoding.ASCII.GetBytes(text)).CreateResponse(200, toTag: "new").To.Tag);
    }

    [Fact]
    public void Random_tags_differ_and_are_long_enough()
    {
        var request = SipText.ParseRequest(SipText.Message());

        Assert.NotEqual(request.CreateResponse(200).To.Tag, request.CreateResponse(200).To.Tag);
        Assert.Equal(16, SipRequest.NewTag().Length);
    }

    [Fact]
    public void A_response_lives_on_when_headers_are_added_to_it()
    {
        var response = SipText.ParseRequest(SipText.Seed).CreateResponse(415);
        response.Headers.Add(HeaderName.Accept, "text/plain");
        response.Headers.AddFirst(HeaderName.Server, "gateway");

        var again = (SipResponse)SipParser.Parse(SipWriter.ToArray(response)).Message!;

        Assert.Equal((415, "Unsupported Media Type"), (again.StatusCode, again.ReasonPhrase));
        Assert.Equal("Server", again.Headers.First().Key);
        Assert.Equal("text/plain", again.Headers.Get(HeaderName.Accept));
        Assert.Equal("z9hG4bKuhrVgaLL", again.TopVia.Branch);
    }

    [Fact]
    public void A_reason_cannot_carry_a_header() =>
        Assert.Equal("SIP/2.0 400 a  Via: b",
            Encoding.ASCII.GetString(SipWriter.ToArray(new SipResponse(400, "a\r\nVia: b"))).Split("\r\n")[0]);

    [Theory]
    [InlineData(99)]
    [InlineData(700)]
    public void A_status_outside_100_to_699_is_the_programmers_error(int status) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new SipResponse(status));

    [Theory]
    [InlineData("192.0.2.1", true)]
    [InlineData("192.0.2.2", false)]
    public void Only_a_response_whose_one_Via_is_ours_is_taken(string sentBy, bool ours)
    {
        var response = SipText.ParseRequest(SipText.Message()).CreateResponse(200);
        Assert.Equal(ours, ResponseCheck.IsOurs(response, [sentBy]));

        response.Headers.Add(HeaderName.Via, "SIP/2.0/UDP 192.0.2.1");
        Assert.False(ResponseCheck.IsOurs(response, [sentBy]));
    }
}
