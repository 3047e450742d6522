namespace Gateway.Sms;

/// <summary>
/// SMS-STATUS-REPORT, service centre to handset: TS 23.040 §9.2.2.3. TP-MR, TP-RA and TP-SCTS repeat what the SMS-SUBMIT said and its
/// SMS-SUBMIT-REPORT answered. Everything after TP-ST is optional, TP-PI included.
/// </summary>
public readonly record struct SmsStatusReport : ITpdu
{
    private const int MessageTypeIndicator = 2;
    private const int MaxUserData = 143;

    /// <summary>TP-MMS. On the wire the bit is inverted: 0 says that more are waiting.</summary>
    public bool MoreMessagesToSend { get; init; }
    /// <summary>TP-LP.</summary>
    public bool LoopPrevention { get; init; }
    /// <summary>TP-SRQ: the report answers an SMS-COMMAND, not an SMS-SUBMIT.</summary>
    public bool AnswersCommand { get; init; }
    public byte MessageReference { get; init; }
    public TpAddress RecipientAddress { get; init; }
    public TpServiceCentreTimeStamp ServiceCentreTimeStamp { get; init; }
    /// <summary>TP-DT: when the outcome became known.</summary>
    public TpServiceCentreTimeStamp DischargeTime { get; init; }
    public TpStatus Status { get; init; }
    /// <summary>Null if the report ended with TP-ST.</summary>
    public TpParameterIndicator? ParameterIndicator { get; init; }
    public TpProtocolIdentifier? ProtocolIdentifier { get; init; }
    public TpDataCodingScheme? DataCodingScheme { get; init; }
    public TpUserData? UserData { get; init; }

    public static bool TryDecode(ReadOnlyMemory<byte> tpdu, out SmsStatusReport report, out PduError error)
    {
        var reader = new PduReader(tpdu);
        var first = reader.Octet("TP-MTI");
        TpMessageTypes.Expect(ref reader, first, MessageTypeIndicator);
        report = new SmsStatusReport
        {
            MoreMessagesToSend = (first & 0x04) == 0,
            LoopPrevention = (first & 0x08) != 0,
            AnswersCommand = (first & 0x20) != 0,
            MessageReference = reader.Octet("TP-MR"),
            RecipientAddress = TpAddress.Read(ref reader, "TP-RA"),
            ServiceCentreTimeStamp = TpServiceCentreTimeStamp.Read(ref reader, "TP-SCTS"),
            DischargeTime = TpServiceCentreTimeStamp.Read(ref reader, "TP-DT"),
            Status = new TpStatus(reader.Octet("TP-ST")),
        };
        if (reader.Remaining > 0 && !reader.Failed)
        {
            var indicator = TpParameterIndicator.Read(ref reader);
            indicator.ReadAnnounced(
                ref reader, (first & 0x40) != 0, MaxUserData, out var protocolIdentifier, out var coding, out var userData);
            report = report with
            {
                ParameterIndicator = indicator,
                ProtocolIdentifier = protocolIdentifier,
                DataCodingScheme = coding,
                UserData = userData,
            };
        }
        return reader.Finished(out error);
    }

    public int Encode(Span<byte> destination)
    {
        var writer = new PduWriter(destination);
        writer.Octet((byte)(MessageTypeIndicator |
            (MoreMessagesToSend               ? 0 : 0x04) |
            (LoopPrevention                   ? 0x08 : 0) |
            (AnswersCommand                   ? 0x20 : 0) |
            (UserData is { HasHeader: true }  ? 0x40 : 0)));
        writer.Octet(MessageReference);
        RecipientAddress.Write(ref writer);
        ServiceCentreTimeStamp.Write(ref writer);
        DischargeTime.Write(ref writer);
        writer.Octet(Status.Value);
        var announcing = (ParameterIndicator ?? default).Announcing(ProtocolIdentifier, DataCodingScheme, UserData);
        if (announcing == 0 && ParameterIndicator is null) return writer.Written;
        writer.Octet(announcing);
        TpParameterIndicator.WriteAnnounced(ref writer, ProtocolIdentifier, DataCodingScheme, UserData);
        return writer.Written;
    }

    public byte[] Encode() => Tpdu.ToArray(this);
}
