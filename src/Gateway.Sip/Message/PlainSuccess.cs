using System.Text;

namespace Gateway.Sip;

/// <summary>
/// A 2xx to a MESSAGE, which says nothing but its status (RFC 3428 §7: it has no body and no Contact), in the usual words. Nearly all responses
/// are of this kind; so they are looked at where they were received, and all of one status become one and the same response. It checks what
/// <see cref="SipParser"/> checks, and whatever is not perfectly plain is left to that.
/// </summary>
internal readonly ref struct PlainSuccess
{
    private static readonly (byte[] StatusLine, SipResponse Response)[] Known = [Of(200), Of(202)];

    private PlainSuccess(SipResponse response, ReadOnlySpan<byte> via)
    {
        Response = response;
        Via = via;
    }

    /// <summary>Without headers, and everybody's: it cannot be changed.</summary>
    public SipResponse Response { get; }

    /// <summary>The first Via header.</summary>
    public ReadOnlySpan<byte> Via { get; }

    public static bool TryRead(ReadOnlySpan<byte> datagram, out PlainSuccess success)
    {
        success = default;
        if (!datagram.StartsWith("SIP/2.0 2"u8) || !HeaderLines.TryLine(datagram, 0, out var length) || Find(datagram[..length]) is not { } response)
            return false;

        var door = new Door(default);
        var lines = new HeaderLines(datagram, length + 2);
        ReadOnlySpan<byte> via = default;
        for (var count = 0; lines.MoveNext(); count++)
        {
            var name = HeaderNames.Find(lines.Name);
            if (lines.Faulty || count == SipParser.MaxHeaders || (name == HeaderName.Other && !SipParser.IsName(lines))) return false;
            if (name == HeaderName.CSeq && !IsOfMessage(lines.Value)) return false;

            if (name == HeaderName.Via && via.IsEmpty) via = lines.Value;
            if (name != HeaderName.Other) door.Check(name, lines.Value, lines.LineStart);
        }

        door.CheckPresence(lines.Position);
        if (!lines.Finished || lines.Position < datagram.Length || door.HasError || door.ContentLength is > 0) return false;

        success = new PlainSuccess(response, via);
        return true;
    }

    private static SipResponse? Find(ReadOnlySpan<byte> statusLine)
    {
        foreach (var (line, response) in Known)
        {
            if (statusLine.SequenceEqual(line)) return response;
        }

        return null;
    }

    private static bool IsOfMessage(ReadOnlySpan<byte> cseq) =>
        CSeq.TryScan(cseq, out _, out var method) && Ascii.Equals(method, SipMethod.Message);

    private static (byte[] StatusLine, SipResponse Response) Of(int statusCode)
    {
        var response = new SipResponse(statusCode, reason: null, SipHeaders.ReadOnlyNone);
        return (Encoding.ASCII.GetBytes($"SIP/2.0 {statusCode} {response.ReasonPhrase}"), response);
    }
}
