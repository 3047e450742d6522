using System.Buffers;
using System.Globalization;
using System.Text;

namespace Gateway.Sip;

public enum StreamUnit : byte
{
    /// <summary>A message, to be parsed.</summary>
    Message,

    /// <summary>CRLF CRLF: to be answered with one CRLF (RFC 5626 §4.4.1).</summary>
    Ping,

    /// <summary>One CRLF: the answer to a ping of ours, or an idle line end before a message (RFC 3261 §7.5).</summary>
    Pong,
}

/// <summary>
/// Cuts messages from a stream by their Content-Length (RFC 3261 §18.3). One for each connection: it remembers how far it has looked, so
/// octets that trickle in are looked at once. Call it again with the unread buffer grown at its end.
/// </summary>
/// <param name="maxOctets">The largest message, head and body, that is taken.</param>
public sealed class StreamFraming(int maxOctets = StreamFraming.DefaultMaxOctets)
{
    public const int DefaultMaxOctets = 65_536;

    private OperationStatus _failure = OperationStatus.Done;
    private long _looked;
    private int _messageLength;
    private bool _lastWasLineEnd;

    /// <summary>Why the framing failed: for <see cref="SipParser.Refuse"/>.</summary>
    public SipFault Fault { get; private set; }

    /// <summary>
    /// Done: <paramref name="unit"/> was taken off the buffer; <paramref name="message"/> is a copy of its own (empty for a ping or pong).
    /// NeedMoreData: nothing whole is there. InvalidData (no usable Content-Length) and DestinationTooSmall (too large): the stream cannot
    /// be
    /// followed any further; <paramref name="message"/> is the head when it could be found, the connection is to be closed.
    /// </summary>
    public OperationStatus TryRead(ref ReadOnlySequence<byte> buffer, out StreamUnit unit, out ReadOnlyMemory<byte> message)
    {
        unit = StreamUnit.Message;
        message = default;
        if (_failure != OperationStatus.Done) return _failure;
        if (buffer.IsEmpty) return OperationStatus.NeedMoreData;
        if (_messageLength == 0)
        {
            var reader = new SequenceReader<byte>(buffer);
            if (_looked == 0 && reader.IsNext((byte)'\r')) return TryReadLineEnds(ref buffer, out unit);

            _lastWasLineEnd = false;
            var found = TryReadHead(buffer, out message);
            if (found != OperationStatus.Done) return found;
        }

        if (buffer.Length < _messageLength) return OperationStatus.NeedMoreData;

        message = buffer.Slice(0, _messageLength).ToArray();
        buffer = buffer.Slice(_messageLength);
        _messageLength = 0;
        _looked = 0;
        return OperationStatus.Done;
    }

    // A ping may come in two reads, so two single line ends in a row are one as well.
    private OperationStatus TryReadLineEnds(ref ReadOnlySequence<byte> buffer, out StreamUnit unit)
    {
        Span<byte> octets = stackalloc byte[4];
        var length = (int)Math.Min(4, buffer.Length);
        buffer.Slice(0, length).CopyTo(octets);
        unit = StreamUnit.Pong;
        if (length < 2) return OperationStatus.NeedMoreData;
        if (octets[1] != '\n') return Fail(OperationStatus.InvalidData, SipFault.StartLine);

        var both = length == 4 && octets[2] == '\r' && octets[3] == '\n';
        if (both || _lastWasLineEnd) unit = StreamUnit.Ping;
        _lastWasLineEnd = unit == StreamUnit.Pong;
        buffer = buffer.Slice(both ? 4 : 2);
        return OperationStatus.Done;
    }

    /// <summary>Finds the end of the head and with it the length of the message.</summary>
    private OperationStatus TryReadHead(in ReadOnlySequence<byte> buffer, out ReadOnlyMemory<byte> head)
    {
        head = default;
        var from = Math.Max(0, _looked - 3);
        var end = EndOfHead(buffer, from);
        if (end < 0)
        {
            _looked = buffer.Length;
            return _looked < maxOctets ? OperationStatus.NeedMoreData : Fail(OperationStatus.DestinationTooSmall, SipFault.TooLarge);
        }

        if (end > maxOctets) return Fail(OperationStatus.DestinationTooSmall, SipFault.TooLarge);

        var octets = buffer.Slice(0, end);
        var span = octets.IsSingleSegment ? octets.FirstSpan : octets.ToArray();
        var fault = ContentLength(span, out var bodyLength);
        if (fault == SipFault.None && bodyLength > maxOctets - end) fault = SipFault.TooLarge;
        if (fault == SipFault.None)
        {
            _messageLength = (int)(end + bodyLength);
            return OperationStatus.Done;
        }

        head = octets.ToArray();
        return Fail(fault == SipFault.TooLarge ? OperationStatus.DestinationTooSmall : OperationStatus.InvalidData, fault);
    }

    private static long EndOfHead(in ReadOnlySequence<byte> buffer, long from)
    {
        if (buffer.IsSingleSegment)
        {
            var at = buffer.FirstSpan[(int)from..].IndexOf("\r\n\r\n"u8);
            return at < 0 ? -1 : from + at + 4;
        }

        var reader = new SequenceReader<byte>(buffer.Slice(from));
        return reader.TryReadTo(out ReadOnlySequence<byte> _, "\r\n\r\n"u8) ? from + reader.Consumed : -1;
    }

    // A stream has no other end of a message, so Content-Length must be there (RFC 3261 §18.3, §20.14).
    private static SipFault ContentLength(ReadOnlySpan<byte> head, out long length)
    {
        length = -1;
        var lineEnd = head.IndexOf("\r\n"u8);
        var lines = new HeaderLines(head, lineEnd + 2);
        while (lines.MoveNext() && !lines.Faulty)
        {
            if (HeaderNames.Find(lines.Name) != HeaderName.ContentLength) continue;
            if (!IsNumber(lines.Value, out var number)) return SipFault.HeaderSyntax;
            if (length >= 0 && length != number) return SipFault.RepeatedHeader;

            length = number;
        }

        return lines.Faulty ? SipFault.HeaderSyntax : length < 0 ? SipFault.MissingHeader : SipFault.None;
    }

    private static bool IsNumber(ReadOnlySpan<byte> value, out long number)
    {
        var reader = new HeaderReader(value);
        var isNumber = reader.Number(out var small, out _) && reader.AtEnd();
        number = small;
        return isNumber;
    }

    private OperationStatus Fail(OperationStatus failure, SipFault fault)
    {
        Fault = fault;
        return _failure = failure;
    }
}
