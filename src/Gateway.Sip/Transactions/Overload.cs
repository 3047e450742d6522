using System.Buffers;
using System.Globalization;
using System.Text;

namespace Gateway.Sip.Transactions;

/// <summary>
/// The 503 of an endpoint with too much to do (RFC 3261 §21.5.4). Everything but what must be copied from the request is made once, and no
/// state is kept: under overload an answer has to cost less than the request would.
/// </summary>
internal sealed class Overload(SipEndpointOptions options)
{
    private static readonly HeaderName[] Copied = [HeaderName.Via, HeaderName.From, HeaderName.To, HeaderName.CallId, HeaderName.CSeq];

    private readonly byte[] _tail = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
        $"Retry-After: {(int)Math.Ceiling(options.OverloadRetryAfter.TotalSeconds)}\r\nContent-Length: 0\r\n\r\n"));

    public byte[] Answer(SipRequest request, string toTag)
    {
        var output = new ArrayBufferWriter<byte>(512);
        output.Write("SIP/2.0 503 Service Unavailable\r\n"u8);
        foreach (var name in Copied)
        {
            foreach (var value in request.Headers.Values(name))
            {
                output.Write(HeaderNames.Wire(name));
                output.Write(": "u8);
                output.Write(value);
                if (name == HeaderName.To && request.To.Tag is null)
                    Encoding.ASCII.GetBytes($";tag={toTag}", output);
                output.Write("\r\n"u8);
            }
        }

        output.Write(_tail);
        return output.WrittenSpan.ToArray();
    }
}
