namespace Gateway.Sms;

/// <summary>The six TPDUs of TS 23.040 §9.2.2.</summary>
public enum TpMessageType : byte { SmsDeliver, SmsDeliverReport, SmsSubmit, SmsSubmitReport, SmsStatusReport, SmsCommand }

/// <summary>TP-MTI, TS 23.040 §9.2.3.1.</summary>
public static class TpMessageTypes
{
    private const string Field = "TP-MTI";

    /// <summary>
    /// Which TPDU the octets are. TP-MTI alone is ambiguous: direction and RP message decide, so that 00 from a handset inside RP-ACK or
    /// RP-ERROR is an SMS-DELIVER-REPORT, and the same inside its RP-DATA is an error.
    /// </summary>
    public static bool TryIdentify(
        ReadOnlySpan<byte> tpdu, RpDirection direction, RpKind carriedBy, out TpMessageType type, out PduError error)
    {
        type = default;
        error = default;
        if (tpdu.IsEmpty)
        {
            error = new PduError(PduFault.Truncated, Field, 0);
            return false;
        }
        TpMessageType? found = (tpdu[0] & 3, direction, carriedBy) switch
        {
            (0, RpDirection.ToHandset,   RpKind.Data)                  => TpMessageType.SmsDeliver,
            (2, RpDirection.ToHandset,   RpKind.Data)                  => TpMessageType.SmsStatusReport,
            (1, RpDirection.FromHandset, RpKind.Data)                  => TpMessageType.SmsSubmit,
            (2, RpDirection.FromHandset, RpKind.Data)                  => TpMessageType.SmsCommand,
            (0, RpDirection.FromHandset, RpKind.Ack or RpKind.Error)   => TpMessageType.SmsDeliverReport,
            (1, RpDirection.ToHandset,   RpKind.Ack or RpKind.Error)   => TpMessageType.SmsSubmitReport,
            _                                                          => null,
        };
        if (found is null) error = new PduError(PduFault.WrongMessageType, Field, 0);
        type = found.GetValueOrDefault();
        return found is not null;
    }

    internal static void Expect(ref PduReader reader, byte firstOctet, int messageTypeIndicator)
    {
        if ((firstOctet & 3) != messageTypeIndicator) reader.Fail(PduFault.WrongMessageType, Field, 0);
    }
}
