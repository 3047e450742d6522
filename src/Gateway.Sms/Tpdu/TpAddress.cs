namespace Gateway.Sms;

/// <summary>Type of number (TS 23.040 §9.1.2.5, TS 24.011 §8.2.5.1).</summary>
public enum TypeOfNumber : byte
{
    Unknown = 0, International = 1, National = 2, NetworkSpecific = 3, Subscriber = 4, Alphanumeric = 5, Abbreviated = 6, Reserved = 7,
}

/// <summary>Numbering plan identification (TS 23.040 §9.1.2.5).</summary>
public enum NumberingPlan : byte
{
    Unknown = 0, E164 = 1, X121 = 3, Telex = 4, ServiceCentreSpecific5 = 5, ServiceCentreSpecific6 = 6, National = 8, Private = 9,
    Ermes = 10, Reserved = 15,
}

/// <summary>
/// TP-OA, TP-DA, TP-RA: TS 23.040 §9.1.2.5. The length octet counts useful semi-octets (at most 20), the type octet is kept as it came.
/// International digits carry no plus sign. Lenient: a filler counted as last digit is not read as one, and the eighth septet that encoders
/// counting whole octets leave behind a seven-character name is not read as <c>@</c>. Strict: a filler between digits is an error, since
/// the number would be another one.
/// </summary>
public readonly record struct TpAddress
{
    private const byte Extension = 0x80;
    private const int MaxNameSeptets = 11;
    /// <summary>Shorter numbers are short codes, which have no international form.</summary>
    private const int ShortestInternational = 7;

    private readonly SemiOctets _value;

    private TpAddress(byte typeOfAddress, SemiOctets value)
    {
        TypeOfAddress = typeOfAddress;
        _value = value;
    }

    /// <summary>The whole octet: extension bit, type of number, numbering plan. 0 in an address that was never set.</summary>
    public byte TypeOfAddress { get; }
    public TypeOfNumber TypeOfNumber => (TypeOfNumber)(TypeOfAddress >> 4 & 7);
    public NumberingPlan NumberingPlan => (NumberingPlan)(TypeOfAddress & 0xF);
    public bool IsAlphanumeric => TypeOfNumber == TypeOfNumber.Alphanumeric;
    /// <summary>Useful semi-octets, as in the length octet.</summary>
    public int Length => _value.Count;
    public bool IsEmpty => _value.Count == 0;

    /// <summary>The digits (0-9 * # a b c, no plus sign); empty if the address is alphanumeric.</summary>
    public string Digits => IsAlphanumeric ? "" : _value.WithoutLastFiller().ToString();

    /// <summary>The name; empty if the address is a number.</summary>
    public string Name => IsAlphanumeric ? DecodeName() : "";

    /// <summary>Length octet, type octet, value: 2 to 12 octets.</summary>
    public int EncodedLength => 2 + _value.OctetCount;

    /// <summary>As a person writes it: with a plus sign if international, or the name.</summary>
    public override string ToString() =>
        IsAlphanumeric ? DecodeName() : TypeOfNumber == TypeOfNumber.International ? "+" + Digits : Digits;

    /// <summary>E.164 digits, with or without a plus sign.</summary>
    /// <exception cref="ArgumentException">There are other characters, or more than twenty digits.</exception>
    public static TpAddress International(string digits) => Number(digits.AsSpan().TrimStart('+'), TypeOfNumber.International);

    /// <exception cref="ArgumentException">There are characters other than 0-9 * # a b c, or more than twenty.</exception>
    public static TpAddress Number(ReadOnlySpan<char> digits, TypeOfNumber typeOfNumber, NumberingPlan numberingPlan = NumberingPlan.E164)
    {
        if (typeOfNumber == TypeOfNumber.Alphanumeric || !SemiOctets.TryParse(digits, out var value))
            throw new ArgumentException($"'{digits}' is not an address of type {typeOfNumber}.", nameof(digits));
        return new TpAddress((byte)(Extension | (byte)typeOfNumber << 4 | (byte)numberingPlan), value);
    }

    /// <summary>False if the name is empty, takes more than eleven septets, or has characters the GSM default alphabet lacks.</summary>
    public static bool TryAlphanumeric(ReadOnlySpan<char> name, out TpAddress address)
    {
        address = default;
        var count = Gsm7Alphabet.Default.Count(name);
        if (count is < 1 or > MaxNameSeptets) return false;
        Span<byte> septets = stackalloc byte[MaxNameSeptets];
        Gsm7Alphabet.Default.Encode(name, septets);
        Span<byte> octets = stackalloc byte[Septets.OctetCount(MaxNameSeptets)];
        octets.Clear();
        Septets.Pack(septets[..count], octets);
        // Ceiling of 7 bits a character in units of 4 bits: TS 23.040 §9.1.2.5 has no other length for a name.
        address = new TpAddress(Extension | (byte)TypeOfNumber.Alphanumeric << 4, SemiOctets.FromOctets(octets, (count * 7 + 3) / 4));
        return true;
    }

    /// <summary>
    /// What a customer calls the sender: <c>+49…</c> or a number of seven digits and more that does not begin with 0 is international,
    /// other digits are a short code or a number as dialled (type unknown), anything else is a name.
    /// </summary>
    /// <returns>False if it is neither a number of at most twenty digits nor a name of at most eleven septets.</returns>
    public static bool TryFromOriginator(ReadOnlySpan<char> originator, out TpAddress address)
    {
        address = default;
        var digits = originator.TrimStart('+');
        if (digits.IsEmpty || digits.ContainsAnyExceptInRange('0', '9')) return TryAlphanumeric(originator, out address);
        if (digits.Length > SemiOctets.MaxCount) return false;
        var international = digits.Length < originator.Length || (digits.Length >= ShortestInternational && digits[0] != '0');
        address = Number(digits, international ? TypeOfNumber.International : TypeOfNumber.Unknown);
        return true;
    }

    /// <summary><see cref="TryFromOriginator"/> for what has been validated before.</summary>
    /// <exception cref="ArgumentException">It is neither a number nor a name that fits.</exception>
    public static TpAddress FromOriginator(string originator) =>
        TryFromOriginator(originator, out var address)
            ? address : throw new ArgumentException($"'{originator}' fits no address.", nameof(originator));

    /// <summary>The whole field from its length octet on; what follows it is ignored.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> octets, out TpAddress address, out PduError error)
    {
        var reader = new PduReader(octets);
        address = Read(ref reader, "TP-Address");
        return reader.Finished(out error);
    }

    public byte[] Encode()
    {
        var octets = new byte[EncodedLength];
        var writer = new PduWriter(octets);
        Write(ref writer);
        return octets;
    }

    internal static TpAddress Read(ref PduReader reader, string field)
    {
        var start = reader.Offset;
        var length = reader.Octet(field);
        if (length > SemiOctets.MaxCount) reader.Fail(PduFault.LengthOutOfRange, field, start);
        var typeOfAddress = reader.Octet(field);
        var value = SemiOctets.FromOctets(reader.Span((length + 1) / 2, field), length);
        var address = new TpAddress(typeOfAddress, value);
        if (reader.Failed || address.IsAlphanumeric) return address;
        if (value.IndexOfInnerFiller() is >= 0 and var inner) reader.Fail(PduFault.NotBcd, field, start + 2 + inner / 2);
        return address;
    }

    internal void Write(ref PduWriter writer)
    {
        writer.Octet((byte)Length);
        writer.Octet(TypeOfAddress == 0 ? Extension : TypeOfAddress);
        _value.CopyTo(writer.Take(_value.OctetCount));
    }

    private string DecodeName()
    {
        Span<byte> octets = stackalloc byte[10];
        _value.CopyTo(octets);
        Span<byte> septets = stackalloc byte[MaxNameSeptets];
        var count = Length * 4 / 7;
        Septets.Unpack(octets, septets[..count]);
        if (Length == 14 && septets[count - 1] == 0) count--;
        Span<char> name = stackalloc char[MaxNameSeptets];
        return new string(name[..Gsm7Alphabet.Default.Decode(septets[..count], name)]);
    }
}
