using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Gateway.Webhooks;

/// <summary>
/// The Messages API's name of a message: a UUID of version 8 (RFC 9562 §5.8) that has our id in its first 64 free bits, the rest made from it, so that one
/// leads to the other and no other UUID does.
/// </summary>
public static class MessageUuid
{
    private const int Octets = 16;

    public static string Of(long id)
    {
        Span<byte> octets = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> number = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(number, id);
        SHA256.HashData(number, octets);
        number[..6].CopyTo(octets);
        octets[6] = (byte)(0x80 | number[6] >> 4);
        octets[7] = (byte)(number[6] << 4 | number[7] >> 4);
        octets[8] = (byte)(0x80 | (number[7] & 0x0F) << 2 | octets[8] & 0x03);
        return new Guid(octets[..Octets], bigEndian: true).ToString();
    }

    public static bool TryParse(string text, out long id)
    {
        id = 0;
        Span<byte> octets = stackalloc byte[Octets];
        if (!Guid.TryParseExact(text, "D", out var uuid) || !uuid.TryWriteBytes(octets, bigEndian: true, out _))
            return false;
        octets[6] = (byte)(octets[6] << 4 | octets[7] >> 4);
        octets[7] = (byte)(octets[7] << 4 | octets[8] >> 2 & 0x0F);
        id = BinaryPrimitives.ReadInt64BigEndian(octets);
        return Of(id).Equals(text, StringComparison.OrdinalIgnoreCase);
    }
}
