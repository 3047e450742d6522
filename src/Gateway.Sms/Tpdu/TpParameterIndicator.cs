namespace Gateway.Sms;

/// <summary>
/// TP-PI and the optional fields it announces, which end three kinds of report: TS 23.040 §9.2.3.27. Reserved bits are ignored, further
/// indicator octets (bit 7) skipped. User data without a coding are read as TP-DCS 00.
/// </summary>
/// <param name="Value">The octet as it came. When written, bits 0 to 2 follow from the fields that are there and bit 7 is 0.</param>
public readonly record struct TpParameterIndicator(byte Value)
{
    private const byte ProtocolIdentifierBit = 0x01;
    private const byte DataCodingSchemeBit = 0x02;
    private const byte UserDataBit = 0x04;
    private const byte ReservedBits = 0x78;
    private const byte ExtensionBit = 0x80;

    internal static TpParameterIndicator Read(ref PduReader reader)
    {
        var value = reader.Octet("TP-PI");
        for (var octet = value; (octet & ExtensionBit) != 0 && !reader.Failed;) octet = reader.Octet("TP-PI");
        return new TpParameterIndicator(value);
    }

    internal void ReadAnnounced(
        ref PduReader reader, bool hasHeader, int maxUserData,
        out TpProtocolIdentifier? protocolIdentifier, out TpDataCodingScheme? coding, out TpUserData? userData)
    {
        protocolIdentifier = (Value & ProtocolIdentifierBit) != 0 ? new(reader.Octet("TP-PID")) : null;
        coding = (Value & DataCodingSchemeBit) != 0 ? new(reader.Octet("TP-DCS")) : null;
        userData = (Value & UserDataBit) != 0 ? TpUserData.Read(ref reader, hasHeader, coding ?? default, maxUserData) : null;
    }

    internal static void WriteAnnounced(
        ref PduWriter writer, TpProtocolIdentifier? protocolIdentifier, TpDataCodingScheme? coding, TpUserData? userData)
    {
        if (protocolIdentifier is { } identifier) writer.Octet(identifier.Value);
        if (Coding(coding, userData) is { } scheme) writer.Octet(scheme.Value);
        userData?.Write(ref writer);
    }

    internal byte Announcing(TpProtocolIdentifier? protocolIdentifier, TpDataCodingScheme? coding, TpUserData? userData) => (byte)(
        (Value & ReservedBits) |
        (protocolIdentifier is null     ? 0 : ProtocolIdentifierBit) |
        (Coding(coding, userData) is null ? 0 : DataCodingSchemeBit) |
        (userData is null               ? 0 : UserDataBit));

    /// <summary>The coding of user data is theirs; it need not be written where it is the default that its absence means.</summary>
    private static TpDataCodingScheme? Coding(TpDataCodingScheme? coding, TpUserData? userData) =>
        userData is { } data && (coding is not null || data.DataCodingScheme != default) ? data.DataCodingScheme : coding;
}
