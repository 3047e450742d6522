using Xunit;

namespace Gateway.Sip.Tests.Headers;

public sealed class SipHeadersTests
{
    [Fact]
    public void Values_come_in_order_and_by_any_spelling_of_the_name()
    {
        var headers = new SipHeaders
        {
            { HeaderName.To, "<sip:a@b>" },
            { "x-custom", "1" },
            { "X-CUSTOM", "2" },
            { "m", "<sip:c@d>" },
        };
        headers.AddFirst(HeaderName.Via, "SIP/2.0/UDP h");

        Assert.Equal(["Via", "To", "x-custom", "X-CUSTOM", "Contact"], headers.Select(h => h.Key));
        Assert.Equal("1", headers.Get("X-Custom"));
        Assert.Equal(["1", "2"], headers.GetAll("X-Custom"));
        Assert.Equal("<sip:c@d>", headers.Get("Contact"));
        Assert.Null(headers.Get(HeaderName.From));
    }

    [Fact]
    public void Set_replaces_in_place_and_drops_namesakes()
    {
        var headers = new SipHeaders
        {
            { HeaderName.Route, "<sip:a>" },
            { HeaderName.To, "<sip:b>" },
            { HeaderName.Route, "<sip:c>" },
        };

        headers.Set(HeaderName.Route, "<sip:d>");
        headers.Set(HeaderName.Expires, "5");

        Assert.Equal(["Route: <sip:d>", "To: <sip:b>", "Expires: 5"], headers.Select(h => $"{h.Key}: {h.Value}"));
        Assert.True(headers.Remove(HeaderName.Route));
        Assert.False(headers.Remove(HeaderName.Route));
        Assert.False(headers.Remove("X-None"));
        Assert.Equal(2, headers.Count);
    }

    [Fact]
    public void A_value_with_a_line_end_or_a_name_that_is_none_is_the_programmers_error()
    {
        var headers = new SipHeaders();

        Assert.Throws<ArgumentException>(() => headers.Add(HeaderName.Subject, "a\r\nVia: b"));
        Assert.Throws<ArgumentException>(() => headers.Set(HeaderName.Subject, "a\nb"));
        Assert.Throws<ArgumentException>(() => headers.Add("a b", "c"));
        Assert.Throws<ArgumentException>(() => headers.Add("", "c"));
        Assert.Empty(headers);
    }

    [Fact]
    public void Absent_and_malformed_are_told_apart()
    {
        var request = SipText.ParseRequest(SipText.Message("Expires: later", "Event: reg"));

        Assert.False(request.Headers.TryGet<DeltaSeconds>(HeaderName.Expires, out _));
        Assert.True(request.Headers.Contains(HeaderName.Expires));
        Assert.False(request.Headers.TryGet<DeltaSeconds>(HeaderName.MinExpires, out _));
        Assert.False(request.Headers.Contains(HeaderName.MinExpires));
        Assert.True(request.Headers.TryGetAll<NameAddr>(HeaderName.Route, out var none));
        Assert.Empty(none);
        Assert.False(SipText.ParseRequest(SipText.Message("Route: <sip:a>, b")).Headers.TryGetAll<NameAddr>(HeaderName.Route, out _));
    }

    [Fact]
    public void Typed_headers_follow_changes()
    {
        var request = new SipRequest("MESSAGE", SipUri.Parse("sip:b@example.org"));
        Assert.Throws<InvalidOperationException>(() => request.From);

        request.Headers.Add(HeaderName.From, "<sip:a@example.org>;tag=1");
        Assert.Equal("1", request.From.Tag);
        Assert.Same(request.From, request.From);
        request.Headers.Set(HeaderName.From, "<sip:a@example.org>;tag=2");
        Assert.Equal("2", request.From.Tag);
    }

    [Fact]
    public void Text_beyond_ASCII_is_UTF_8()
    {
        var request = SipText.ParseRequest(SipText.Message("Subject: Grüße, привет 👋", "X-Ü: 1".Replace('Ü', 'U')));

        Assert.Equal("Grüße, привет 👋", request.Headers.Get(HeaderName.Subject));
        Assert.Equal("Grüße, привет 👋", SipText.ParseRequest(SipWriter.ToArray(request)).Headers.Get(HeaderName.Subject));
    }

    [Fact]
    public void A_header_that_arrived_can_be_removed_and_its_neighbours_stay()
    {
        var request = SipText.ParseRequest(SipText.Seed);
        request.Headers.Remove(HeaderName.PAssertedIdentity);
        request.Headers.Add("P-Asserted-Identity", "<tel:+491701>");

        var again = SipText.ParseRequest(SipWriter.ToArray(request));

        Assert.Equal(["<tel:+491701>"], again.Headers.GetAll(HeaderName.PAssertedIdentity));
        Assert.Equal("SLICK IMS 4.0.0", again.Headers.Get(HeaderName.UserAgent));
        Assert.Equal(request.Body, again.Body);
    }

    [Fact]
    public void An_interpolated_value_is_written_as_its_string_would_be()
    {
        var headers = new SipHeaders();
        var (name, text, uri) = ("Grüße", new string('x', 600), SipUri.Parse("sip:a@b"));
        headers.Add(HeaderName.Subject, $" {name} {4711:x8}-{(byte)7} {text} {DateTimeOffset.UnixEpoch:r}\t");
        headers.Add(HeaderName.To, $"<{uri}>;kind={SipTransportKind.Tls};none={null as string}");
        headers.Add(HeaderName.From, $"{uri}");

        Assert.Equal($"Grüße 00001267-7 {text} Thu, 01 Jan 1970 00:00:00 GMT", headers.Get(HeaderName.Subject));
        Assert.Equal("<sip:a@b>;kind=Tls;none=", headers.Get(HeaderName.To));
        Assert.Equal("sip:a@b", headers.Get(HeaderName.From));
    }

    [Fact]
    public void An_interpolated_value_holds_no_line_end_and_adds_no_header()
    {
        var headers = new SipHeaders { { HeaderName.To, "<sip:a@b>" } };

        Assert.Throws<ArgumentException>(() => headers.Add(HeaderName.Subject, $"a{'\r'}b"));
        Assert.Throws<ArgumentException>(() => headers.Add(HeaderName.Other, $"a{1}b"));
        Assert.Throws<InvalidOperationException>(() => headers.Add(HeaderName.Subject, $"a{Adding()}b"));
        Assert.Equal(["To: <sip:a@b>", "Expires: 5"], headers.Select(h => $"{h.Key}: {h.Value}"));

        int Adding()
        {
            headers.Add(HeaderName.Expires, "5");
            return 1;
        }
    }

    [Fact]
    public void What_requests_have_in_common_is_in_each_and_what_is_added_to_one_is_in_no_other()
    {
        var common = new SipHeaders { { HeaderName.To, "<sip:b>" }, { "X-Of-Ours", "1" }, { HeaderName.CSeq, "1 MESSAGE" } };
        var first = new SipRequest(SipMethod.Message, SipUri.Parse("sip:a@b"), common).Headers;
        first.Add(HeaderName.Expires, "5");
        first.Set(HeaderName.To, "<sip:first>");
        first.Remove("X-Of-Ours");
        common.Add(HeaderName.Subject, "later");
        common.Set(HeaderName.CSeq, "2 MESSAGE");
        var second = new SipRequest(SipMethod.Message, SipUri.Parse("sip:a@b"), common).Headers;
        second.AddFirst(HeaderName.Via, "SIP/2.0/UDP h");
        for (var i = 0; i < 40; i++) second.Add("X-Many", new string('x', i));

        Assert.Equal(["To: <sip:first>", "CSeq: 1 MESSAGE", "Expires: 5"], first.Select(h => $"{h.Key}: {h.Value}"));
        Assert.Equal(
            ["Via: SIP/2.0/UDP h", "To: <sip:b>", "X-Of-Ours: 1", "CSeq: 2 MESSAGE", "Subject: later", "X-Many: ", "X-Many: x"],
            second.Select(h => $"{h.Key}: {h.Value}").Take(7));
        Assert.Equal("1", second.Get("x-of-ours"));
        Assert.Equal(4, common.Count);
    }

    [Fact]
    public void Received_headers_are_not_shared()
    {
        var received = SipText.ParseRequest(SipText.Message()).Headers;

        Assert.Throws<ArgumentException>(() => new SipRequest(SipMethod.Message, SipUri.Parse("sip:a@b"), received));
    }

    [Theory]
    [InlineData("X-A: 1", "X-A", "1")]
    [InlineData("X-A \t:\t1", "X-A", "1")]
    [InlineData("X-A:1:2", "X-A", "1:2")]
    [InlineData("X-A :\r\n 1", "X-A", "1")]
    [InlineData("X-A:", "X-A", "")]
    [InlineData("X-A: ", "X-A", "")]
    public void A_name_that_nobody_knows_is_read_as_it_was_written(string line, string name, string value)
    {
        var headers = SipText.ParseRequest(SipText.Message(line)).Headers;

        Assert.Equal(value, headers.Get(name));
        Assert.Contains(new KeyValuePair<string, string>(name, value), headers);
    }
}
