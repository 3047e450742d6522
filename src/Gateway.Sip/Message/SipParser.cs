using System.Globalization;
using System.Text;

namespace Gateway.Sip;

/// <summary>
/// RFC 3261 §7 and §25: one pass over the octets. The headers every message must have, and those a wrong value of which would misdirect us,
/// are checked here; all others stay as they are until asked for. Never throws.
/// </summary>
public static class SipParser
{
    /// <summary>Lines of headers in one message.</summary>
    public const int MaxHeaders = 512;

    /// <summary>
    /// Parses a datagram, or one message cut from a stream. The message keeps slices of <paramref name="octets"/>: they must not change
    /// while it lives.
    /// Without Content-Length the body is what is left (§18.3); octets beyond Content-Length are ignored.
    /// </summary>
    public static SipParseResult Parse(ReadOnlyMemory<byte> octets) => Parse(octets, default);

    /// <summary>
    /// Makes the refusal of a message whose framing on the stream failed, from the head that <see cref="StreamFraming"/> handed over.
    /// </summary>
    public static SipParseResult Refuse(ReadOnlyMemory<byte> head, SipFault fault) =>
        Parse(head, new SipError(fault, HeaderNames.Text(HeaderName.ContentLength), 0));

    private static SipParseResult Parse(ReadOnlyMemory<byte> octets, SipError framing)
    {
        var span = octets.Span;
        var start = span.IndexOfAnyExcept((byte)'\r', (byte)'\n', (byte)0);
        if (start < 0) return new SipParseResult(SipParseKind.KeepAlive, null, default);

        if (!HeaderLines.TryLine(span, start, out var length)) return Discarded(new SipError(SipFault.StartLine, "Start-Line", start));

        var line = span.Slice(start, length);
        var isResponse = line.StartsWith("SIP/"u8);
        var headers = new SipHeaders(octets, Lines(span[(start + length)..]));
        var door = new Door(framing);
        SipMessage? message = isResponse
            ? Status(octets, start, length, headers, ref door)
            : Request(octets, start, length, headers, ref door);
        if (message is null) return Discarded(door.Error);

        var lines = new HeaderLines(span, start + length + 2);
        ReadHeaders(ref lines, headers, ref door);
        if (lines.Faulty) door.Report(SipFault.HeaderSyntax, FieldAt(ref lines), lines.LineStart);
        else if (!lines.Finished) door.Report(SipFault.HeadersUnfinished, FieldAt(ref lines), lines.LineStart);
        door.CheckPresence(lines.Position);
        if (lines.Finished) message.Body = Body(octets, lines.Position, ref door);

        if (!door.HasError) return new SipParseResult(SipParseKind.Message, message, default);

        var answerable = message is SipRequest { Method: not SipMethod.Ack } && headers.Contains(HeaderName.Via);
        return answerable ? new SipParseResult(SipParseKind.Rejected, message, door.Error) : Discarded(door.Error);
    }

    private static SipParseResult Discarded(SipError error) => new(SipParseKind.Discarded, null, error);

    /// <summary>
    /// Method SP Request-URI SP SIP-Version. Null for a line that is no request at all; a faulty one still leads to a request to answer.
    /// </summary>
    private static SipRequest? Request(ReadOnlyMemory<byte> octets, int start, int length, SipHeaders headers, ref Door door)
    {
        var line = octets.Span.Slice(start, length);
        var space = line.IndexOf((byte)' ');
        var last = line.TrimEnd((byte)' ').LastIndexOf((byte)' ');
        var method = space > 0 ? line[..space] : default;
        var version = line[(last + 1)..];
        if (!SipGrammar.IsToken(method) || last <= space || version.Length < 4 || !Ascii.EqualsIgnoreCase(version[..4], "SIP/"u8))
        {
            door.Report(SipFault.StartLine, "Request-Line", start);
            return null;
        }

        var uri = octets.Slice(start + space + 1, last - space - 1);
        if (!UriSlices.TryScan(uri.Span, out _)) door.Report(SipFault.StartLine, "Request-URI", start + space + 1);
        else if (version[^1] == ' ') door.Report(SipFault.StartLine, "SIP-Version", start + last + 1);
        else if (!Ascii.EqualsIgnoreCase(version, "SIP/2.0"u8)) door.Report(SipFault.Version, "SIP-Version", start + last + 1);

        door.Method = method;
        return new SipRequest(SipMethod.FromOctets(method), uri, headers);
    }

    /// <summary>SIP-Version SP 3DIGIT SP Reason-Phrase; the phrase may be empty, and some leave its SP out too.</summary>
    private static SipResponse? Status(ReadOnlyMemory<byte> octets, int start, int length, SipHeaders headers, ref Door door)
    {
        const int CodeAt = 8;
        var line = octets.Span.Slice(start, length);
        var isStatusLine = line.StartsWith("SIP/2.0 "u8)
            && length >= CodeAt + 3
            && (length == CodeAt + 3 || line[CodeAt + 3] == ' ');
        if (!isStatusLine
            || !int.TryParse(line.Slice(CodeAt, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var code)
            || code is < 100 or > 699)
        {
            door.Report(SipFault.StartLine, "Status-Line", start);
            return null;
        }

        var phraseAt = Math.Min(CodeAt + 4, length);
        return new SipResponse(code, octets.Slice(start + phraseAt, length - phraseAt), headers);
    }

    private static void ReadHeaders(ref HeaderLines lines, SipHeaders headers, ref Door door)
    {
        while (lines.MoveNext())
        {
            var name = HeaderNames.Find(lines.Name);
            if (lines.Faulty || (name == HeaderName.Other && !IsName(lines)))
            {
                door.Report(SipFault.HeaderSyntax, FieldAt(ref lines), lines.LineStart);
                return;
            }

            if (headers.Count == MaxHeaders)
            {
                door.Report(SipFault.TooManyHeaders, HeaderNames.Text(name), lines.LineStart);
                return;
            }

            headers.AddReceived(new HeaderField(
                name, lines.LineStart, lines.ValueStart, lines.ValueLength, added: false, lines.Folded));
            if (name != HeaderName.Other) door.Check(name, lines.Value, lines.LineStart);
        }
    }

    /// <summary>A header without a known name has one that can be kept.</summary>
    internal static bool IsName(in HeaderLines lines) =>
        SipGrammar.IsToken(lines.Name) && lines.ValueStart - lines.LineStart <= HeaderField.LongestName;

    /// <summary>What there will be of fields, unless some are folded.</summary>
    private static int Lines(ReadOnlySpan<byte> headers)
    {
        var end = headers.IndexOf("\r\n\r\n"u8);
        return Math.Min(headers[..Math.Max(end, 0)].Count((byte)'\n'), MaxHeaders);
    }

    private static ReadOnlyMemory<byte> Body(ReadOnlyMemory<byte> octets, int start, ref Door door)
    {
        var rest = octets[start..];
        if (door.ContentLength is not { } length) return rest;
        if (length <= rest.Length) return rest[..(int)length];

        door.Report(SipFault.BodyTruncated, HeaderNames.Text(HeaderName.ContentLength), start);
        return default;
    }

    private static string FieldAt(ref HeaderLines lines) => lines.NameLength is > 0 and < 64 ? HeaderReader.Text(lines.Name) : "unnamed";
}
