namespace Gateway.Sms;

/// <summary>
/// SMS-DELIVER-REPORT, handset to service centre: TS 23.040 §9.2.2.1a. The RP message that carries it tells which form it has: TP-FCS is
/// there in an RP-ERROR and is not in an RP-ACK.
/// </summary>
public readonly record struct SmsDeliverReport : ITpdu
{
    private const int MaxUserData = 159;

    /// <summary>TP-FCS; null is the form for RP-ACK.</summary>
    public TpFailureCause? FailureCause { get; init; }
    public TpParameterIndicator ParameterIndicator { get; init; }
    public TpProtocolIdentifier? ProtocolIdentifier { get; init; }
    public TpDataCodingScheme? DataCodingScheme { get; init; }
    public TpUserData? UserData { get; init; }

    /// <param name="tpdu">The octets from TP-MTI on.</param>
    /// <param name="carriedBy"><see cref="RpKind.Ack"/> or <see cref="RpKind.Error"/>.</param>
    /// <param name="report">What they say.</param>
    /// <param name="error">Why not.</param>
    public static bool TryDecode(ReadOnlyMemory<byte> tpdu, RpKind carriedBy, out SmsDeliverReport report, out PduError error)
    {
        var reader = new PduReader(tpdu);
        var first = reader.Octet("TP-MTI");
        TpMessageTypes.Expect(ref reader, first, 0);
        TpFailureCause? cause = carriedBy == RpKind.Error ? (TpFailureCause)reader.Octet("TP-FCS") : null;
        var maxUserData = cause is null ? MaxUserData : MaxUserData - 1;
        var indicator = TpParameterIndicator.Read(ref reader);
        indicator.ReadAnnounced(ref reader, (first & 0x40) != 0, maxUserData, out var protocolIdentifier, out var coding, out var userData);
        report = new SmsDeliverReport
        {
            FailureCause = cause,
            ParameterIndicator = indicator,
            ProtocolIdentifier = protocolIdentifier,
            DataCodingScheme = coding,
            UserData = userData,
        };
        return reader.Finished(out error);
    }

    public int Encode(Span<byte> destination)
    {
        var writer = new PduWriter(destination);
        writer.Octet((byte)(UserData is { HasHeader: true } ? 0x40 : 0));
        if (FailureCause is { } cause) writer.Octet((byte)cause);
        writer.Octet(ParameterIndicator.Announcing(ProtocolIdentifier, DataCodingScheme, UserData));
        TpParameterIndicator.WriteAnnounced(ref writer, ProtocolIdentifier, DataCodingScheme, UserData);
        return writer.Written;
    }

    public byte[] Encode() => Tpdu.ToArray(this);
}
