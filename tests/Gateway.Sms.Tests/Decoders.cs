namespace Gateway.Sms.Tests;

/// <summary>The decoder that belongs to a vector's layer, all the way in: an RP message with the TPDU inside it.</summary>
internal static class Decoders
{
    public static bool TryDecode(Vector vector, out PduError error) => TryDecode(vector.Layer, vector.Octets, vector.CarriedBy, out error);

    public static bool TryDecode(string layer, ReadOnlyMemory<byte> octets, RpKind carriedBy, out PduError error) => layer switch
    {
        "rp"                  => TryRp(octets, out error),
        "tpdu-deliver"        => TryTpdu(TpMessageType.SmsDeliver, octets, carriedBy, out error),
        "tpdu-submit"         => TryTpdu(TpMessageType.SmsSubmit, octets, carriedBy, out error),
        "tpdu-status-report"  => TryTpdu(TpMessageType.SmsStatusReport, octets, carriedBy, out error),
        "tpdu-submit-report"  => TryTpdu(TpMessageType.SmsSubmitReport, octets, carriedBy, out error),
        "tpdu-deliver-report" => TryTpdu(TpMessageType.SmsDeliverReport, octets, carriedBy, out error),
        _                     => throw new ArgumentException(layer),
    };

    private static bool TryRp(ReadOnlyMemory<byte> body, out PduError error)
    {
        if (!RpPdu.TryDecode(body, out var pdu, out error)) return false;
        if (pdu.UserData.IsEmpty) return pdu.Kind != RpKind.Data;
        return TpMessageTypes.TryIdentify(pdu.UserData.Span, pdu.Direction, pdu.Kind, out var type, out error)
            && TryTpdu(type, pdu.UserData, pdu.Kind, out error);
    }

    private static bool TryTpdu(TpMessageType type, ReadOnlyMemory<byte> octets, RpKind carriedBy, out PduError error)
    {
        switch (type)
        {
            case TpMessageType.SmsDeliver: return SmsDeliver.TryDecode(octets, out var deliver, out error) && Read(deliver.UserData);
            case TpMessageType.SmsSubmit: return SmsSubmit.TryDecode(octets, out var submit, out error) && Read(submit.UserData);
            case TpMessageType.SmsStatusReport: return SmsStatusReport.TryDecode(octets, out var status, out error) && Read(status.UserData);
            case TpMessageType.SmsCommand: return SmsCommand.TryDecode(octets, out _, out error);
            case TpMessageType.SmsDeliverReport: return SmsDeliverReport.TryDecode(octets, carriedBy, out var deliverReport, out error) && Read(deliverReport.UserData);
            default: return SmsSubmitReport.TryDecode(octets, carriedBy, out var submitReport, out error) && Read(submitReport.UserData);
        }
    }

    /// <summary>Whatever decodes can also be read.</summary>
    private static bool Read(TpUserData? userData) =>
        userData is not { } data || data.Text.Length + data.Data.Length + data.Header.SpecialSms.Count() >= 0;
}
