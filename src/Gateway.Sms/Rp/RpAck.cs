namespace Gateway.Sms;

/// <summary>RP-ACK, TS 24.011 §7.3.3. Many handsets send it bare.</summary>
/// <param name="Direction">Decides the message type: 2 from a handset, 3 to one.</param>
/// <param name="MessageReference">RP-MR of what is acknowledged.</param>
/// <param name="UserData">SMS-DELIVER-REPORT or SMS-SUBMIT-REPORT, or empty.</param>
public readonly record struct RpAck(RpDirection Direction, byte MessageReference, ReadOnlyMemory<byte> UserData = default)
{
    private const byte MessageType = 2;

    public byte[] Encode()
    {
        Span<byte> octets = stackalloc byte[4 + byte.MaxValue];
        var writer = new PduWriter(octets);
        writer.Octet((byte)(MessageType | (byte)Direction));
        writer.Octet(MessageReference);
        RpUserData.WriteOptional(ref writer, UserData);
        return octets[..writer.Written].ToArray();
    }

    public bool Equals(RpAck other) =>
        Direction == other.Direction && MessageReference == other.MessageReference && UserData.Span.SequenceEqual(other.UserData.Span);

    public override int GetHashCode() => HashCode.Combine(Direction, MessageReference, UserData.Length);
}
