using System.Buffers;
using System.Text;
using CsCheck;
using Xunit;

namespace Gateway.Sip.Tests.Message;

[Collection(nameof(ProcessorBound))]
public sealed class PropertyTests
{
    private const string TokenCharacters = "abcXYZ019-.!%*_+`'~";

    private static readonly Gen<string> Token = Gen.Char[TokenCharacters].Array[1, 12].Select(c => new string(c));

    // Any text a header may carry: no line ends, no surrogate halves.
    private static readonly Gen<string> Text = Gen.OneOf(Gen.Char['\u0000', '\u007f'], Gen.Char['\u00a0', '\u04ff']).Array[0, 30]
        .Select(c => new string(c).Replace('\r', ' ').Replace('\n', ' '));

    private static readonly Gen<string> Host = Gen.Int[0, 3].Select(i =>
        new[] { "example.org", "192.0.2.1", "2001:db8::1", "a-b.c_d.example" }[i]);

    private static readonly Gen<SipUri> Uri = Gen.Select(
        Text.Where(t => t.Length > 0), Host, Gen.Int[0, 65535], Gen.Select(Gen.Char["abcxyz"].Array[1, 5], Text).Array[0, 3],
        (user, host, port, parameters) =>
        {
            var uri = SipUri.Create(user, host, port == 0 ? null : port);
            return parameters.Aggregate(uri, (u, p) => u.WithParameter(new string(p.Item1), p.Item2.Length == 0 ? null : p.Item2));
        });

    private static readonly Gen<SipParameters> Parameters = Gen.Select(Token, Gen.Bool, Text).Array[0, 4].Select(list =>
        list.Aggregate(SipParameters.Empty, (all, p) => all.With("x" + p.Item1, p.Item2 ? null : p.Item3, quoted: true)));

    private static readonly Gen<NameAddr> Address = Gen.Select(Uri, Gen.Null(Text), Parameters, (uri, name, parameters) =>
        new NameAddr(uri, name) { Parameters = parameters });

    [Fact]
    public void A_URI_made_of_any_text_reads_back_equal() => Uri.Sample(uri =>
    {
        Assert.True(SipUri.TryParse(uri.ToString(), out var again), uri.ToString());
        Assert.Equal(uri, again);
        Assert.Equal(uri.User, again.User);
        Assert.Equal(uri.ToString(), again.ToString());
        Assert.Equal(uri.GetHashCode(), again.GetHashCode());
    });

    [Fact]
    public void The_user_part_carries_any_text() => Text.Where(t => t.Length > 0).Sample(text =>
        // A colon would begin the password, so it is escaped and comes back.
        Assert.Equal(text, SipUri.Create(text, "example.org").User));

    [Fact]
    public void A_name_address_of_any_text_reads_back_equal() => Address.Sample(address =>
    {
        var octets = Encoding.UTF8.GetBytes(address.ToString());
        Assert.True(NameAddr.IsValid(octets), address.ToString());
        Assert.True(NameAddr.TryParse(octets, out var again));
        Assert.Equal(address.DisplayName, again.DisplayName);
        Assert.Equal(address.Uri, again.Uri);
        Assert.Equal(address.Parameters.Select(p => (p.Name, p.Value)),
            again.Parameters.Select(p => (p.Name, p.Value is "" ? "" : p.Value)));
        Assert.Equal(address.ToString(), again.ToString());
    });

    [Fact]
    public void A_list_of_name_addresses_is_split_where_it_was_joined() => Address.Array[1, 5].Sample(addresses =>
    {
        var headers = new SipHeaders { { HeaderName.Route, string.Join(" ,", addresses.Select(a => a.ToString())) } };
        Assert.Equal(addresses.Select(a => a.ToString()), headers.GetAll(HeaderName.Route));
    });

    [Fact]
    public void A_message_of_any_headers_and_body_reads_back_the_same() =>
        Gen.Select(Address, Token, Gen.Select(Token, Text).Array[0, 8], Gen.Byte.Array[0, 200]).Sample((from, callId, others, body) =>
        {
            var request = new SipRequest("MESSAGE", from.Uri.WithoutHeaders());
            request.Headers.Add(HeaderName.Via, "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1");
            request.Headers.Add(HeaderName.From, from);
            request.Headers.Add(HeaderName.To, "<sip:b@example.org>");
            request.Headers.Add(HeaderName.CallId, callId);
            request.Headers.Add(HeaderName.CSeq, "1 MESSAGE");
            foreach (var (name, value) in others) request.Headers.Add("X-" + name, value);
            request.Body = body;

            var octets = SipWriter.ToArray(request);
            var result = SipParser.Parse(octets);

            Assert.True(result.Succeeded, result.Error.ToString());
            var again = (SipRequest)result.Message!;
            Assert.Equal(request.RequestUri, again.RequestUri);
            Assert.Equal(request.From.ToString(), again.From.ToString());
            Assert.Equal(body, again.Body.ToArray());
            foreach (var (name, value) in others) Assert.Contains(value.Trim(' ', '\t'), again.Headers.GetAll("X-" + name));
            Assert.Equal(octets, SipWriter.ToArray(again));

            var buffer = new ReadOnlySequence<byte>(octets);
            Assert.Equal(OperationStatus.Done, new StreamFraming().TryRead(ref buffer, out _, out var framed));
            Assert.True(framed.Span.SequenceEqual(octets));
        });

    [Fact]
    public void Equal_URIs_have_equal_hashes_and_equality_is_symmetric() => Gen.Select(Uri, Uri).Sample((a, b) =>
    {
        Assert.Equal(a == b, b == a);
        if (a == b) Assert.Equal(a.GetHashCode(), b.GetHashCode());
    });
}
