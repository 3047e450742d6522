namespace Gateway.Sms;

/// <summary>
/// One pair of a locking and a single shift table (TS 23.038 §6.2.1.2), ready for both directions. Pairs are built when first used and
/// kept; there are at most 14 × 14 of them, 9 kB each.
/// </summary>
internal sealed class Gsm7Alphabet
{
    private const byte Escape = 0x1B;
    /// <summary>Marks a septet that goes behind an escape; the extension tables have nothing at 7F, so 0xFF is free for "not there".</summary>
    private const byte Shifted = 0x80;
    private const byte Absent = 0xFF;
    /// <summary>No table holds a character beyond U+221E.</summary>
    private const int Characters = 0x2220;

    private static readonly Gsm7Alphabet?[] Pairs = new Gsm7Alphabet?[Gsm7Tables.Count * Gsm7Tables.Count];

    private readonly string _main;
    private readonly string _single;
    private readonly byte[] _septets = new byte[Characters];

    private Gsm7Alphabet(string main, string single)
    {
        _main = main;
        _single = single;
        _septets.AsSpan().Fill(Absent);
        for (var septet = 127; septet >= 0; septet--)
            if (single[septet] != 0) _septets[single[septet]] = (byte)(septet | Shifted);
        for (var septet = 127; septet >= 0; septet--)
            if (main[septet] != 0) _septets[main[septet]] = (byte)septet;
    }

    public static Gsm7Alphabet Default { get; } = Of(0, 0);

    /// <summary>
    /// The tables of two national language identifiers. One that is unknown, or names the locking table Spanish lacks, is ignored as
    /// TS 23.040 §9.2.3.24.15 asks: the default stands in.
    /// </summary>
    public static Gsm7Alphabet Of(int locking, int single)
    {
        if (locking >= Gsm7Tables.Count || Gsm7Tables.Locking[locking] is null) locking = 0;
        if (single >= Gsm7Tables.Count) single = 0;
        ref var pair = ref Pairs[locking * Gsm7Tables.Count + single];
        return pair ??= new Gsm7Alphabet(Gsm7Tables.Locking[locking]!, Gsm7Tables.Single[single]);
    }

    /// <summary>Septets the character costs: 1, 2 with its escape, or 0 if this alphabet lacks it.</summary>
    public int Cost(char character)
    {
        var septet = Lookup(character);
        return septet == Absent ? 0 : 1 + (septet >> 7);
    }

    /// <summary>Septets the text costs, or -1 if a character is missing.</summary>
    public int Count(ReadOnlySpan<char> text)
    {
        var count = text.Length;
        foreach (var character in text)
        {
            var septet = Lookup(character);
            if (septet == Absent) return -1;
            count += septet >> 7;
        }
        return count;
    }

    /// <summary>Septets written. All characters must be in the alphabet, and the destination large enough.</summary>
    public int Encode(ReadOnlySpan<char> text, Span<byte> septets)
    {
        var at = 0;
        foreach (var character in text)
        {
            var septet = Lookup(character);
            if (septet >= Shifted)
            {
                if (septet == Absent) throw new ArgumentException($"U+{(int)character:X4} is not in the alphabet.", nameof(text));
                septets[at++] = Escape;
                septet &= 0x7F;
            }
            septets[at++] = septet;
        }
        return at;
    }

    /// <summary>
    /// Characters written, at most as many as there are septets. TS 23.038 §6.2.1.1: behind an escape an unassigned septet means the main
    /// table's character; a second escape, and an escape that ends the text, are shown as a space.
    /// </summary>
    public int Decode(ReadOnlySpan<byte> septets, Span<char> text)
    {
        var at = 0;
        for (var i = 0; i < septets.Length; i++)
        {
            var septet = septets[i];
            var character = _main[septet];
            if (septet == Escape && i + 1 < septets.Length)
            {
                septet = septets[++i];
                character = _single[septet] is not '\0' and var shifted ? shifted : _main[septet];
            }
            text[at++] = character == '\0' ? ' ' : character;
        }
        return at;
    }

    private byte Lookup(char character) => character < Characters ? _septets[character] : Absent;
}
