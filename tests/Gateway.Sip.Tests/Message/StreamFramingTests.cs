using System.Buffers;
using System.Text;
using Xunit;

namespace Gateway.Sip.Tests.Message;

[Collection(nameof(ProcessorBound))]
public sealed class StreamFramingTests
{
    // Messages of RFC 4475 with a usable Content-Length that ends where the file ends; the others have no frame on a stream.
    public static TheoryData<string> Framed()
    {
        var data = new TheoryData<string> { "seed" };
        foreach (var name in VectorFiles.Names("torture", "*.dat"))
        {
            var octets = VectorFiles.Read("torture", name);
            if (SipParser.Parse(octets) is { Succeeded: true, Message: { } message } && message.Headers.Contains(HeaderName.ContentLength)
                && EndsWithBody(octets, message)) data.Add(name);
        }

        return data;

        static bool EndsWithBody(byte[] octets, SipMessage message)
        {
            var head = octets.AsSpan().IndexOf("\r\n\r\n"u8) + 4;
            return head + message.Body.Length == octets.Length;
        }
    }

    private static byte[] Load(string name) => name == "seed" ? SipText.Seed : VectorFiles.Read("torture", name);

    [Fact]
    public void Most_of_RFC_4475_can_be_framed() => Assert.InRange(Framed().Count, 27, 49);

    [Theory]
    [MemberData(nameof(Framed))]
    public void A_message_cut_at_any_octet_is_put_together(string name)
    {
        var message = Load(name);
        for (var cut = 0; cut <= message.Length; cut++)
        {
            var framing = new StreamFraming();
            var buffer = Segments(message[..cut]);
            if (cut < message.Length) Assert.Equal(OperationStatus.NeedMoreData, framing.TryRead(ref buffer, out _, out _));

            buffer = Segments(message[..cut], message[cut..]);
            Assert.Equal(OperationStatus.Done, framing.TryRead(ref buffer, out var unit, out var read));
            Assert.Equal(StreamUnit.Message, unit);
            Assert.True(read.Span.SequenceEqual(message));
            Assert.True(buffer.IsEmpty);
        }
    }

    [Theory]
    [MemberData(nameof(Framed))]
    public void A_message_of_one_octet_segments_arriving_one_by_one_is_put_together(string name)
    {
        var message = Load(name);
        var segments = message.Select(octet => new[] { octet }).ToArray();
        var framing = new StreamFraming();
        for (var length = 1; length < message.Length; length += 7)
        {
            var some = Segments(segments[..length]);
            Assert.Equal(OperationStatus.NeedMoreData, framing.TryRead(ref some, out _, out _));
        }

        var buffer = Segments(segments);
        Assert.Equal(OperationStatus.Done, framing.TryRead(ref buffer, out _, out var read));
        Assert.True(read.Span.SequenceEqual(message));
    }

    [Fact]
    public void Pipelined_messages_and_keep_alives_come_out_in_order_however_the_stream_is_cut()
    {
        byte[] second = SipText.Octets(Encoding.ASCII.GetString(SipText.Message("l: 5")) + "abcde");
        byte[] stream = [.. SipText.Seed, .. "\r\n\r\n"u8, .. second, .. "\r\n"u8, .. SipText.Seed, .. second];
        string[] expected = ["Message", "Ping", "Message", "Pong", "Message", "Message"];

        for (var size = 1; size <= stream.Length; size += size < 64 ? 1 : 37)
        {
            var framing = new StreamFraming();
            var units = new List<string>();
            var messages = new List<byte[]>();
            var start = 0;
            for (var end = 0; end < stream.Length;)
            {
                end = Math.Min(end + size, stream.Length);
                var buffer = Segments(stream[start..end]);
                while (framing.TryRead(ref buffer, out var unit, out var message) == OperationStatus.Done)
                {
                    units.Add(unit.ToString());
                    if (unit == StreamUnit.Message) messages.Add(message.ToArray());
                }

                start = end - (int)buffer.Length;
            }

            // A ping that came in two halves is a pong and a ping: the answer is the same.
            var seen = string.Join(' ', units).Replace("Pong Ping", "Ping", StringComparison.Ordinal);
            Assert.Equal(string.Join(' ', expected), seen);
            Assert.Equal([SipText.Seed, second, SipText.Seed, second], messages);
        }
    }

    [Fact]
    public void A_copy_is_handed_out_and_the_buffer_may_be_reused()
    {
        var octets = SipText.Seed;
        var buffer = new ReadOnlySequence<byte>(octets);
        new StreamFraming().TryRead(ref buffer, out _, out var message);

        Array.Clear(octets);

        Assert.True(message.Span.SequenceEqual(SipText.Seed));
    }

    [Theory]
    [InlineData("", SipFault.MissingHeader)]
    [InlineData("Content-Length: -1", SipFault.HeaderSyntax)]
    [InlineData("Content-Length: 3\nl: 4", SipFault.RepeatedHeader)]
    [InlineData("no colon", SipFault.HeaderSyntax)]
    public void Without_a_usable_Content_Length_the_stream_ends_with_a_refusal(string headers, SipFault fault)
    {
        var octets = SipText.Message(headers.Length == 0 ? [] : headers.Split('\n'));
        var framing = new StreamFraming();
        var buffer = new ReadOnlySequence<byte>(octets);

        Assert.Equal(OperationStatus.InvalidData, framing.TryRead(ref buffer, out _, out var head));
        Assert.Equal(fault, framing.Fault);
        Assert.Equal(400, SipParser.Refuse(head, framing.Fault).CreateAnswer()!.StatusCode);
        Assert.Equal(OperationStatus.InvalidData, framing.TryRead(ref buffer, out _, out _));
    }

    [Fact]
    public void A_folded_Content_Length_counts()
    {
        var octets = SipText.Message("Content-Length :\n\t\n 0");
        var buffer = new ReadOnlySequence<byte>([.. octets, .. octets]);

        Assert.Equal(OperationStatus.Done, new StreamFraming().TryRead(ref buffer, out _, out var message));
        Assert.Equal(octets.Length, message.Length);
    }

    [Fact]
    public void A_message_announced_larger_than_the_limit_is_refused_with_513_at_once()
    {
        var octets = SipText.Message("Content-Length: 65536");
        var framing = new StreamFraming();
        var buffer = new ReadOnlySequence<byte>(octets);

        Assert.Equal(OperationStatus.DestinationTooSmall, framing.TryRead(ref buffer, out _, out var head));
        Assert.Equal(513, SipParser.Refuse(head, framing.Fault).CreateAnswer()!.StatusCode);
    }

    [Fact]
    public void A_message_of_exactly_the_limit_is_taken_and_one_octet_more_is_not()
    {
        var octets = SipText.Message("Content-Length: 0");

        var buffer = new ReadOnlySequence<byte>(octets);
        Assert.Equal(OperationStatus.Done, new StreamFraming(octets.Length).TryRead(ref buffer, out _, out _));
        buffer = new ReadOnlySequence<byte>(octets);
        Assert.Equal(OperationStatus.DestinationTooSmall, new StreamFraming(octets.Length - 1).TryRead(ref buffer, out _, out _));
    }

    [Fact]
    public void A_head_without_end_stops_at_the_limit()
    {
        var framing = new StreamFraming(1000);
        var octets = new byte[1000];
        octets.AsSpan().Fill((byte)'a');

        var buffer = new ReadOnlySequence<byte>(octets, 0, 999);
        Assert.Equal(OperationStatus.NeedMoreData, framing.TryRead(ref buffer, out _, out _));
        buffer = new ReadOnlySequence<byte>(octets);
        Assert.Equal(OperationStatus.DestinationTooSmall, framing.TryRead(ref buffer, out _, out _));
        Assert.Equal(SipFault.TooLarge, framing.Fault);
    }

    [Fact]
    public void A_CR_without_LF_where_a_message_should_begin_is_invalid()
    {
        var buffer = new ReadOnlySequence<byte>("\rX"u8.ToArray());

        Assert.Equal(OperationStatus.InvalidData, new StreamFraming().TryRead(ref buffer, out _, out _));
    }

    private static ReadOnlySequence<byte> Segments(params byte[][] parts)
    {
        var first = new Segment(parts[0], 0);
        var last = parts.Skip(1).Aggregate(first, (segment, part) => segment.Append(part));
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] octets, long index)
        {
            Memory = octets;
            RunningIndex = index;
        }

        public Segment Append(byte[] octets)
        {
            var next = new Segment(octets, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
