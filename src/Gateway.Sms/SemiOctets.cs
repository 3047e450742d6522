using System.Buffers.Binary;
using System.Numerics;

namespace Gateway.Sms;

/// <summary>
/// Up to twenty semi-octets, low nibble first, as address values carry them (TS 23.040 §9.1.2.3). Kept as the octets of the wire in two
/// integers: no allocation, and equality is equality of the octets.
/// </summary>
internal readonly record struct SemiOctets
{
    public const int MaxCount = 20;
    private const string Alphabet = "0123456789*#abc";
    private const int Filler = 0xF;

    private readonly ulong _low;   // octets 1 to 8
    private readonly ushort _high; // octets 9 and 10

    private SemiOctets(ulong low, ushort high, int count)
    {
        _low = low;
        _high = high;
        Count = (byte)count;
    }

    public byte Count { get; }
    public int OctetCount => (Count + 1) / 2;

    public static SemiOctets FromOctets(ReadOnlySpan<byte> octets, int count)
    {
        Span<byte> padded = stackalloc byte[10];
        octets.CopyTo(padded);
        return new SemiOctets(BinaryPrimitives.ReadUInt64LittleEndian(padded), BinaryPrimitives.ReadUInt16LittleEndian(padded[8..]), count);
    }

    /// <summary>False if there are more than twenty characters, or one that is not among 0-9 * # a b c.</summary>
    public static bool TryParse(ReadOnlySpan<char> digits, out SemiOctets value)
    {
        value = default;
        if (digits.Length > MaxCount) return false;
        Span<byte> octets = stackalloc byte[10];
        octets.Clear();
        for (var i = 0; i < digits.Length; i++)
        {
            var digit = Alphabet.IndexOf(char.ToLowerInvariant(digits[i]));
            if (digit < 0) return false;
            octets[i / 2] |= (byte)(digit << (i % 2 * 4));
        }
        if (digits.Length % 2 != 0) octets[digits.Length / 2] |= Filler << 4;
        value = FromOctets(octets, digits.Length);
        return true;
    }

    public void CopyTo(Span<byte> destination)
    {
        Span<byte> octets = stackalloc byte[10];
        BinaryPrimitives.WriteUInt64LittleEndian(octets, _low);
        BinaryPrimitives.WriteUInt16LittleEndian(octets[8..], _high);
        octets[..OctetCount].CopyTo(destination);
    }

    /// <summary>Index of the first filler that is not the last semi-octet, or -1: such a number would be cut short by its reader.</summary>
    public int IndexOfInnerFiller()
    {
        var (low, high) = (Fillers(_low), Fillers(_high));
        if ((low | high) == 0) return -1;
        var index = low != 0 ? BitOperations.TrailingZeroCount(low) / 4 : 16 + BitOperations.TrailingZeroCount(high) / 4;
        return index < Count - 1 ? index : -1;
    }

    /// <summary>Without a filler that was counted as if it were a digit.</summary>
    public SemiOctets WithoutLastFiller() => Count > 0 && this[Count - 1] == Filler ? new SemiOctets(_low, _high, Count - 1) : this;

    public override string ToString()
    {
        Span<char> digits = stackalloc char[MaxCount];
        for (var i = 0; i < Count; i++) digits[i] = this[i] is var digit && digit < Alphabet.Length ? Alphabet[digit] : '?';
        return new string(digits[..Count]);
    }

    /// <summary>The lowest bit of each semi-octet that has all four set.</summary>
    private static ulong Fillers(ulong value) => value & value >> 1 & value >> 2 & value >> 3 & 0x1111111111111111;

    private int this[int index] => (int)(index < 16 ? _low >> (4 * index) : (uint)_high >> (4 * (index - 16))) & 0xF;
}
