namespace Gateway.Sms;

/// <summary>
/// TP-UD with its TP-UDL and the TP-DCS that says how to read it: TS 23.040 §9.2.3.24, 9.2.3.16. The coding is kept here so that octets and
/// coding cannot disagree. TP-UDL counts septets, header and fill bits included, for uncompressed GSM 7-bit; else octets. Nothing is
/// stripped from a text: only TP-UDL says where it ends.
/// </summary>
public readonly record struct TpUserData
{
    /// <summary>The longest user data there is: that of an SMS-DELIVER-REPORT in an RP-ACK.</summary>
    private const int MaxReportOctets = 159;
    /// <summary>Septets, and so characters, that fit it.</summary>
    private const int MaxCharacters = MaxReportOctets * 8 / 7;

    private TpUserData(ReadOnlyMemory<byte> octets, byte length, bool hasHeader, TpDataCodingScheme dataCodingScheme)
    {
        Octets = octets;
        Length = length;
        HasHeader = hasHeader;
        DataCodingScheme = dataCodingScheme;
    }

    /// <summary>The whole TP-UD, header included.</summary>
    public ReadOnlyMemory<byte> Octets { get; }
    /// <summary>TP-UDL.</summary>
    public byte Length { get; }
    /// <summary>TP-UDHI: the octets begin with a header.</summary>
    public bool HasHeader { get; }
    public TpDataCodingScheme DataCodingScheme { get; }

    public UserDataHeader Header => HasHeader && UserDataHeader.TryDecodePrefix(Octets, out var header, out _) ? header : default;

    /// <summary>Bits between header and text, 0 to 6, that put the text on a septet boundary; 0 unless GSM 7-bit behind a header.</summary>
    public int FillBits => CountsSeptets ? HeaderSeptets * 7 - HeaderOctets * 8 : 0;

    /// <summary>The octets behind the header, for user data that is no text.</summary>
    public ReadOnlyMemory<byte> Data => Octets[HeaderOctets..];

    /// <summary>The text, or "" if the coding is 8-bit or compressed. Surrogates without their other half read as U+FFFD.</summary>
    public string Text
    {
        get
        {
            Span<char> text = stackalloc char[MaxCharacters];
            text = text[..DecodeText(text)];
            if (DataCodingScheme.Alphabet == TpAlphabet.Ucs2) Ucs2.ReplaceLoneSurrogates(text);
            return new string(text);
        }
    }

    private bool CountsSeptets => DataCodingScheme is { Alphabet: TpAlphabet.Gsm7, IsCompressed: false };
    private int HeaderOctets => HasHeader ? 1 + Octets.Span[0] : 0;
    private int HeaderSeptets => (HeaderOctets * 8 + 6) / 7;

    /// <summary>Octets as they are, for 8-bit, UCS2 and compressed codings, with an optional header before them.</summary>
    /// <exception cref="ArgumentException">The coding counts septets, or header and data are longer than 140 octets.</exception>
    public static TpUserData FromData(ReadOnlySpan<byte> data, TpDataCodingScheme dataCodingScheme, UserDataHeader? header = null)
    {
        var prefix = header is { } there ? 1 + there.Length : 0;
        if (dataCodingScheme is { Alphabet: TpAlphabet.Gsm7, IsCompressed: false })
            throw new ArgumentException("Septets are not octets.", nameof(dataCodingScheme));
        if (prefix + data.Length > Tpdu.MaxUserData) throw new ArgumentException("The data do not fit.", nameof(data));
        var octets = new byte[prefix + data.Length];
        if (header is { } written) WriteHeader(written, octets);
        data.CopyTo(octets.AsSpan(prefix));
        return new TpUserData(octets, (byte)octets.Length, header is not null, dataCodingScheme);
    }

    /// <summary>
    /// A text that fits one part, in the alphabet of the coding (and of the header's national language tables). False if it does not fit
    /// 140 octets, has a character that is not in the alphabet, or the coding is not for text.
    /// </summary>
    public static bool TryFromText(
        ReadOnlySpan<char> text, TpDataCodingScheme dataCodingScheme, out TpUserData userData, UserDataHeader? header = null)
    {
        var octets = new byte[Tpdu.MaxUserData];
        if (!TryFromText(text, dataCodingScheme, header, octets, out userData)) return false;
        userData = new TpUserData(userData.Octets.ToArray(), userData.Length, userData.HasHeader, userData.DataCodingScheme);
        return true;
    }

    /// <summary>The same into a buffer of the caller's, which must stay untouched as long as the user data are used.</summary>
    public static bool TryFromText(
        ReadOnlySpan<char> text, TpDataCodingScheme dataCodingScheme, UserDataHeader? header, Memory<byte> buffer, out TpUserData userData)
    {
        userData = default;
        if (!dataCodingScheme.IsText || text.Length > MaxCharacters || header is { Length: > UserDataHeader.MaxLength }) return false;
        Span<byte> prefix = stackalloc byte[1 + UserDataHeader.MaxLength];
        prefix = header is { } written ? prefix[..WriteHeader(written, prefix)] : default;
        var room = Math.Min(buffer.Length, Tpdu.MaxUserData);
        if (dataCodingScheme.Alphabet == TpAlphabet.Ucs2)
        {
            if (prefix.Length + 2 * text.Length > room) return false;
            userData = OfUcs2(text, dataCodingScheme, prefix, buffer);
            return true;
        }
        Span<byte> septets = stackalloc byte[MaxCharacters];
        var count = AlphabetOf(header).Encode(text, septets);
        if (count < 0 || OctetCount(prefix.Length, count) > room) return false;
        userData = OfSeptets(septets[..count], dataCodingScheme, prefix, buffer);
        return true;
    }

    /// <summary>Octets that a header of so many octets, its length octet included, and a text of so many septets take.</summary>
    internal static int OctetCount(int headerOctets, int septets) => Septets.OctetCount((headerOctets * 8 + 6) / 7 + septets);

    /// <summary>A text that has been found to fit, behind a header with its length octet, or nothing.</summary>
    internal static TpUserData OfSeptets(
        ReadOnlySpan<byte> septets, TpDataCodingScheme dataCodingScheme, ReadOnlySpan<byte> header, Memory<byte> buffer)
    {
        buffer = buffer[..OctetCount(header.Length, septets.Length)];
        var octets = buffer.Span;
        header.CopyTo(octets);
        octets[header.Length..].Clear();
        var headerSeptets = (header.Length * 8 + 6) / 7;
        Septets.Pack(septets, octets, headerSeptets * 7);
        return new TpUserData(buffer, (byte)(headerSeptets + septets.Length), !header.IsEmpty, dataCodingScheme);
    }

    internal static TpUserData OfUcs2(
        ReadOnlySpan<char> text, TpDataCodingScheme dataCodingScheme, ReadOnlySpan<byte> header, Memory<byte> buffer)
    {
        buffer = buffer[..(header.Length + 2 * text.Length)];
        header.CopyTo(buffer.Span);
        Ucs2.Encode(text, buffer.Span[header.Length..]);
        return new TpUserData(buffer, (byte)buffer.Length, !header.IsEmpty, dataCodingScheme);
    }

    /// <summary>User data whose octets have been put together elsewhere.</summary>
    internal static TpUserData OfOctets(byte[] octets, bool hasHeader, TpDataCodingScheme dataCodingScheme) =>
        new(octets, (byte)octets.Length, hasHeader, dataCodingScheme);

    /// <summary>
    /// User data kept elsewhere: the fields as they were on the wire. False if they do not fit together: too few or too many octets for the
    /// length, or a header that does not add up.
    /// </summary>
    public static bool TryFromOctets(
        ReadOnlyMemory<byte> octets, byte length, bool hasHeader, TpDataCodingScheme dataCodingScheme,
        out TpUserData userData, out PduError error)
    {
        var needed = dataCodingScheme is { Alphabet: TpAlphabet.Gsm7, IsCompressed: false } ? Septets.OctetCount(length) : length;
        var reader = new PduReader(octets);
        userData = ReadOctets(ref reader, length, needed, hasHeader, dataCodingScheme);
        if (octets.Length > needed) reader.Fail(PduFault.LengthOutOfRange, "TP-UD", needed);
        if (needed > MaxReportOctets) reader.Fail(PduFault.LengthOutOfRange, "TP-UDL", 0);
        return reader.Finished(out error);
    }

    public bool Equals(TpUserData other) =>
        (Length, HasHeader, DataCodingScheme) == (other.Length, other.HasHeader, other.DataCodingScheme) &&
        Octets.Span.SequenceEqual(other.Octets.Span);

    public override int GetHashCode() => HashCode.Combine(Length, HasHeader, DataCodingScheme, Octets.Length);

    /// <summary>TP-UDL and TP-UD, at most <paramref name="maxOctets"/> of the latter.</summary>
    internal static TpUserData Read(
        ref PduReader reader, bool hasHeader, TpDataCodingScheme dataCodingScheme, int maxOctets = Tpdu.MaxUserData)
    {
        var start = reader.Offset;
        var length = reader.Octet("TP-UDL");
        var needed = dataCodingScheme is { Alphabet: TpAlphabet.Gsm7, IsCompressed: false } ? Septets.OctetCount(length) : length;
        if (needed > maxOctets) reader.Fail(PduFault.LengthOutOfRange, "TP-UDL", start);
        return ReadOctets(ref reader, length, needed, hasHeader, dataCodingScheme);
    }

    internal void Write(ref PduWriter writer)
    {
        writer.Octet(Length);
        writer.Octets(Octets.Span);
    }

    /// <summary>Characters written; lone surrogates stay, since a pair may be torn between two parts.</summary>
    internal int DecodeText(Span<char> text)
    {
        if (!DataCodingScheme.IsText) return 0;
        if (DataCodingScheme.Alphabet == TpAlphabet.Ucs2) return Ucs2.Decode(Data.Span, text);
        var alphabet = HasHeader ? AlphabetOf(Header) : Gsm7Alphabet.Default;
        Span<byte> septets = stackalloc byte[MaxCharacters];
        septets = septets[..(Length - HeaderSeptets)];
        Septets.Unpack(Octets.Span, septets, HeaderSeptets * 7);
        return alphabet.Decode(septets, text);
    }

    private static TpUserData ReadOctets(ref PduReader reader, byte length, int needed, bool hasHeader, TpDataCodingScheme dataCodingScheme)
    {
        var start = reader.Offset;
        var octets = reader.Memory(needed, "TP-UD");
        if (reader.Failed) return default;
        var userData = new TpUserData(octets, length, hasHeader, dataCodingScheme);
        if (!hasHeader) return userData;
        if (!UserDataHeader.TryDecodePrefix(octets, out _, out var error)) reader.Fail(error.Fault, error.Field, start + error.Offset);
        // The header may end in the last septet's spare bits of the octets, but TP-UDL has to count it whole.
        else if (userData.CountsSeptets && userData.HeaderSeptets > length) reader.Fail(PduFault.BrokenHeader, "TP-UDHL", start);
        return userData;
    }

    private static Gsm7Alphabet AlphabetOf(UserDataHeader? header) =>
        header is { } there ? Gsm7Alphabet.Of(there.LockingShift ?? 0, there.SingleShift ?? 0) : Gsm7Alphabet.Default;

    private static int WriteHeader(UserDataHeader header, Span<byte> octets)
    {
        octets[0] = (byte)header.Length;
        header.Octets.Span.CopyTo(octets[1..]);
        return 1 + header.Length;
    }
}
