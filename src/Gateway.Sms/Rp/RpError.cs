namespace Gateway.Sms;

/// <summary>RP-ERROR, TS 24.011 §7.3.4. RP-Cause has a length and no identifier, though one is assigned.</summary>
/// <param name="Direction">Decides the message type: 4 from a handset, 5 to one.</param>
/// <param name="MessageReference">RP-MR of what is refused.</param>
/// <param name="Cause">Seven bits; the extension bit is dropped.</param>
/// <param name="Diagnostic">The octet after the cause, if there is one; what follows it is ignored.</param>
/// <param name="UserData">SMS-DELIVER-REPORT or SMS-SUBMIT-REPORT with TP-FCS, or empty.</param>
public readonly record struct RpError(
    RpDirection Direction, byte MessageReference, RpCause Cause, byte? Diagnostic = null, ReadOnlyMemory<byte> UserData = default)
{
    private const byte MessageType = 4;
    private const string CauseField = "RP-Cause";

    public byte[] Encode()
    {
        Span<byte> octets = stackalloc byte[7 + byte.MaxValue];
        var writer = new PduWriter(octets);
        writer.Octet((byte)(MessageType | (byte)Direction));
        writer.Octet(MessageReference);
        writer.Octet((byte)(Diagnostic is null ? 1 : 2));
        writer.Octet((byte)Cause);
        if (Diagnostic is { } diagnostic) writer.Octet(diagnostic);
        RpUserData.WriteOptional(ref writer, UserData);
        return octets[..writer.Written].ToArray();
    }

    public bool Equals(RpError other) =>
        (Direction, MessageReference, Cause, Diagnostic) == (other.Direction, other.MessageReference, other.Cause, other.Diagnostic) &&
        UserData.Span.SequenceEqual(other.UserData.Span);

    public override int GetHashCode() => HashCode.Combine(Direction, MessageReference, Cause, Diagnostic, UserData.Length);

    internal static RpError Read(ref PduReader reader, RpDirection direction, byte messageReference)
    {
        var start = reader.Offset;
        var length = reader.Octet(CauseField);
        if (length == 0) reader.Fail(PduFault.LengthOutOfRange, CauseField, start);
        var octets = reader.Span(length, CauseField);
        var cause = octets.IsEmpty ? default : (RpCause)(octets[0] & 0x7F);
        byte? diagnostic = octets.Length > 1 ? octets[1] : null;
        return new RpError(direction, messageReference, cause, diagnostic, RpUserData.ReadOptional(ref reader));
    }
}
