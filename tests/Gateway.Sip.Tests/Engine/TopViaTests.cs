using System.Net;
using System.Text;
using Gateway.Sip.Transactions;
using Xunit;

namespace Gateway.Sip.Tests.Engine;

public sealed class TopViaTests
{
    private const string Folded = "SIP/2.0/UDP h\r\n ;rport ; branch=z9hG4bK1";

    [Theory]
    [InlineData("SIP/2.0/UDP h;rport;branch=z9hG4bK1", "SIP/2.0/UDP h;rport=5099;branch=z9hG4bK1;received=192.0.2.9")]
    [InlineData("SIP/2.0/udp h;branch=z9hG4bK1", "SIP/2.0/udp h;branch=z9hG4bK1;received=192.0.2.9")]
    [InlineData("SIP/2.0/UDP h:5060;RPORT=1;x=\"a;rport\";received=10.0.0.1;rport;received=10.0.0.2",
        "SIP/2.0/UDP h:5060;rport=5099;x=\"a;rport\";received=192.0.2.9;rport;received=10.0.0.2")]
    [InlineData(Folded, "SIP/2.0/UDP h\r\n ;rport=5099; branch=z9hG4bK1;received=192.0.2.9")]
    [InlineData("SIP / 2.0 / UDP h ; rport", "SIP / 2.0 / UDP h ;rport=5099;received=192.0.2.9")]
    public void The_source_is_marked_in_its_place_and_the_rest_stays(string value, string marked)
    {
        Assert.Equal(marked, Mark(value, new IPEndPoint(IPAddress.Parse("192.0.2.9"), 5099)));
    }

    [Fact]
    public void The_longest_source_fits()
    {
        var source = new IPEndPoint(IPAddress.Parse("fe80:1111:2222:3333:4444:5555:6666:7777%4294967295"), 65_535);

        Assert.Equal($"SIP/2.0/UDP h;rport=65535;received={source.Address}", Mark("SIP/2.0/UDP h;rport", source));
    }

    [Fact]
    public void What_follows_on_the_same_line_stays_and_a_fold_is_undone_on_the_wire()
    {
        var request = With($"{Folded}, SIP/2.0/UDP other;branch=z9hG4bK2");
        request.Headers.TryGetRaw(HeaderName.Via, out var value);
        Span<byte> marked = stackalloc byte[value.Length + TopVia.LongestMark];
        var length = TopVia.Of(request).Mark(value, new IPEndPoint(IPAddress.Loopback, 7), marked);
        request.Headers.SetFirst(HeaderName.Via, marked[..length]);

        var again = SipText.ParseRequest(SipWriter.ToArray(request));

        Assert.Equal("SIP/2.0/UDP h;rport=7;branch=z9hG4bK1;received=127.0.0.1", again.TopVia.ToString());
        Assert.Contains("SIP/2.0/UDP other;branch=z9hG4bK2", again.Headers.GetAll(HeaderName.Via));
    }

    private static SipRequest With(string via) => SipText.ParseRequest(
        SipText.Octets(Encoding.UTF8.GetString(SipText.Message()).Replace("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1", via)));

    private static string Mark(string via, IPEndPoint source)
    {
        var request = With(via);
        request.Headers.TryGetRaw(HeaderName.Via, out var value);
        Span<byte> marked = stackalloc byte[value.Length + TopVia.LongestMark];
        return Encoding.UTF8.GetString(marked[..TopVia.Of(request).Mark(value, source, marked)]);
    }
}
