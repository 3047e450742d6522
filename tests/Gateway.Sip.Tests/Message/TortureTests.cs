using Xunit;

namespace Gateway.Sip.Tests.Message;

/// <summary>RFC 4475, all 49 messages as datagrams. What is expected of an SMS service is in expected.tsv.</summary>
public sealed class TortureTests
{
    // Where RFC 4475 leaves two ways open, the one taken.
    private static readonly Dictionary<string, string> Decided = new()
    {
        ["escruri"] = "405",     // headers in a Request-URI mean nothing to a UAS and are passed over
        ["baddate"] = "405",     // Date is not read
        ["badaspec"] = "400",    // white space in <addr-spec> is against the grammar
        ["baddn"] = "400",       // as published it also lacks the empty line that ends the headers
        ["mismatch02"] = "400",
    };

    public static TheoryData<string, string, string> Messages()
    {
        var data = new TheoryData<string, string, string>();
        foreach (var line in File.ReadLines(Path.Combine(VectorFiles.Folder("torture"), "expected.tsv")))
        {
            if (line.StartsWith('#')) continue;

            var columns = line.Split('\t');
            data.Add(columns[0], columns[2], columns[3]);
        }

        return data;
    }

    [Fact]
    public void None_of_the_49_is_left_out()
    {
        Assert.Equal(49, Messages().Count);
        Assert.Equal(49, VectorFiles.Names("torture", "*.dat").Count());
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void Each_message_is_taken_or_refused_as_expected(string name, string parse, string answer)
    {
        var result = SipParser.Parse(VectorFiles.Read("torture", name + ".dat"));

        if (parse == "ok") Assert.Equal(SipParseKind.Message, result.Kind);
        if (parse == "reject" && name != "bcast") Assert.NotEqual(SipParseKind.Message, result.Kind);
        Assert.Equal(Decided.GetValueOrDefault(name, answer), AnswerTo(result));
        Assert.Contains(Decided.GetValueOrDefault(name, answer), answer, StringComparison.Ordinal);
    }

    // "405", "discard", or the method of what the application gets to see.
    private static string AnswerTo(SipParseResult result)
    {
        if (result.Kind == SipParseKind.Discarded) return "discard";
        if (result.CreateAnswer() is { } refusal) return Checked(refusal);
        if (result.Message is SipResponse response) return ResponseCheck.IsOurs(response, ["192.0.2.1:5060"]) ? "taken" : "discard";

        var request = (SipRequest)result.Message!;
        if (RequestCheck.TryPass(request, RequestCheckOptions.Default, out var answer)) return request.Method;

        Assert.NotNull(answer);
        return Checked(answer);
    }

    // An answer must be a whole message itself, save where the request gave too little to answer with.
    private static string Checked(SipResponse answer)
    {
        var again = SipParser.Parse(SipWriter.ToArray(answer));
        if (answer.StatusCode is not (400 or 505)) Assert.Equal(SipParseKind.Message, again.Kind);
        if (answer.StatusCode == 405) Assert.Equal("MESSAGE, SUBSCRIBE, NOTIFY, REGISTER, OPTIONS", answer.Headers.Get(HeaderName.Allow));
        return answer.StatusCode.ToString();
    }

    [Theory]
    [InlineData("badinv01", "Via")]
    [InlineData("clerr", "Content-Length")]
    [InlineData("ncl", "Content-Length")]
    [InlineData("scalar02", "CSeq")]
    [InlineData("quotbal", "To")]
    [InlineData("ltgtruri", "Request-URI")]
    [InlineData("lwsruri", "Request-URI")]
    [InlineData("lwsstart", "Request-URI")]
    [InlineData("trws", "SIP-Version")]
    [InlineData("regbadct", "Contact")]
    [InlineData("badvers", "SIP-Version")]
    [InlineData("mismatch01", "CSeq")]
    [InlineData("insuf", "From")]
    [InlineData("multi01", "CSeq")]
    [InlineData("mcl01", "Content-Length")]
    [InlineData("bigcode", "Status-Line")]
    public void The_error_names_what_is_wrong(string name, string field) =>
        Assert.Equal(field, SipParser.Parse(VectorFiles.Read("torture", name + ".dat")).Error.Field);

    [Fact]
    public void Wsinv_reads_as_RFC_4475_says()
    {
        var request = SipText.ParseRequest(VectorFiles.Read("torture", "wsinv.dat"));

        Assert.Equal("INVITE", request.Method);
        Assert.True(request.RequestUri.Parameters.Contains("unknownparam"));
        Assert.Equal("1918181833n", request.To.Tag);
        Assert.Equal("J Rosenberg \\\"", request.From.DisplayName);
        Assert.Equal("98asjd8", request.From.Tag);
        Assert.Equal(new CSeq(9, "INVITE"), request.CSeq);
        Assert.Equal("0068", request.Headers.Get(HeaderName.MaxForwards));
        Assert.Equal("", request.Headers.Get(HeaderName.Subject));
        Assert.Equal("newfangled value continued newfangled value", request.Headers.Get("newfangledheader"));
        Assert.Equal(";;,,;;,;", request.Headers.Get("UnknownHeaderWithUnusualValue"));
        Assert.True(request.Headers.TryGetAll<Via>(HeaderName.Via, out var vias));
        Assert.Equal(["UDP 192.0.2.2 390skdjuw", "TCP spindle.example.com z9hG4bK9ikj8", "UDP 192.168.255.111 z9hG4bK30239"],
            vias.Select(v => $"{v.Transport} {v.SentBy} {v.Branch}"));
        Assert.True(request.Headers.TryGet<Contact>(HeaderName.Contact, out var contact));
        Assert.Equal("Quoted string \"\"", contact.Address.DisplayName);
        Assert.Equal(0.33, contact.Q);
        Assert.Equal("newvalue", contact.Parameters["newparam"]);
        Assert.True(request.Headers.TryGet<NameAddr>(HeaderName.Route, out var route));
        Assert.True(route.Uri.IsLooseRouter);
        Assert.Equal(150, request.Body.Length);
    }

    [Fact]
    public void Octets_beyond_Content_Length_are_not_of_the_message()
    {
        var request = SipText.ParseRequest(VectorFiles.Read("torture", "dblreq.dat"));

        Assert.Equal("REGISTER", request.Method);
        Assert.True(request.Body.IsEmpty);
    }

    [Fact]
    public void A_parameter_outside_the_brackets_is_the_contacts_and_one_inside_the_URIs()
    {
        var outside = SipText.ParseRequest(VectorFiles.Read("torture", "cparam01.dat"));
        var inside = SipText.ParseRequest(VectorFiles.Read("torture", "cparam02.dat"));

        Assert.True(outside.Headers.TryGet<Contact>(HeaderName.Contact, out var contact));
        Assert.True(contact.Parameters.Contains("unknownparam"));
        Assert.Empty(contact.Uri.Parameters);
        Assert.True(inside.Headers.TryGet<Contact>(HeaderName.Contact, out contact));
        Assert.False(contact.Parameters.Contains("unknownparam"));
        Assert.True(contact.Uri.Parameters.Contains("unknownparam"));
    }

    [Fact]
    public void Escapes_are_decoded_once_and_kept_as_written()
    {
        var request = SipText.ParseRequest(VectorFiles.Read("torture", "escnull.dat"));
        Assert.Equal("null-\0-null", request.From.Uri.User);
        Assert.Equal("null-%00-null", request.From.Uri.UserInfo);

        Assert.True(SipText.ParseRequest(VectorFiles.Read("torture", "regescrt.dat")).Headers.TryGet<Contact>(HeaderName.Contact,
            out var contact));
        Assert.Equal("Route=%3Csip:sip.example.com%3E", contact.Uri.Headers);

        var user = SipText.ParseRequest(VectorFiles.Read("torture", "semiuri.dat")).RequestUri;
        Assert.Equal("user;par=u@example.net", user.User);
        Assert.Equal("example.com", user.Host);
    }

    [Fact]
    public void Every_character_a_token_may_have_is_kept()
    {
        var request = SipText.ParseRequest(VectorFiles.Read("torture", "intmeth.dat"));

        Assert.Equal("!interesting-Method0123456789_*+`.%indeed'~", request.Method);
        Assert.Equal(request.Method, request.CSeq.Method);
        Assert.Equal("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*", request.RequestUri.UserInfo!.Split(':')[0]);
        Assert.Equal("BEL:\a NUL:\0 DEL:\x7f", request.To.DisplayName);
    }

    [Theory]
    [InlineData("unreason")]
    [InlineData("noreason")]
    public void Reason_phrases_may_be_anything(string name)
    {
        var response = (SipResponse)SipParser.Parse(VectorFiles.Read("torture", name + ".dat")).Message!;

        if (name == "noreason") Assert.Equal((100, ""), (response.StatusCode, response.ReasonPhrase));
        else Assert.Equal((200, "= 2**3 * 5**2 но сто девяносто девять - простое"), (response.StatusCode, response.ReasonPhrase));
    }

    [Fact]
    public void A_bare_magic_cookie_does_not_identify_a_transaction()
    {
        var via = SipText.ParseRequest(VectorFiles.Read("torture", "badbranch.dat")).TopVia;

        Assert.Equal(Via.MagicCookie, via.Branch);
        Assert.False(via.HasUniqueBranch);
    }

    [Fact]
    public void All_34_Vias_and_the_long_values_of_longreq_are_there()
    {
        var request = SipText.ParseRequest(VectorFiles.Read("torture", "longreq.dat"));

        Assert.Equal(34, request.Headers.GetAll(HeaderName.Via).Count);
        Assert.Equal("sip33.example.com", request.TopVia.Host);
        Assert.StartsWith("I have a user name of extreme", request.To.DisplayName, StringComparison.Ordinal);
        Assert.Equal(150, request.Body.Length);
    }

    [Fact]
    public void NUL_octets_in_a_body_are_kept()
    {
        var request = SipText.ParseRequest(VectorFiles.Read("torture", "mpart01.dat"));

        Assert.Equal(553, request.Body.Length);
        Assert.True(request.Body.Span.Contains((byte)0));
    }
}
