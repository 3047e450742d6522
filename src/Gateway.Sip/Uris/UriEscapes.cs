using System.Buffers;
using System.Text;

namespace Gateway.Sip;

/// <summary>RFC 3261 §19.1.2: <c>%HH</c> in and out.</summary>
internal static class UriEscapes
{
    private const string Reserved = ";/?:@&=+$,";

    /// <summary>Octets that are no UTF-8 read as U+FFFD; the raw text, not this, goes back to the wire.</summary>
    public static string Decode(string raw)
    {
        if (!raw.Contains('%', StringComparison.Ordinal)) return raw;

        var octets = new ArrayBufferWriter<byte>(raw.Length);
        for (var i = 0; i < raw.Length; i++)
        {
            if (raw[i] == '%' && IsEscape(raw, i))
            {
                octets.Write([OctetAt(raw, i)]);
                i += 2;
            }
            else
            {
                Encoding.UTF8.GetBytes(raw.AsSpan(i, 1), octets);
            }
        }

        return Encoding.UTF8.GetString(octets.WrittenSpan);
    }

    public static string Encode(string text, SearchValues<byte> unescaped)
    {
        var octets = Encoding.UTF8.GetBytes(text);
        if (!octets.AsSpan().ContainsAnyExcept(unescaped)) return text;

        var raw = new StringBuilder(octets.Length + 8);
        foreach (var octet in octets)
        {
            if (unescaped.Contains(octet)) raw.Append((char)octet);
            else raw.Append('%').Append(octet.ToString("X2"));
        }

        return raw.ToString();
    }

    /// <summary>RFC 3261 §19.1.4: an escaped character equals the character itself, unless it is of the reserved set.</summary>
    public static string Canonical(string raw)
    {
        if (!raw.Contains('%', StringComparison.Ordinal)) return raw;

        var text = new StringBuilder(raw.Length);
        for (var i = 0; i < raw.Length; i++)
        {
            if (raw[i] != '%' || !IsEscape(raw, i))
            {
                text.Append(raw[i]);
                continue;
            }

            var octet = OctetAt(raw, i);
            i += 2;
            var isReserved = octet is <= 0x20 or >= 0x7f or (byte)'%' || Reserved.Contains((char)octet, StringComparison.Ordinal);
            if (!isReserved) text.Append((char)octet);
            else text.Append('%').Append(octet.ToString("X2"));
        }

        return text.ToString();
    }

    private static bool IsEscape(string raw, int at) =>
        at + 2 < raw.Length && char.IsAsciiHexDigit(raw[at + 1]) && char.IsAsciiHexDigit(raw[at + 2]);

    private static byte OctetAt(string raw, int at) => Convert.FromHexString(raw.AsSpan(at + 1, 2))[0];
}
