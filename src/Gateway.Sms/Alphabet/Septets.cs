using System.Buffers.Binary;
using System.Runtime.Intrinsics.X86;

namespace Gateway.Sms;

/// <summary>
/// Packing of TS 23.038 §6.1.2.1: septet i occupies seven bits of the little-endian bit stream from bit 7i on. Eight septets fill seven
/// octets exactly, so both directions go eight septets at a time through one 64-bit word, which the processor gathers and scatters in one
/// instruction where it can (SmsBenchmarks asked for it).
/// </summary>
internal static class Septets
{
    private const ulong EachSeptet = 0x7F7F7F7F7F7F7F7F;

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
            bits |= Gather(BinaryPrimitives.ReadUInt64LittleEndian(septets)) << held;
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
            BinaryPrimitives.WriteUInt64LittleEndian(septets, Scatter(Word(octets, bitOffset)));
            septets = septets[8..];
            bitOffset += 56;
        }
        if (septets.IsEmpty) return;
        var last = Word(octets, bitOffset);
        for (var i = 0; i < septets.Length; i++) septets[i] = (byte)(last >> (7 * i) & 0x7F);
    }

    /// <summary>The low seven bits of eight octets, side by side.</summary>
    private static ulong Gather(ulong octets)
    {
        if (Bmi2.X64.IsSupported) return Bmi2.X64.ParallelBitExtract(octets, EachSeptet);
        var bits = 0UL;
        for (var i = 0; i < 8; i++) bits |= (octets >> (8 * i) & 0x7F) << (7 * i);
        return bits;
    }

    /// <summary>The reverse: 56 bits become eight octets.</summary>
    private static ulong Scatter(ulong bits)
    {
        if (Bmi2.X64.IsSupported) return Bmi2.X64.ParallelBitDeposit(bits, EachSeptet);
        var octets = 0UL;
        for (var i = 0; i < 8; i++) octets |= (bits >> (7 * i) & 0x7F) << (8 * i);
        return octets;
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
