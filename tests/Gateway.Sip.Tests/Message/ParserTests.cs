using System.Text;
using Xunit;

namespace Gateway.Sip.Tests.Message;

public sealed class ParserTests
{
    [Fact]
    public void The_handsets_MESSAGE_reads_as_printed()
    {
        var request = SipText.ParseRequest(SipText.Seed);

        Assert.Equal("MESSAGE", request.Method);
        Assert.Equal("sip:894@ims.voiceblue.com", request.RequestUri.ToString());
        Assert.Equal("894", request.RequestUri.Number);
        Assert.Equal(("UDP", "93.180.154.153:5080", "z9hG4bKuhrVgaLL"),
            (request.TopVia.Transport, request.TopVia.SentBy, request.TopVia.Branch));
        Assert.True(request.TopVia.HasRport);
        Assert.Equal("494046895124", request.From.Uri.Number);
        Assert.Equal("5FB43BEC-5564CCC10005DDCF-29D46700", request.From.Tag);
        Assert.Null(request.To.Tag);
        Assert.Equal("201A9683-5564CCC10005DDEA-29D46700", request.CallId);
        Assert.Equal(new CSeq(10, "MESSAGE"), request.CSeq);
        Assert.True(request.Headers.TryGet<NameAddr>(HeaderName.Route, out var route));
        Assert.Equal("orig", route.Uri.User);
        Assert.True(request.Headers.TryGet<NameAddr>(HeaderName.PAssertedIdentity, out var identity));
        Assert.Equal("494046895124", identity.Uri.Number);
        Assert.True(request.Headers.TryGet<MediaType>(HeaderName.ContentType, out var type));
        Assert.True(type.Is("application/vnd.3gpp.sms"));
        Assert.Equal(36, request.Body.Length);
        Assert.Equal(0x09, request.Body.Span[1]);
    }

    [Fact]
    public void Parsing_the_handsets_MESSAGE_allocates_at_most_512_octets()
    {
        var octets = SipText.Seed;
        SipParser.Parse(octets);

        var before = GC.GetAllocatedBytesForCurrentThread();
        var result = SipParser.Parse(octets);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.True(result.Succeeded);
        Assert.InRange(allocated, 1, 512);
    }

    [Fact]
    public void Compact_names_stand_for_the_long_ones()
    {
        var request = SipText.ParseRequest(SipText.Octets(
            """
            MESSAGE sip:b@example.org SIP/2.0
            v:SIP/2.0/TCP h.example.org;branch=z9hG4bK2
            f:<sip:a@example.org>;tag=1
            t:<sip:b@example.org>
            i:77
            CSeq:2 MESSAGE
            m:<sip:a@h.example.org>
            a:*;+g.3gpp.smsip
            d:no-fork
            k:path,gruu
            o:reg
            c:text/plain;charset=utf-8
            l:2

            hi
            """));

        Assert.Equal("h.example.org", request.TopVia.Host);
        Assert.Equal("77", request.CallId);
        Assert.Equal("*;+g.3gpp.smsip", request.Headers.Get(HeaderName.AcceptContact));
        Assert.Equal("no-fork", request.Headers.Get(HeaderName.RequestDisposition));
        Assert.Equal(["path", "gruu"], request.Headers.GetAll(HeaderName.Supported));
        Assert.Equal("reg", request.Headers.Get(HeaderName.Event));
        Assert.Equal("hi", Encoding.ASCII.GetString(request.Body.Span));
    }

    [Fact]
    public void Every_known_name_is_found_in_any_case_and_in_its_compact_form()
    {
        foreach (var name in Enum.GetValues<HeaderName>().Where(n => n != HeaderName.Other))
        {
            var text = HeaderNames.Text(name);
            Assert.NotEmpty(text);
            Assert.Equal(name, HeaderNames.Find(text));
            Assert.Equal(name, HeaderNames.Find(text.ToUpperInvariant()));
            Assert.Equal(name, HeaderNames.Find(Encoding.ASCII.GetBytes(text.ToLowerInvariant())));
        }

        Assert.Equal(HeaderName.Via, HeaderNames.Find("V"));
        Assert.Equal(HeaderName.Other, HeaderNames.Find("X-Unknown"));
        Assert.Equal(HeaderName.Other, HeaderNames.Find(""));
        Assert.Equal(HeaderName.Other, HeaderNames.Find("z"));
        Assert.Equal(HeaderName.Other, HeaderNames.Find("\u00ff"));
    }

    [Fact]
    public void Without_Content_Length_the_rest_of_the_datagram_is_the_body()
    {
        var request = SipText.ParseRequest([.. SipText.Message("Content-Type: text/plain"), .. "the rest\r\n"u8]);

        Assert.Equal("the rest\r\n", Encoding.ASCII.GetString(request.Body.Span));
    }

    [Theory]
    [InlineData("\r\n")]
    [InlineData("\r\n\r\n")]
    [InlineData("\0")]
    [InlineData("\0\0\0\0")]
    [InlineData("")]
    public void Line_ends_and_NULs_alone_keep_a_binding_alive(string datagram) =>
        Assert.Equal(SipParseKind.KeepAlive, SipParser.Parse(Encoding.ASCII.GetBytes(datagram)).Kind);

    [Fact]
    public void Line_ends_before_the_start_line_are_passed_over() =>
        Assert.True(SipParser.Parse((byte[])[.. "\r\n\r\n"u8, .. SipText.Seed]).Succeeded);

    [Theory]
    [InlineData("GET / HTTP/1.1")]
    [InlineData("hello")]
    [InlineData("hello there SIP")]
    [InlineData("SIP/2.0 OK")]
    [InlineData("SIP/2.0 99 Low")]
    [InlineData("SIP/2.0 700 High")]
    [InlineData("SIP/2.0 2000 Long")]
    [InlineData("SIP/3.0 200 OK")]
    [InlineData("M\tE sip:a@b SIP/2.0")]
    public void What_is_no_SIP_start_line_is_discarded(string line)
    {
        var octets = SipText.Message();
        byte[] message = [.. Encoding.ASCII.GetBytes(line), .. octets.AsSpan(octets.IndexOf((byte)'\r'))];

        var result = SipParser.Parse(message);

        Assert.Equal(SipParseKind.Discarded, result.Kind);
        Assert.Equal(SipFault.StartLine, result.Error.Fault);
        Assert.Null(result.CreateAnswer());
    }

    [Fact]
    public void A_bad_ACK_is_never_answered()
    {
        var ack = SipText.Octets(
            """
            ACK sip:a@example.org SIP/2.0
            Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1
            CSeq: 1 ACK


            """);

        Assert.Equal(SipParseKind.Discarded, SipParser.Parse(ack).Kind);
    }

    [Theory]
    [InlineData("Max-Forwards: 70", SipFault.RepeatedHeader, "Max-Forwards")]
    [InlineData("From: <sip:b@example.org>", SipFault.RepeatedHeader, "From")]
    [InlineData("c: text/plain\nContent-Type: text/html", SipFault.RepeatedHeader, "Content-Type")]
    [InlineData("Content-Length: 1", SipFault.BodyTruncated, "Content-Length")]
    [InlineData("Content-Length: 99999999999999999999", SipFault.HeaderSyntax, "Content-Length")]
    [InlineData("Content-Length: 0x0", SipFault.HeaderSyntax, "Content-Length")]
    [InlineData("Contact: <sip:a@b>, nonsense", SipFault.HeaderSyntax, "Contact")]
    [InlineData("Via: SIP/2.0/UDP [2001:db8::1", SipFault.HeaderSyntax, "Via")]
    [InlineData("no colon here", SipFault.HeaderSyntax, "unnamed")]
    [InlineData(": nameless", SipFault.HeaderSyntax, "unnamed")]
    [InlineData("Na me: value", SipFault.HeaderSyntax, "Na me")]
    public void A_fault_in_a_header_is_answered_with_400_and_its_name(string header, SipFault fault, string field)
    {
        var result = SipParser.Parse(SipText.Message(header.Split('\n')));

        Assert.Equal((SipParseKind.Rejected, fault, field), (result.Kind, result.Error.Fault, result.Error.Field));
        var answer = result.CreateAnswer()!;
        Assert.Equal(400, answer.StatusCode);
        Assert.Equal("z9hG4bK1", answer.TopVia.Branch);
        Assert.NotNull(answer.To.Tag);
    }

    [Fact]
    public void A_stray_line_end_is_no_header_end()
    {
        foreach (var stray in (string[])["X: a\rb", "X: a\nb: c"])
        {
            var text = Encoding.ASCII.GetString(SipText.Message("X: here")).Replace("X: here", stray, StringComparison.Ordinal);
            Assert.Equal(SipFault.HeaderSyntax, SipParser.Parse(Encoding.ASCII.GetBytes(text)).Error.Fault);
        }
    }

    [Fact]
    public void A_head_that_breaks_off_is_refused_at_every_length()
    {
        var whole = SipText.Message();
        for (var length = 1; length < whole.Length; length++)
        {
            var result = SipParser.Parse(whole.AsMemory(0, length));
            Assert.True(result.Kind is SipParseKind.Rejected or SipParseKind.Discarded, $"{length}: {result.Kind}");
        }
    }

    [Fact]
    public void More_header_lines_than_the_limit_are_answered_with_513()
    {
        var result = SipParser.Parse(SipText.Message(Enumerable.Range(0, SipParser.MaxHeaders).Select(i => $"X-{i}: {i}").ToArray()));

        Assert.Equal(SipFault.TooManyHeaders, result.Error.Fault);
        Assert.Equal(513, result.CreateAnswer()!.StatusCode);
    }

    [Fact]
    public void A_response_against_the_grammar_is_discarded()
    {
        var response = SipText.Octets(
            """
            SIP/2.0 200 OK
            Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1
            From: <sip:a@example.org>;tag=1
            To: <sip:b@example.org>;tag=2
            Call-ID: 1
            CSeq: one MESSAGE


            """);

        var result = SipParser.Parse(response);

        Assert.Equal((SipParseKind.Discarded, "CSeq"), (result.Kind, result.Error.Field));
    }

    [Fact]
    public void Several_values_on_one_line_and_on_several_lines_are_one_list()
    {
        var request = SipText.ParseRequest(SipText.Message(
            "P-Asserted-Identity: \"A, B\" <sip:+491701@example.org;x=\",\">, <tel:+491701>",
            "Route: <sip:a;lr>,<sip:b,c@d;lr>",
            "Route: <sip:e;lr>",
            "Subject: one, two"));

        Assert.Equal(["\"A, B\" <sip:+491701@example.org;x=\",\">", "<tel:+491701>"], request.Headers.GetAll(HeaderName.PAssertedIdentity));
        Assert.Equal(["<sip:a;lr>", "<sip:b,c@d;lr>", "<sip:e;lr>"], request.Headers.GetAll(HeaderName.Route));
        Assert.Equal(["one, two"], request.Headers.GetAll(HeaderName.Subject));
    }

    [Fact]
    public void Lists_without_elements_are_empty_and_a_single_value_may_be()
    {
        var headers = SipText.ParseRequest(SipText.Message("Supported:", "Allow: MESSAGE, ,, OPTIONS,", "Subject:")).Headers;

        Assert.Empty(headers.GetAll(HeaderName.Supported));
        Assert.True(headers.Contains(HeaderName.Supported));
        Assert.Equal(["MESSAGE", "OPTIONS"], headers.GetAll(HeaderName.Allow));
        Assert.Equal([""], headers.GetAll(HeaderName.Subject));
    }

    [Theory]
    [InlineData("a;b=c&d,e==", true)]
    [InlineData("a b", false)]
    [InlineData("", false)]
    public void A_Call_ID_is_anything_without_white_space(string callId, bool taken)
    {
        var text = Encoding.ASCII.GetString(SipText.Message()).Replace("Call-ID: 1@192.0.2.1", "Call-ID: " + callId,
            StringComparison.Ordinal);
        var result = SipParser.Parse(Encoding.ASCII.GetBytes(text));

        Assert.Equal(taken, result.Succeeded);
        if (taken) Assert.Equal(callId, ((SipRequest)result.Message!).CreateResponse(200).CallId);
    }

    [Fact]
    public void An_odd_Contact_spoils_a_request_and_not_a_response()
    {
        Assert.Equal("Contact", SipParser.Parse(SipText.Message("Contact: odd")).Error.Field);

        var response = SipText.ParseRequest(SipText.Message()).CreateResponse(200);
        response.Headers.Add(HeaderName.Contact, "odd");
        var message = SipParser.Parse(SipWriter.ToArray(response)).Message!;
        Assert.False(message.Headers.TryGet<Contact>(HeaderName.Contact, out _));
    }
}
