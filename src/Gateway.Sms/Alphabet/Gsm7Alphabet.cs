using System.Buffers;
using System.Text;

namespace Gateway.Sms;

/// <summary>
/// One pair of a locking and a single shift table (TS 23.038 §6.2.1.2), ready for both directions. Pairs are built when first used and
/// kept; there are at most 14 × 14 of them, 9 kB each. Most septets of most texts have the number of their ASCII character: runs of those
/// are found and copied at once.
/// </summary>
internal sealed class Gsm7Alphabet
{
    private const byte Escape = 0x1B;
    /// <summary>Marks a septet that goes behind an escape; no extension table has anything at 7F, so 0xFF means "not there".</summary>
    private const byte Shifted = 0x80;
    private const byte Absent = 0xFF;
    /// <summary>No table holds a character beyond U+221E.</summary>
    private const int Characters = 0x2220;

    private const int LongRun = 16;

    private static readonly Gsm7Alphabet?[] Pairs = new Gsm7Alphabet?[Gsm7Tables.Count * Gsm7Tables.Count];

    /// <summary>Characters by septet. What is not assigned shows as a space; NUL, which no table has, stands for the escape.</summary>
    private readonly char[] _main = new char[128];
    private readonly string _single;
    private readonly byte[] _septets = new byte[Characters];
    private readonly SearchValues<byte> _asciiSeptets;
    private readonly SearchValues<char> _asciiCharacters;

    private Gsm7Alphabet(string main, string single)
    {
        for (var septet = 0; septet < 128; septet++) _main[septet] = main[septet] == '\0' ? ' ' : main[septet];
        _main[Escape] = '\0';
        _single = single;
        _septets.AsSpan().Fill(Absent);
        for (var septet = 127; septet >= 0; septet--)
            if (single[septet] != 0) _septets[single[septet]] = (byte)(septet | Shifted);
        for (var septet = 127; septet >= 0; septet--)
            if (main[septet] != 0) _septets[main[septet]] = (byte)septet;
        // A character that the table has twice encodes to its first septet, so only where both agree is it left alone.
        var same = Enumerable.Range(0, 128).Where(septet => main[septet] == septet && _septets[septet] == septet).ToList();
        _asciiSeptets = SearchValues.Create([.. same.Select(septet => (byte)septet)]);
        _asciiCharacters = SearchValues.Create([.. same.Select(septet => (char)septet)]);
    }

    public static Gsm7Alphabet Default { get; } = Of(0, 0);

    /// <summary>
    /// The tables of two national language identifiers. One that is unknown, or names the locking table Spanish lacks, is ignored as
    /// TS 23.040 §9.2.3.24.15 asks: the default stands in.
    /// </summary>
    public static Gsm7Alphabet Of(int locking, int single)
    {
        if ((uint)locking >= Gsm7Tables.Count || Gsm7Tables.Locking[locking] is null) locking = 0;
        if ((uint)single >= Gsm7Tables.Count) single = 0;
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
        for (var at = 0; at < text.Length;)
        {
            var run = NextOther(text, at) - at;
            at += run;
            for (var end = Math.Min(at + Window(run), text.Length); at < end; at++)
            {
                var septet = Lookup(text[at]);
                if (septet == Absent) return -1;
                count += septet >> 7;
            }
        }
        return count;
    }

    /// <summary>Characters from the start that fit so many septets.</summary>
    public int Fit(ReadOnlySpan<char> text, int septets)
    {
        var spare = Math.Max(0, septets - text.Length);
        text = text[..Math.Min(text.Length, septets)];
        for (var at = NextOther(text, 0); at < text.Length; at = NextOther(text, at + 1))
        {
            if (Lookup(text[at]) < Shifted) continue;
            // Where no room is left an escape takes the place of the last character; that may be the one it belongs to.
            if (spare > 0) spare--;
            else text = text[..^1];
            if (at >= text.Length) break;
        }
        return text.Length;
    }

    /// <summary>Septets written, or -1 if a character is missing or the destination too small.</summary>
    public int Encode(ReadOnlySpan<char> text, Span<byte> septets)
    {
        var written = 0;
        for (var at = 0; at < text.Length;)
        {
            var run = NextOther(text, at) - at;
            if (septets.Length - written < run) return -1;
            if (run > 0)
            {
                Ascii.FromUtf16(text.Slice(at, run), septets[written..], out var copied);
                written += copied;
                at += run;
            }
            for (var end = Math.Min(at + Window(run), text.Length); at < end; at++)
            {
                var septet = Lookup(text[at]);
                if (septet >= Shifted)
                {
                    if (septet == Absent || written == septets.Length) return -1;
                    septets[written++] = Escape;
                }
                if (written == septets.Length) return -1;
                septets[written++] = (byte)(septet & 0x7F);
            }
        }
        return written;
    }

    /// <summary>
    /// Characters written, at most as many as there are septets. TS 23.038 §6.2.1.1: behind an escape an unassigned septet means the main
    /// table's character; a second escape, and an escape that ends the text, are shown as a space.
    /// </summary>
    public int Decode(ReadOnlySpan<byte> septets, Span<char> text)
    {
        var written = 0;
        var main = _main;
        for (var at = 0; at < septets.Length;)
        {
            var run = septets[at..].IndexOfAnyExcept(_asciiSeptets);
            if (run < 0) run = septets.Length - at;
            if (run > 0)
            {
                Ascii.ToUtf16(septets.Slice(at, run), text[written..], out var copied);
                written += copied;
                at += run;
            }
            for (var end = Math.Min(at + Window(run), septets.Length); at < end; at++)
            {
                var character = main[septets[at]];
                if (character == '\0')
                {
                    character = ' ';
                    if (at + 1 < septets.Length) character = BehindEscape(septets[++at]);
                }
                text[written++] = character;
            }
        }
        return written;
    }

    private char BehindEscape(byte septet) =>
        septet == Escape ? ' ' : _single[septet] is not '\0' and var shifted ? shifted : _main[septet];

    /// <summary>
    /// What is looked up one by one behind a run before the next one is searched for. Exceptions come in company: a text with short runs is
    /// better looked up than searched.
    /// </summary>
    private static int Window(int run) => run < LongRun ? 64 : 8;

    /// <summary>Where the next character is that is not its own septet, or the end.</summary>
    private int NextOther(ReadOnlySpan<char> text, int from)
    {
        var run = text[from..].IndexOfAnyExcept(_asciiCharacters);
        return run < 0 ? text.Length : from + run;
    }

    private byte Lookup(char character) => character < Characters ? _septets[character] : Absent;
}
