namespace Gateway.Sms;

/// <summary>
/// RP-User Data, TS 24.011 §8.2.5.3: in RP-DATA a length and the TPDU, in RP-ACK and RP-ERROR an optional element with identifier 41.
/// </summary>
internal static class RpUserData
{
    public const byte Identifier = 0x41;
    public const string Field = "RP-User Data";
    private const int MaxLength = 233;

    public static ReadOnlyMemory<byte> Read(ref PduReader reader)
    {
        var start = reader.Offset;
        var length = reader.Octet(Field);
        if (length > MaxLength) reader.Fail(PduFault.LengthOutOfRange, Field, start);
        return reader.Memory(length, Field);
    }

    /// <summary>
    /// Skips elements that are not known as TS 24.007 §11.2.4 tells: one octet if bit 8 of the identifier is set, else by its length. What
    /// is cut short in them does not matter.
    /// </summary>
    public static ReadOnlyMemory<byte> ReadOptional(ref PduReader reader)
    {
        while (!reader.Failed && reader.Remaining > 0)
        {
            var identifier = reader.Octet(Field);
            if (identifier == Identifier) return Read(ref reader);
            if ((identifier & 0x80) != 0 || reader.Remaining == 0) continue;
            reader.Span(Math.Min(reader.Octet(Field), reader.Remaining), Field);
        }
        return default;
    }

    public static void WriteOptional(ref PduWriter writer, ReadOnlyMemory<byte> userData)
    {
        if (userData.IsEmpty) return;
        writer.Octet(Identifier);
        Write(ref writer, userData);
    }

    public static void Write(ref PduWriter writer, ReadOnlyMemory<byte> userData)
    {
        if (userData.Length > MaxLength) throw new ArgumentException($"A TPDU of {userData.Length} octets does not fit.", nameof(userData));
        writer.Octet((byte)userData.Length);
        writer.Octets(userData.Span);
    }

    /// <summary>Length and TPDU, encoded in place.</summary>
    public static void Write<TTpdu>(ref PduWriter writer, in TTpdu tpdu) where TTpdu : struct, ITpdu
    {
        var rest = writer.Rest;
        var length = tpdu.Encode(rest[1..]);
        rest[0] = (byte)length;
        writer.Advance(1 + length);
    }
}
