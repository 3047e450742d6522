using System.Globalization;

namespace Gateway.Sms;

/// <summary>
/// Where a text is cut, for one alphabet and one header. A cut never parts an escape from its septet or a surrogate from its other half;
/// filling each part to the brim then gives the fewest parts. Grapheme clusters stay whole where that needs no part more.
/// </summary>
internal readonly ref struct TextLayout(
    ReadOnlySpan<char> text, TpAlphabet alphabet, Gsm7Alphabet tables, byte locking, byte single, bool wideReference)
{
    private const int ConcatenationOctets = 5;
    private const int ShiftOctets = 3;

    private readonly ReadOnlySpan<char> _text = text;

    public TpAlphabet Alphabet { get; } = alphabet;
    public Gsm7Alphabet Tables { get; } = tables;
    public byte Locking { get; } = locking;
    public byte Single { get; } = single;

    /// <summary>Octets of the header with its length octet; none if it would be empty.</summary>
    public int HeaderOctets(bool concatenated)
    {
        var elements = (Locking == 0 ? 0 : ShiftOctets) + (Single == 0 ? 0 : ShiftOctets);
        if (concatenated) elements += ConcatenationOctets + (wideReference ? 1 : 0);
        return elements == 0 ? 0 : 1 + elements;
    }

    /// <summary>Septets or UCS2 characters that fit one part.</summary>
    public int Capacity(bool concatenated)
    {
        var header = HeaderOctets(concatenated);
        return Alphabet == TpAlphabet.Ucs2 ? (Tpdu.MaxUserData - header) / 2 : Tpdu.MaxUserData * 8 / 7 - (header * 8 + 6) / 7;
    }

    public int Units => Alphabet == TpAlphabet.Ucs2 ? _text.Length : Tables.Count(_text);

    /// <summary>The fewest parts.</summary>
    public int CountParts() => Units <= Capacity(false) ? 1 : CountFrom(0, Capacity(true));

    /// <summary>The end of the part that begins at <paramref name="from"/>, if it and the rest may be so many parts.</summary>
    public int NextCut(int from, int capacity, int allowed)
    {
        var cut = Fill(from, capacity);
        if (cut == _text.Length) return cut;
        var whole = ClusterBoundary(from, cut);
        return whole > from && whole < cut && 1 + CountFrom(whole, capacity) <= allowed ? whole : cut;
    }

    private int CountFrom(int from, int capacity)
    {
        var parts = 0;
        for (; from < _text.Length; parts++) from = Fill(from, capacity);
        return parts;
    }

    private int Fill(int from, int capacity)
    {
        if (Alphabet == TpAlphabet.Ucs2)
        {
            var end = from + capacity;
            if (end >= _text.Length) return _text.Length;
            return char.IsLowSurrogate(_text[end]) && char.IsHighSurrogate(_text[end - 1]) ? end - 1 : end;
        }
        return from + Tables.Fit(_text[from..], capacity);
    }

    /// <summary>The last boundary between grapheme clusters that is not beyond <paramref name="cut"/>.</summary>
    private int ClusterBoundary(int from, int cut)
    {
        if (IsBoundary(cut)) return cut;
        var at = cut - 1;
        while (at > from && !IsBoundary(at)) at--;
        while (at < cut)
        {
            var next = at + StringInfo.GetNextTextElementLength(_text[at..]);
            if (next > cut) break;
            at = next;
        }
        return at;
    }

    /// <summary>Whether two characters surely belong to different clusters: neither combines, nor are they CR LF.</summary>
    private bool IsBoundary(int index) =>
        StandsAlone(_text[index - 1]) && StandsAlone(_text[index]) && !(_text[index] == '\n' && _text[index - 1] == '\r');

    private static bool StandsAlone(char character) =>
        character is < '\u0300' or >= '\u0370' and < '\u0483' or >= '\u3041' and < '\u3097' or >= '\u4E00' and < '\uA000';
}
