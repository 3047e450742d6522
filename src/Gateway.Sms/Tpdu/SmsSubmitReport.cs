namespace Gateway.Sms;

/// <summary>
/// SMS-SUBMIT-REPORT, service centre to handset: TS 23.040 §9.2.2.2a. The RP message that carries it tells which form it has: TP-FCS is
/// there in an RP-ERROR and is not in an RP-ACK. The time stamp is what a later SMS-STATUS-REPORT has to repeat octet for octet.
/// </summary>
public readonly record struct SmsSubmitReport : ITpdu
{
    private const int MessageTypeIndicator = 1;
    private const int MaxUserData = 152;

    /// <summary>TP-FCS; null is the form for RP-ACK.</summary>
    public TpFailureCause? FailureCause { get; init; }
    public TpParameterIndicator ParameterIndicator { get; init; }
    public TpServiceCentreTimeStamp ServiceCentreTimeStamp { get; init; }
    public TpProtocolIdentifier? ProtocolIdentifier { get; init; }
    public TpDataCodingScheme? DataCodingScheme { get; init; }
    public TpUserData? UserData { get; init; }

    /// <param name="tpdu">The octets from TP-MTI on.</param>
    /// <param name="carriedBy"><see cref="RpKind.Ack"/> or <see cref="RpKind.Error"/>.</param>
    /// <param name="report">What they say.</param>
    /// <param name="error">Why not.</param>
    public static bool TryDecode(ReadOnlyMemory<byte> tpdu, RpKind carriedBy, out SmsSubmitReport report, out PduError error)
    {
        var reader = new PduReader(tpdu);
        var first = reader.Octet("TP-MTI");
        TpMessageTypes.Expect(ref reader, first, MessageTypeIndicator);
        TpFailureCause? cause = carriedBy == RpKind.Error ? (TpFailureCause)reader.Octet("TP-FCS") : null;
        var maxUserData = cause is null ? MaxUserData : MaxUserData - 1;
        var indicator = TpParameterIndicator.Read(ref reader);
        var timeStamp = TpServiceCentreTimeStamp.Read(ref reader, "TP-SCTS");
        indicator.ReadAnnounced(ref reader, (first & 0x40) != 0, maxUserData, out var protocolIdentifier, out var coding, out var userData);
        report = new SmsSubmitReport
        {
            FailureCause = cause,
            ParameterIndicator = indicator,
            ServiceCentreTimeStamp = timeStamp,
            ProtocolIdentifier = protocolIdentifier,
            DataCodingScheme = coding,
            UserData = userData,
        };
        return reader.Finished(out error);
    }

    public int Encode(Span<byte> destination)
    {
        var writer = new PduWriter(destination);
        writer.Octet((byte)(MessageTypeIndicator | (UserData is { HasHeader: true } ? 0x40 : 0)));
        if (FailureCause is { } cause) writer.Octet((byte)cause);
        writer.Octet(ParameterIndicator.Announcing(ProtocolIdentifier, DataCodingScheme, UserData));
        ServiceCentreTimeStamp.Write(ref writer);
        TpParameterIndicator.WriteAnnounced(ref writer, ProtocolIdentifier, DataCodingScheme, UserData);
        return writer.Written;
    }

    public byte[] Encode() => Tpdu.ToArray(this);
}
