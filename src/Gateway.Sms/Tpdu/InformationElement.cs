namespace Gateway.Sms;

/// <summary>
/// One element of a user data header (TS 23.040 §9.2.3.24). Every identifier is kept, the known ones are typed by
/// <see cref="UserDataHeader"/>. Note that the table of identifiers is hexadecimal.
/// </summary>
/// <param name="Identifier">IEI.</param>
/// <param name="Data">IED, up to 137 octets.</param>
public readonly record struct InformationElement(byte Identifier, ReadOnlyMemory<byte> Data)
{
    public const byte Concatenation8 = 0x00;
    public const byte SpecialSms = 0x01;
    public const byte Ports8 = 0x04;
    public const byte Ports16 = 0x05;
    public const byte ServiceCentreControl = 0x06;
    public const byte HeaderSource = 0x07;
    public const byte Concatenation16 = 0x08;
    public const byte EmailHeader = 0x20;
    public const byte ReplyAddress = 0x22;
    public const byte NationalSingleShift = 0x24;
    public const byte NationalLockingShift = 0x25;

    public bool Equals(InformationElement other) => Identifier == other.Identifier && Data.Span.SequenceEqual(other.Data.Span);

    public override int GetHashCode() => HashCode.Combine(Identifier, Data.Length);
}
