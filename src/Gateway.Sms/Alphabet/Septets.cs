using System.Buffers.Binary;

namespace Gateway.Sms;

/// <summary>
/// Packing of TS 23.038 §6.1.2.1: septet i occupies seven bits of the little-endian bit stream from bit 7i on. Eight septets fill seven
/// octets exactly, so both directions go eight septets at a time through one 64-bit word.
/// </summary>
internal static class Septets
{
    /// <summary>Octets that hold this many septets.</summary>
    public static int OctetCount(int septets) => (septets * 7 + 7) / 8;

    /// <summary>
    /// Packs behind <paramref name="bitOffset"/> bits that are already there, in octets that are zero from that bit on.
    /// </summary>
    public static void Pack(ReadOnlySpan<byte> septets, Span<byte> octets, int bitOffset = 0)
    {
        var at = bitOffset / 8;
        var held = bitOffset % 8;
        var bits = held == 0 ? 0UL : octets[at];
        while (septets.Length >= 8)
        {
            var word = septets[0] | (ulong)septets[1] << 7 | (ulong)septets[2] << 14 | (ulong)septets[3] << 21
                     | (ulong)septets[4] << 28 | (ulong)septets[5] << 35 | (ulong)septets[6] << 42 | (ulong)septets[7] << 49;
            bits |= word << held;
            if (octets.Length - at >= 8)
                BinaryPrimitives.WriteUInt64LittleEndian(octets[at..], bits); // the eighth octet holds the bits carried on, or zero
            else
                for (var i = 0; i < octets.Length - at; i++) octets[at + i] = (byte)(bits >> (8 * i));
            bits >>= 56;
            at += 7;
            septets = septets[8..];
        }
        foreach (var septet in septets)
        {
            bits |= (ulong)septet << held;
            held += 7;
            if (held < 8) continue;
            octets[at++] = (byte)bits;
            bits >>= 8;
            held -= 8;
        }
        if (held > 0) octets[at] = (byte)bits;
    }

    /// <summary>Fills <paramref name="septets"/>. The caller has checked that there are octets enough for them.</summary>
    public static void Unpack(ReadOnlySpan<byte> octets, Span<byte> septets, int bitOffset = 0)
    {
        while (septets.Length >= 8)
        {
            var word = Word(octets, bitOffset);
            septets[7] = (byte)(word >> 49 & 0x7F);
            septets[6] = (byte)(word >> 42 & 0x7F);
            septets[5] = (byte)(word >> 35 & 0x7F);
            septets[4] = (byte)(word >> 28 & 0x7F);
            septets[3] = (byte)(word >> 21 & 0x7F);
            septets[2] = (byte)(word >> 14 & 0x7F);
            septets[1] = (byte)(word >> 7 & 0x7F);
            septets[0] = (byte)(word & 0x7F);
            septets = septets[8..];
            bitOffset += 56;
        }
        if (septets.IsEmpty) return;
        var last = Word(octets, bitOffset);
        for (var i = 0; i < septets.Length; i++) septets[i] = (byte)(last >> (7 * i) & 0x7F);
    }

    /// <summary>At least 56 bits from a bit offset on; zeros where the octets end.</summary>
    private static ulong Word(ReadOnlySpan<byte> octets, int bitOffset)
    {
        var from = octets[(bitOffset / 8)..];
        if (from.Length >= 8) return BinaryPrimitives.ReadUInt64LittleEndian(from) >> (bitOffset % 8);
        var word = 0UL;
        for (var i = from.Length - 1; i >= 0; i--) word = word << 8 | from[i];
        return word >> (bitOffset % 8);
    }
}
