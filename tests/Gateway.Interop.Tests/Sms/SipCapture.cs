using System.Buffers.Binary;
using System.Text;

namespace Gateway.Interop.Tests.Sms;

/// <summary>Capture files of SIP over UDP for Wireshark's dissectors.</summary>
internal static class SipCapture
{
    private const int RawIp = 101; // LINKTYPE_RAW

    /// <summary>A MESSAGE for each body of application/vnd.3gpp.sms.</summary>
    public static void Write(string file, IReadOnlyList<byte[]> bodies) => WriteMessages(file, [.. bodies.Select((body, index) => Message(index, body))]);

    /// <summary>Whole SIP messages, a packet for each.</summary>
    public static void WriteMessages(string file, IReadOnlyList<byte[]> messages)
    {
        using var output = new BinaryWriter(File.Create(file));
        output.Write(0xA1B2C3D4);
        output.Write((ushort)2);
        output.Write((ushort)4);
        output.Write(0);
        output.Write(0);
        output.Write(65535);
        output.Write(RawIp);
        for (var index = 0; index < messages.Count; index++)
        {
            var packet = Udp(messages[index]);
            output.Write(1_754_000_000 + index);
            output.Write(0);
            output.Write(packet.Length);
            output.Write(packet.Length);
            output.Write(packet);
        }
    }

    private static byte[] Message(int index, byte[] body)
    {
        var head =
            $"""
            MESSAGE sip:+4940999@ims.example.org SIP/2.0
            Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK{index}
            Max-Forwards: 70
            From: <sip:smsc@ims.example.org>;tag={index}
            To: <sip:+4940999@ims.example.org>
            Call-ID: {index}@127.0.0.1
            CSeq: 1 MESSAGE
            Content-Type: application/vnd.3gpp.sms
            Content-Length: {body.Length}


            """.ReplaceLineEndings("\r\n");
        return [.. Encoding.ASCII.GetBytes(head), .. body];
    }

    private static byte[] Udp(byte[] payload)
    {
        var packet = new byte[28 + payload.Length];
        packet[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
        packet[8] = 64;
        packet[9] = 17;
        (packet[12], packet[15], packet[16], packet[19]) = (127, 1, 127, 1);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(20), 5060);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(22), 5060);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(24), (ushort)(8 + payload.Length));
        payload.CopyTo(packet, 28);
        return packet;
    }
}
