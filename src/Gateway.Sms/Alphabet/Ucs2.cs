using System.Text;

namespace Gateway.Sms;

/// <summary>
/// UCS2 (TS 23.038 §6.2.3) as it is used: UTF-16 big endian. Lenient where senders are known to err: a byte order mark is dropped (and a
/// little-endian one obeyed), an odd last octet is ignored.
/// </summary>
internal static class Ucs2
{
    public static int Encode(ReadOnlySpan<char> text, Span<byte> octets) => Encoding.BigEndianUnicode.GetBytes(text, octets);

    /// <summary>Characters written: at most half as many as octets. Lone surrogates stay, since a pair may span two parts.</summary>
    public static int Decode(ReadOnlySpan<byte> octets, Span<char> text)
    {
        var littleEndian = false;
        if (octets.Length >= 2 && (octets[0] << 8 | octets[1]) is (0xFEFF or 0xFFFE) and var mark)
        {
            littleEndian = mark == 0xFFFE;
            octets = octets[2..];
        }
        var count = octets.Length / 2;
        for (var i = 0; i < count; i++)
        {
            var (first, second) = (octets[2 * i], octets[2 * i + 1]);
            text[i] = (char)(littleEndian ? second << 8 | first : first << 8 | second);
        }
        return count;
    }

    /// <summary>Puts U+FFFD in place of surrogates without their other half.</summary>
    public static void ReplaceLoneSurrogates(Span<char> text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])) i++;
            else text[i] = '\uFFFD';
        }
    }
}
