using System.Runtime.InteropServices;
using Gateway.Sms;

namespace Gateway.Diagnostics;

/// <summary>
/// An RP message or TPDU for people: a line per field with its octets, its name in the standards' spelling and what it says. Walks the
/// octets of a PDU that has been decoded before, so lengths can be believed.
/// </summary>
internal sealed class PduListing
{
    private const int ShownOctets = 16;

    private readonly ReadOnlyMemory<byte> _octets;
    private readonly TextWriter _output;
    private int _at;

    private PduListing(ReadOnlyMemory<byte> octets, int start, TextWriter output) => (_octets, _at, _output) = (octets, start, output);

    /// <summary>With escapes for what would break a line, or not be seen.</summary>
    public static string Visible(string text) =>
        text.Replace("\\", "\\\\").Replace("\r", "\\r").Replace("\n", "\\n").Replace("\f", "\\f").Replace("\0", "\\0");

    /// <summary>Offset of the TPDU inside an RP message.</summary>
    public static int UserDataOffset(ReadOnlyMemory<byte> body, in RpPdu pdu) =>
        MemoryMarshal.TryGetArray(body, out var whole) && MemoryMarshal.TryGetArray(pdu.UserData, out var inner)
            ? inner.Offset - whole.Offset : 0;

    public static bool TryWriteRp(ReadOnlyMemory<byte> body, TextWriter output, out PduError error)
    {
        // Both layers are decoded before a line is written: half a listing would be taken for a whole one.
        if (!SmsJson.TryRp(body, out _, out error) || !RpPdu.TryDecode(body, out var pdu, out error)) return false;
        new PduListing(body, 0, output).Rp(pdu);
        if (pdu.UserData.IsEmpty) return true;
        var start = UserDataOffset(body, pdu);
        return TpMessageTypes.TryIdentify(pdu.UserData.Span, pdu.Direction, pdu.Kind, out var type, out error)
            && new PduListing(body[..(start + pdu.UserData.Length)], start, output).TryTpdu(type, pdu.Kind, out error);
    }

    public static bool TryWriteTpdu(
        ReadOnlyMemory<byte> tpdu, TpMessageType type, RpKind carriedBy, TextWriter output, out PduError error) =>
        new PduListing(tpdu, 0, output).TryTpdu(type, carriedBy, out error);

    private void Rp(in RpPdu pdu)
    {
        var direction = pdu.Direction == RpDirection.FromHandset ? "mobile originated" : "mobile terminated";
        _output.WriteLine($"{SmsJson.RpName(pdu.Kind)}, {direction}");
        Field("RP-MTI", 1, $"{_octets.Span[0] & 7}");
        Field("RP-Message Reference", 1, $"{pdu.MessageReference}");
        if (pdu.Kind == RpKind.Data)
        {
            Field("RP-Originator Address", 1 + _octets.Span[_at], Address(pdu.Data.OriginatorAddress));
            Field("RP-Destination Address", 1 + _octets.Span[_at], Address(pdu.Data.DestinationAddress));
        }
        if (pdu.Kind == RpKind.Error)
        {
            var diagnostic = pdu.Error.Diagnostic is { } octet ? $", diagnostic {octet:X2}" : "";
            Field("RP-Cause", 1 + _octets.Span[_at], $"{(int)pdu.Error.Cause} {pdu.Error.Cause}{diagnostic}");
        }
        if (pdu.UserData.IsEmpty) return;
        _at = UserDataOffset(_octets, pdu) - (pdu.Kind == RpKind.Data ? 1 : 2);
        Field("RP-User Data", UserDataOffset(_octets, pdu) - _at, $"{pdu.UserData.Length} octets");
    }

    private bool TryTpdu(TpMessageType type, RpKind carriedBy, out PduError error)
    {
        var tpdu = _octets[_at..];
        switch (type)
        {
            case TpMessageType.SmsDeliver:
                if (SmsDeliver.TryDecode(tpdu, out var deliver, out error)) Deliver(deliver);
                break;
            case TpMessageType.SmsSubmit:
                if (SmsSubmit.TryDecode(tpdu, out var submit, out error)) Submit(submit);
                break;
            case TpMessageType.SmsStatusReport:
                if (SmsStatusReport.TryDecode(tpdu, out var statusReport, out error)) StatusReport(statusReport);
                break;
            case TpMessageType.SmsCommand:
                if (SmsCommand.TryDecode(tpdu, out var command, out error)) Command(command);
                break;
            case TpMessageType.SmsDeliverReport:
                if (SmsDeliverReport.TryDecode(tpdu, carriedBy, out var deliverReport, out error))
                    Report(type, deliverReport.FailureCause, null,
                        deliverReport.ProtocolIdentifier, deliverReport.DataCodingScheme, deliverReport.UserData);
                break;
            default:
                if (SmsSubmitReport.TryDecode(tpdu, carriedBy, out var submitReport, out error))
                    Report(type, submitReport.FailureCause, submitReport.ServiceCentreTimeStamp,
                        submitReport.ProtocolIdentifier, submitReport.DataCodingScheme, submitReport.UserData);
                break;
        }
        if (error.Fault != PduFault.None) return false;
        if (_at < _octets.Length) Field("(trailing, ignored)", _octets.Length - _at, $"{_octets.Length - _at} octets");
        return true;
    }

    private void Deliver(in SmsDeliver tpdu)
    {
        First(TpMessageType.SmsDeliver);
        Bit("TP-MMS", !tpdu.MoreMessagesToSend, "no more messages waiting", "more messages waiting");
        Bit("TP-LP", tpdu.LoopPrevention);
        Bit("TP-SRI", tpdu.StatusReportIndication);
        Bit("TP-UDHI", tpdu.UserData.HasHeader);
        Bit("TP-RP", tpdu.ReplyPath);
        Address("TP-OA", tpdu.OriginatingAddress);
        ProtocolIdentifier(tpdu.ProtocolIdentifier);
        Coding(tpdu.DataCodingScheme);
        Field("TP-SCTS", TpServiceCentreTimeStamp.EncodedLength, $"{tpdu.ServiceCentreTimeStamp}");
        UserData(tpdu.UserData);
    }

    private void Submit(in SmsSubmit tpdu)
    {
        First(TpMessageType.SmsSubmit);
        Bit("TP-RD", tpdu.RejectDuplicates);
        Detail("TP-VPF", $"{(int)tpdu.ValidityPeriod.Format} {tpdu.ValidityPeriod.Format}");
        Bit("TP-SRR", tpdu.StatusReportRequest);
        Bit("TP-UDHI", tpdu.UserData.HasHeader);
        Bit("TP-RP", tpdu.ReplyPath);
        Field("TP-MR", 1, $"{tpdu.MessageReference}");
        Address("TP-DA", tpdu.DestinationAddress);
        ProtocolIdentifier(tpdu.ProtocolIdentifier);
        Coding(tpdu.DataCodingScheme);
        if (tpdu.ValidityPeriod is { Format: not TpValidityPeriodFormat.None } period)
        {
            var duration = period.TryGetDuration(out var time) ? $"{time}" : "no period that can be read";
            var until = period.Format == TpValidityPeriodFormat.Absolute ? $"until {period.AbsoluteTime}" : duration;
            Field("TP-VP", period.EncodedLength, until);
        }
        UserData(tpdu.UserData);
    }

    private void StatusReport(in SmsStatusReport tpdu)
    {
        First(TpMessageType.SmsStatusReport);
        Bit("TP-MMS", !tpdu.MoreMessagesToSend, "no more messages waiting", "more messages waiting");
        Bit("TP-LP", tpdu.LoopPrevention);
        Bit("TP-SRQ", tpdu.AnswersCommand, "answers an SMS-COMMAND", "answers an SMS-SUBMIT");
        Bit("TP-UDHI", tpdu.UserData is { HasHeader: true });
        Field("TP-MR", 1, $"{tpdu.MessageReference}");
        Address("TP-RA", tpdu.RecipientAddress);
        Field("TP-SCTS", TpServiceCentreTimeStamp.EncodedLength, $"{tpdu.ServiceCentreTimeStamp}");
        Field("TP-DT", TpServiceCentreTimeStamp.EncodedLength, $"{tpdu.DischargeTime}");
        Field("TP-ST", 1, $"{tpdu.Status} {tpdu.Status.Group}");
        if (tpdu.ParameterIndicator is null) return;
        ParameterIndicator();
        Optional(tpdu.ProtocolIdentifier, tpdu.DataCodingScheme, tpdu.UserData);
    }

    private void Command(in SmsCommand tpdu)
    {
        First(TpMessageType.SmsCommand);
        Bit("TP-SRR", tpdu.StatusReportRequest);
        Bit("TP-UDHI", tpdu.HasHeader);
        Field("TP-MR", 1, $"{tpdu.MessageReference}");
        ProtocolIdentifier(tpdu.ProtocolIdentifier);
        Field("TP-CT", 1, $"{(int)tpdu.CommandType} {tpdu.CommandType}");
        Field("TP-MN", 1, $"{tpdu.MessageNumber}");
        Address("TP-DA", tpdu.DestinationAddress);
        Field("TP-CDL", 1, $"{tpdu.CommandData.Length} octets");
        if (tpdu.HasHeader) Header(tpdu.Header);
        var data = tpdu.CommandData.Length - (tpdu.HasHeader ? 1 + tpdu.Header.Length : 0);
        Field("TP-CD", data, $"{data} octets");
    }

    private void Report(
        TpMessageType type, TpFailureCause? cause, TpServiceCentreTimeStamp? timeStamp,
        TpProtocolIdentifier? protocolIdentifier, TpDataCodingScheme? coding, TpUserData? userData)
    {
        First(type);
        Bit("TP-UDHI", userData is { HasHeader: true });
        if (cause is { } value) Field("TP-FCS", 1, $"{(int)value:X2} {value}");
        ParameterIndicator();
        if (timeStamp is { } time) Field("TP-SCTS", TpServiceCentreTimeStamp.EncodedLength, $"{time}");
        Optional(protocolIdentifier, coding, userData);
    }

    private void ParameterIndicator()
    {
        var length = 1;
        while ((_octets.Span[_at + length - 1] & 0x80) != 0) length++;
        Field("TP-PI", length, $"{_octets.Span[_at]:X2}");
    }

    private void Optional(TpProtocolIdentifier? protocolIdentifier, TpDataCodingScheme? coding, TpUserData? userData)
    {
        if (protocolIdentifier is { } identifier) ProtocolIdentifier(identifier);
        if (coding is { } scheme) Coding(scheme);
        if (userData is { } data) UserData(data);
    }

    private void First(TpMessageType type)
    {
        _output.WriteLine(SmsJson.TpduName(type));
        Field("TP-MTI", 1, $"{_octets.Span[_at] & 3} {SmsJson.TpduName(type)}");
    }

    private void Address(string field, TpAddress address) =>
        Field(field, address.EncodedLength, $"{address} ({address.Length} semi-octets, {address.TypeOfNumber}, {address.NumberingPlan})");

    private static string Address(RpAddress address) =>
        address.IsEmpty ? "none" : $"{address} ({address.TypeOfNumber}, {address.NumberingPlan})";

    private void ProtocolIdentifier(TpProtocolIdentifier identifier) => Field("TP-PID", 1, $"{identifier} {identifier.Group}");

    private void Coding(TpDataCodingScheme coding)
    {
        var notes = new List<string> { SmsJson.AlphabetName(coding.Alphabet) };
        if (coding.MessageClass is { } messageClass) notes.Add($"class {messageClass}");
        if (coding.IsCompressed) notes.Add("compressed");
        if (coding.IsAutomaticDeletion) notes.Add("automatic deletion");
        if (coding.MessageWaiting is { } waiting)
            notes.Add($"{waiting.Kind} waiting {(waiting.Active ? "on" : "off")}, {(waiting.Store ? "store" : "discard")}");
        if (coding.IsReservedGroup || coding.IsReservedAlphabet) notes.Add("reserved, read as default alphabet");
        Field("TP-DCS", 1, $"{coding} {string.Join(", ", notes)}");
    }

    private void UserData(in TpUserData userData)
    {
        var coding = userData.DataCodingScheme;
        var septets = coding is { Alphabet: TpAlphabet.Gsm7, IsCompressed: false };
        Field("TP-UDL", 1, $"{userData.Length} {(septets ? "septets" : "octets")}");
        if (userData.HasHeader)
        {
            Header(userData.Header);
            if (septets) Detail("fill bits", $"{userData.FillBits}");
        }
        Field("TP-UD", userData.Data.Length, coding.IsText ? $"\"{Visible(userData.Text)}\"" : $"{userData.Data.Length} octets");
    }

    private void Header(UserDataHeader header)
    {
        Field("TP-UDHL", 1, $"{header.Length} octets");
        foreach (var element in header) Field($"IEI {element.Identifier:X2}", 2 + element.Data.Length, Meaning(element));
    }

    private static string Meaning(InformationElement element)
    {
        byte[] octets = [(byte)(2 + element.Data.Length), element.Identifier, (byte)element.Data.Length, .. element.Data.Span];
        if (!UserDataHeader.TryDecode(octets, out var alone, out _)) return "";
        if (alone.Concatenation is { } part)
            return $"concatenation, part {part.Sequence} of {part.Total}, reference {part.Reference} ({part.ReferenceBits} bits)";
        if (alone.Ports is { } ports) return $"ports, destination {ports.Destination}, source {ports.Source} ({ports.Bits} bits)";
        if (alone.SingleShift is { } single) return $"national single shift {single}";
        if (alone.LockingShift is { } locking) return $"national locking shift {locking}";
        if (alone.ReplyAddress is { } reply) return $"reply address {reply}";
        if (alone.ServiceCentreControl is { } control) return $"service centre control {control:X2}";
        if (alone.EmailHeaderLength is { } length) return $"e-mail header of {length}";
        foreach (var special in alone.SpecialSms)
            return $"special SMS, type {special.Type}, {special.Count} waiting, {(special.Store ? "store" : "discard")}";
        return $"{element.Data.Length} octets";
    }

    private void Bit(string field, bool value, string? whenSet = null, string? whenClear = null) =>
        Detail(field, $"{(value ? 1 : 0)} {(value ? whenSet : whenClear)}".TrimEnd());

    /// <summary>What takes no octet of its own stands under the one it is part of.</summary>
    private void Detail(string field, string value) => _output.WriteLine($"{"",-9}  {field,-22}  {value}");

    private void Field(string field, int length, string value)
    {
        var octets = _octets.Span.Slice(_at, length);
        var shown = SmsJson.Hex(octets[..Math.Min(length, ShownOctets)]) + (length > ShownOctets ? "…" : "");
        var range = length switch { 0 => "-", 1 => $"{_at}", _ => $"{_at}-{_at + length - 1}" };
        _output.WriteLine($"{range,-9}  {field,-22}  {value}{(length == 0 ? "" : $"  [{shown}]")}");
        _at += length;
    }
}
