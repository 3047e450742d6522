namespace Gateway.Sms;

/// <summary>
/// SMS-SUBMIT, handset to service centre: TS 23.040 §9.2.2.2. Octets after TP-UD are ignored.
/// </summary>
public readonly record struct SmsSubmit : ITpdu
{
    private const int MessageTypeIndicator = 1;

    /// <summary>TP-RD: the handset wants a repeat of a message still known to be refused.</summary>
    public bool RejectDuplicates { get; init; }
    /// <summary>TP-SRR.</summary>
    public bool StatusReportRequest { get; init; }
    /// <summary>TP-RP.</summary>
    public bool ReplyPath { get; init; }
    /// <summary>TP-MR, the handset's counter.</summary>
    public byte MessageReference { get; init; }
    public TpAddress DestinationAddress { get; init; }
    public TpProtocolIdentifier ProtocolIdentifier { get; init; }
    public TpDataCodingScheme DataCodingScheme => UserData.DataCodingScheme;
    /// <summary>TP-VP; its format is TP-VPF.</summary>
    public TpValidityPeriod ValidityPeriod { get; init; }
    public TpUserData UserData { get; init; }

    public static bool TryDecode(ReadOnlyMemory<byte> tpdu, out SmsSubmit submit, out PduError error)
    {
        var reader = new PduReader(tpdu);
        var first = reader.Octet("TP-MTI");
        TpMessageTypes.Expect(ref reader, first, MessageTypeIndicator);
        var reference = reader.Octet("TP-MR");
        var destination = TpAddress.Read(ref reader, "TP-DA");
        var protocolIdentifier = new TpProtocolIdentifier(reader.Octet("TP-PID"));
        var coding = new TpDataCodingScheme(reader.Octet("TP-DCS"));
        var validityPeriod = TpValidityPeriod.Read(ref reader, (TpValidityPeriodFormat)(first >> 3 & 3), "TP-VP");
        submit = new SmsSubmit
        {
            RejectDuplicates = (first & 0x04) != 0,
            StatusReportRequest = (first & 0x20) != 0,
            ReplyPath = (first & 0x80) != 0,
            MessageReference = reference,
            DestinationAddress = destination,
            ProtocolIdentifier = protocolIdentifier,
            ValidityPeriod = validityPeriod,
            UserData = TpUserData.Read(ref reader, (first & 0x40) != 0, coding),
        };
        return reader.Finished(out error);
    }

    public int Encode(Span<byte> destination)
    {
        var writer = new PduWriter(destination);
        writer.Octet((byte)(MessageTypeIndicator |
            (RejectDuplicates    ? 0x04 : 0) |
            (int)ValidityPeriod.Format << 3  |
            (StatusReportRequest ? 0x20 : 0) |
            (UserData.HasHeader  ? 0x40 : 0) |
            (ReplyPath           ? 0x80 : 0)));
        writer.Octet(MessageReference);
        DestinationAddress.Write(ref writer);
        writer.Octet(ProtocolIdentifier.Value);
        writer.Octet(DataCodingScheme.Value);
        ValidityPeriod.Write(ref writer);
        UserData.Write(ref writer);
        return writer.Written;
    }

    public byte[] Encode() => Tpdu.ToArray(this);
}
