namespace Gateway.Sms;

/// <summary>
/// RP-DATA, TS 24.011 §7.3.1. From a handset the destination is the service centre and there is no originator, to a handset the other way
/// round. Lenient: an address that should not be there is kept, one that should be may be empty.
/// </summary>
/// <param name="Direction">Decides the message type: 0 from a handset, 1 to one.</param>
/// <param name="MessageReference">RP-MR, to be copied into the answer.</param>
/// <param name="OriginatorAddress">RP-OA.</param>
/// <param name="DestinationAddress">RP-DA.</param>
/// <param name="UserData">The TPDU.</param>
public readonly record struct RpData(
    RpDirection Direction, byte MessageReference, RpAddress OriginatorAddress, RpAddress DestinationAddress, ReadOnlyMemory<byte> UserData)
{
    public static bool TryDecode(ReadOnlyMemory<byte> body, out RpData data, out PduError error)
    {
        data = default;
        if (!RpPdu.TryDecode(body, out var pdu, out error)) return false;
        if (pdu.Kind == RpKind.Data)
        {
            data = pdu.Data;
            return true;
        }
        error = new PduError(PduFault.WrongMessageType, "RP-MTI", 0);
        return false;
    }

    /// <summary>Octets of a whole message, the TPDU encoded in place: nothing is copied or allocated on the way.</summary>
    /// <param name="direction">To a handset the service centre is the originator, from one the destination.</param>
    /// <param name="messageReference">RP-MR.</param>
    /// <param name="serviceCentre">The address of the service centre.</param>
    /// <param name="tpdu">What goes inside.</param>
    /// <param name="destination">At least <see cref="RpPdu.MaxLength"/> octets.</param>
    public static int Encode<TTpdu>(
        RpDirection direction, byte messageReference, RpAddress serviceCentre, in TTpdu tpdu, Span<byte> destination)
        where TTpdu : struct, ITpdu
    {
        var writer = new PduWriter(destination);
        var toHandset = direction == RpDirection.ToHandset;
        WriteHeader(ref writer, direction, messageReference, toHandset ? serviceCentre : default, toHandset ? default : serviceCentre);
        RpUserData.Write(ref writer, tpdu);
        return writer.Written;
    }

    public static byte[] Encode<TTpdu>(RpDirection direction, byte messageReference, RpAddress serviceCentre, in TTpdu tpdu)
        where TTpdu : struct, ITpdu
    {
        Span<byte> octets = stackalloc byte[RpPdu.MaxLength];
        return octets[..Encode(direction, messageReference, serviceCentre, tpdu, octets)].ToArray();
    }

    public byte[] Encode()
    {
        var octets = new byte[3 + OriginatorAddress.EncodedLength + DestinationAddress.EncodedLength + UserData.Length];
        var writer = new PduWriter(octets);
        WriteHeader(ref writer, Direction, MessageReference, OriginatorAddress, DestinationAddress);
        RpUserData.Write(ref writer, UserData);
        return octets;
    }

    public bool Equals(RpData other) =>
        (Direction, MessageReference, OriginatorAddress, DestinationAddress) ==
        (other.Direction, other.MessageReference, other.OriginatorAddress, other.DestinationAddress) &&
        UserData.Span.SequenceEqual(other.UserData.Span);

    public override int GetHashCode() =>
        HashCode.Combine(Direction, MessageReference, OriginatorAddress, DestinationAddress, UserData.Length);

    internal static RpData Read(ref PduReader reader, RpDirection direction, byte messageReference)
    {
        var originator = RpAddress.Read(ref reader, "RP-Originator Address");
        var destination = RpAddress.Read(ref reader, "RP-Destination Address");
        return new RpData(direction, messageReference, originator, destination, RpUserData.Read(ref reader));
    }

    private static void WriteHeader(
        ref PduWriter writer, RpDirection direction, byte messageReference, RpAddress originator, RpAddress destination)
    {
        writer.Octet((byte)direction);
        writer.Octet(messageReference);
        originator.Write(ref writer);
        destination.Write(ref writer);
    }
}
