using System.Buffers;
using BenchmarkDotNet.Attributes;
using Gateway.Sip;

namespace Gateway.Benchmarks.Sip;

/// <summary>
/// One MESSAGE of a handset in and its answer out, without sockets. Budget: parsing under 1.5 µs and 512 octets.
/// <c>dotnet run -c Release --project tests/Gateway.Benchmarks -- sip --filter '*MessageBenchmarks*'</c>
/// </summary>
[MemoryDiagnoser]
public class MessageBenchmarks
{
    // The MESSAGE printed in the talk "Kamailio as a SMSCenter for VoLTE", 36 octets of body.
    private static readonly byte[] Octets =
    [
        .. "MESSAGE sip:894@ims.voiceblue.com SIP/2.0\r\n"u8,
        .. "Via: SIP/2.0/UDP 93.180.154.153:5080;branch=z9hG4bKuhrVgaLL;rport\r\n"u8,
        .. "From: <sip:494046895124@ims.voiceblue.com>;tag=5FB43BEC-5564CCC10005DDCF-29D46700\r\n"u8,
        .. "To: <sip:894@ims.voiceblue.com>\r\nCSeq: 10 MESSAGE\r\nCall-ID: 201A9683-5564CCC10005DDEA-29D46700\r\n"u8,
        .. "Route: <sip:orig@scscf-1.ams.voiceblue.com:5060;lr;lr>\r\nMax-Forwards: 70\r\nUser-Agent: SLICK IMS 4.0.0\r\n"u8,
        .. "P-Asserted-Identity: <sip:494046895124@ims.voiceblue.com>\r\nContent-Type: application/vnd.3gpp.sms\r\n"u8,
        .. "Contact: <sip:93.180.154.153:5080;transport=udp>\r\nContent-Length: 36\r\n\r\n"u8,
        .. new byte[36],
    ];

    private readonly ArrayBufferWriter<byte> _output = new(4096);
    private readonly StreamFraming _framing = new();
    private readonly SipRequest _request = (SipRequest)SipParser.Parse(Octets).Message!;

    [Benchmark(Baseline = true)]
    public SipParseKind Parse() => SipParser.Parse(Octets).Kind;

    [Benchmark]
    public int ParseAndReadWhatATransactionNeeds()
    {
        var message = SipParser.Parse(Octets).Message!;
        return message.TopVia.SentBy.Length + message.CallId.Length + (int)message.CSeq.Number + message.From.Tag!.Length;
    }

    [Benchmark]
    public int CutFromAStream()
    {
        var buffer = new ReadOnlySequence<byte>(Octets);
        _framing.TryRead(ref buffer, out _, out var message);
        return message.Length;
    }

    [Benchmark]
    public int Answer()
    {
        _output.ResetWrittenCount();
        SipWriter.Write(_request.CreateResponse(202, toTag: "1a2b3c4d"), _output);
        return _output.WrittenCount;
    }

    [Benchmark]
    public int Write()
    {
        _output.ResetWrittenCount();
        SipWriter.Write(_request, _output);
        return _output.WrittenCount;
    }
}
