namespace Gateway.Sms;

/// <summary>
/// RP-Originator Address, RP-Destination Address: TS 24.011 §8.2.5.1, 8.2.5.2. The length octet counts octets, type of number included (at
/// most 11); a filler ends an odd number of digits. Length 0 stands for no address: <see cref="IsEmpty"/>.
/// </summary>
public readonly record struct RpAddress
{
    private const byte Extension = 0x80;
    private const int MaxLength = 11;

    private readonly SemiOctets _value;

    private RpAddress(byte typeOfAddress, SemiOctets value)
    {
        TypeOfAddress = typeOfAddress;
        _value = value;
    }

    /// <summary>The whole octet: extension bit, type of number, numbering plan. 0 if there is no address.</summary>
    public byte TypeOfAddress { get; }
    public TypeOfNumber TypeOfNumber => (TypeOfNumber)(TypeOfAddress >> 4 & 7);
    public NumberingPlan NumberingPlan => (NumberingPlan)(TypeOfAddress & 0xF);
    public bool IsEmpty => TypeOfAddress == 0 && _value.Count == 0;
    /// <summary>0-9 * # a b c, no plus sign.</summary>
    public string Digits => _value.ToString();
    /// <summary>The length octet and what it counts: 1 to 12 octets.</summary>
    public int EncodedLength => IsEmpty ? 1 : 2 + _value.OctetCount;

    public override string ToString() => TypeOfNumber == TypeOfNumber.International ? "+" + Digits : Digits;

    /// <summary>E.164 digits, with or without a plus sign.</summary>
    /// <exception cref="ArgumentException">There are other characters, or more than twenty digits.</exception>
    public static RpAddress International(string digits) => Number(digits.AsSpan().TrimStart('+'), TypeOfNumber.International);

    /// <exception cref="ArgumentException">There are characters other than 0-9 * # a b c, or more than twenty.</exception>
    public static RpAddress Number(ReadOnlySpan<char> digits, TypeOfNumber typeOfNumber, NumberingPlan numberingPlan = NumberingPlan.E164)
    {
        if (!SemiOctets.TryParse(digits, out var value)) throw new ArgumentException($"'{digits}' is not an address.", nameof(digits));
        return new RpAddress((byte)(Extension | (byte)typeOfNumber << 4 | (byte)numberingPlan), value);
    }

    internal static RpAddress Read(ref PduReader reader, string field)
    {
        var start = reader.Offset;
        var length = reader.Octet(field);
        if (length == 0) return default;
        if (length > MaxLength) reader.Fail(PduFault.LengthOutOfRange, field, start);
        var typeOfAddress = reader.Octet(field);
        var octets = reader.Span(length - 1, field);
        var value = SemiOctets.FromOctets(octets, 2 * octets.Length);
        if (value.IndexOfInnerFiller() is >= 0 and var inner) reader.Fail(PduFault.NotBcd, field, start + 2 + inner / 2);
        return new RpAddress(typeOfAddress, value.WithoutLastFiller());
    }

    internal void Write(ref PduWriter writer)
    {
        if (IsEmpty)
        {
            writer.Octet(0);
            return;
        }
        writer.Octet((byte)(1 + _value.OctetCount));
        writer.Octet(TypeOfAddress);
        _value.CopyTo(writer.Take(_value.OctetCount));
    }
}
