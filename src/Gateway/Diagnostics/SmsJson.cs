using System.Text.Json.Nodes;
using Gateway.Sms;

namespace Gateway.Diagnostics;

/// <summary>
/// The JSON vocabulary of the <c>decode</c> and <c>encode</c> commands, which is that of <c>tests/vectors/SCHEMA.md</c>: keys are the
/// standards' field names in lower case, bits are their raw values, octets are lower-case hexadecimal.
/// </summary>
internal static class SmsJson
{
    /// <summary>The message and, if there is one, the TPDU inside it.</summary>
    public static bool TryRp(ReadOnlyMemory<byte> body, out JsonObject answer, out PduError error)
    {
        answer = [];
        if (!RpPdu.TryDecode(body, out var pdu, out error)) return false;
        answer["rp_type"] = RpName(pdu.Kind);
        answer["dir"] = pdu.Direction == RpDirection.FromHandset ? "mo" : "mt";
        answer["mr"] = pdu.MessageReference;
        if (pdu.Kind == RpKind.Data)
        {
            answer["oa"] = Address(pdu.Data.OriginatorAddress);
            answer["da"] = Address(pdu.Data.DestinationAddress);
        }
        if (pdu.Kind == RpKind.Error)
        {
            answer["cause"] = (int)pdu.Error.Cause;
            if (pdu.Error.Diagnostic is { } diagnostic) answer["diagnostic"] = Hex([diagnostic]);
        }
        if (pdu.UserData.IsEmpty && pdu.Kind != RpKind.Data) return true;
        answer["tpdu_hex"] = Hex(pdu.UserData.Span);
        var start = PduListing.UserDataOffset(body, pdu);
        if (TpMessageTypes.TryIdentify(pdu.UserData.Span, pdu.Direction, pdu.Kind, out var type, out error) &&
            TryTpdu(pdu.UserData, type, pdu.Kind, out var tpdu, out error))
        {
            answer["tpdu"] = tpdu;
            return true;
        }
        error = error with { Offset = error.Offset + start };
        return false;
    }

    public static bool TryTpdu(ReadOnlyMemory<byte> octets, TpMessageType type, RpKind carriedBy, out JsonObject answer, out PduError error)
    {
        answer = new JsonObject { ["type"] = TpduName(type) };
        switch (type)
        {
            case TpMessageType.SmsDeliver:
                if (SmsDeliver.TryDecode(octets, out var deliver, out error)) Deliver(answer, deliver, octets);
                break;
            case TpMessageType.SmsSubmit:
                if (SmsSubmit.TryDecode(octets, out var submit, out error)) Submit(answer, submit, octets);
                break;
            case TpMessageType.SmsStatusReport:
                if (SmsStatusReport.TryDecode(octets, out var statusReport, out error)) StatusReport(answer, statusReport, octets);
                break;
            case TpMessageType.SmsCommand:
                if (SmsCommand.TryDecode(octets, out var command, out error)) Command(answer, command, octets);
                break;
            case TpMessageType.SmsDeliverReport:
                if (SmsDeliverReport.TryDecode(octets, carriedBy, out var deliverReport, out error))
                    DeliverReport(answer, deliverReport, octets);
                break;
            default:
                if (SmsSubmitReport.TryDecode(octets, carriedBy, out var submitReport, out error))
                    SubmitReport(answer, submitReport, octets);
                break;
        }
        return error.Fault == PduFault.None;
    }

    public static JsonObject Segments(Segmentation segmentation)
    {
        var segments = new JsonArray();
        foreach (var segment in segmentation.Segments)
        {
            var userData = segment.UserData;
            var item = new JsonObject();
            if (segmentation.Alphabet == TpAlphabet.EightBit) item["octets"] = userData.Data.Length;
            else item["text"] = segment.Text;
            if (segmentation.Alphabet == TpAlphabet.Gsm7)
                item["septets"] = Gsm7.Count(segment.Text, segmentation.LockingShift, segmentation.SingleShift);
            if (segmentation.Alphabet == TpAlphabet.Ucs2) item["code_units"] = segment.Text.Length;
            item["udl"] = userData.Length;
            item["ud_hex"] = Hex(userData.Octets.Span);
            segments.Add(item);
        }
        return new JsonObject
        {
            ["alphabet"] = AlphabetName(segmentation.Alphabet), ["count"] = segmentation.Segments.Count, ["segments"] = segments,
        };
    }

    public static string RpName(RpKind kind) =>
        kind switch { RpKind.Data => "RP-DATA", RpKind.Ack => "RP-ACK", RpKind.Error => "RP-ERROR", _ => "RP-SMMA" };

    public static string TpduName(TpMessageType type) => type switch
    {
        TpMessageType.SmsDeliver       => "SMS-DELIVER",
        TpMessageType.SmsDeliverReport => "SMS-DELIVER-REPORT",
        TpMessageType.SmsSubmit        => "SMS-SUBMIT",
        TpMessageType.SmsSubmitReport  => "SMS-SUBMIT-REPORT",
        TpMessageType.SmsStatusReport  => "SMS-STATUS-REPORT",
        _                              => "SMS-COMMAND",
    };

    public static string AlphabetName(TpAlphabet alphabet) =>
        alphabet switch { TpAlphabet.Gsm7 => "gsm7", TpAlphabet.Ucs2 => "ucs2", _ => "8bit" };

    public static string Hex(ReadOnlySpan<byte> octets) => Convert.ToHexStringLower(octets);

    private static void Deliver(JsonObject answer, in SmsDeliver tpdu, ReadOnlyMemory<byte> octets)
    {
        answer["tp_mms"] = Bit(!tpdu.MoreMessagesToSend);
        answer["tp_lp"] = Bit(tpdu.LoopPrevention);
        answer["tp_sri"] = Bit(tpdu.StatusReportIndication);
        answer["tp_udhi"] = Bit(tpdu.UserData.HasHeader);
        answer["tp_rp"] = Bit(tpdu.ReplyPath);
        answer["oa"] = Address(tpdu.OriginatingAddress);
        answer["pid"] = tpdu.ProtocolIdentifier.Value;
        answer["dcs"] = tpdu.DataCodingScheme.Value;
        Time(answer, "scts", tpdu.ServiceCentreTimeStamp);
        UserData(answer, tpdu.UserData);
        Trailing(answer, octets, tpdu.Encode());
    }

    private static void Submit(JsonObject answer, in SmsSubmit tpdu, ReadOnlyMemory<byte> octets)
    {
        answer["tp_rd"] = Bit(tpdu.RejectDuplicates);
        answer["tp_vpf"] = (int)tpdu.ValidityPeriod.Format;
        answer["tp_srr"] = Bit(tpdu.StatusReportRequest);
        answer["tp_udhi"] = Bit(tpdu.UserData.HasHeader);
        answer["tp_rp"] = Bit(tpdu.ReplyPath);
        answer["mr"] = tpdu.MessageReference;
        answer["da"] = Address(tpdu.DestinationAddress);
        answer["pid"] = tpdu.ProtocolIdentifier.Value;
        answer["dcs"] = tpdu.DataCodingScheme.Value;
        if (tpdu.ValidityPeriod.Format != TpValidityPeriodFormat.None) answer["vp"] = ValidityPeriod(tpdu.ValidityPeriod);
        UserData(answer, tpdu.UserData);
        Trailing(answer, octets, tpdu.Encode());
    }

    private static void StatusReport(JsonObject answer, in SmsStatusReport tpdu, ReadOnlyMemory<byte> octets)
    {
        answer["tp_mms"] = Bit(!tpdu.MoreMessagesToSend);
        answer["tp_lp"] = Bit(tpdu.LoopPrevention);
        answer["tp_srq"] = Bit(tpdu.AnswersCommand);
        answer["tp_udhi"] = HeaderBit(octets);
        answer["mr"] = tpdu.MessageReference;
        answer["ra"] = Address(tpdu.RecipientAddress);
        Time(answer, "scts", tpdu.ServiceCentreTimeStamp);
        Time(answer, "dt", tpdu.DischargeTime);
        answer["st"] = tpdu.Status.Value;
        if (tpdu.ParameterIndicator is { } indicator)
            Optional(answer, indicator, null, tpdu.ProtocolIdentifier, tpdu.DataCodingScheme, tpdu.UserData);
        Trailing(answer, octets, tpdu.Encode());
    }

    private static void Command(JsonObject answer, in SmsCommand tpdu, ReadOnlyMemory<byte> octets)
    {
        answer["tp_srr"] = Bit(tpdu.StatusReportRequest);
        answer["tp_udhi"] = Bit(tpdu.HasHeader);
        answer["mr"] = tpdu.MessageReference;
        answer["pid"] = tpdu.ProtocolIdentifier.Value;
        answer["ct"] = (int)tpdu.CommandType;
        answer["mn"] = tpdu.MessageNumber;
        answer["da"] = Address(tpdu.DestinationAddress);
        answer["cdl"] = tpdu.CommandData.Length;
        if (tpdu.HasHeader) Header(answer, tpdu.Header);
        answer["data"] = Hex(tpdu.CommandData.Span[(tpdu.HasHeader ? 1 + tpdu.Header.Length : 0)..]);
        Trailing(answer, octets, tpdu.Encode());
    }

    private static void DeliverReport(JsonObject answer, in SmsDeliverReport tpdu, ReadOnlyMemory<byte> octets)
    {
        Report(answer, tpdu.FailureCause, octets);
        Optional(answer, tpdu.ParameterIndicator, null, tpdu.ProtocolIdentifier, tpdu.DataCodingScheme, tpdu.UserData);
        Trailing(answer, octets, tpdu.Encode());
    }

    private static void SubmitReport(JsonObject answer, in SmsSubmitReport tpdu, ReadOnlyMemory<byte> octets)
    {
        Report(answer, tpdu.FailureCause, octets);
        Optional(
            answer, tpdu.ParameterIndicator, tpdu.ServiceCentreTimeStamp, tpdu.ProtocolIdentifier, tpdu.DataCodingScheme, tpdu.UserData);
        Trailing(answer, octets, tpdu.Encode());
    }

    private static void Report(JsonObject answer, TpFailureCause? cause, ReadOnlyMemory<byte> octets)
    {
        answer["rp"] = cause is null ? "ack" : "error";
        answer["tp_udhi"] = HeaderBit(octets);
        if (cause is { } value) answer["fcs"] = (int)value;
    }

    private static void Optional(
        JsonObject answer, TpParameterIndicator indicator, TpServiceCentreTimeStamp? timeStamp,
        TpProtocolIdentifier? protocolIdentifier, TpDataCodingScheme? coding, TpUserData? userData)
    {
        answer["pi"] = indicator.Value;
        if (timeStamp is { } time) Time(answer, "scts", time);
        if (protocolIdentifier is { } identifier) answer["pid"] = identifier.Value;
        if (coding is { } scheme) answer["dcs"] = scheme.Value;
        if (userData is { } data) UserData(answer, data);
    }

    private static void UserData(JsonObject answer, in TpUserData userData)
    {
        var coding = userData.DataCodingScheme;
        answer["udl"] = userData.Length;
        answer["alphabet"] = AlphabetName(coding.Alphabet);
        answer["class"] = coding.MessageClass;
        answer["compressed"] = coding.IsCompressed;
        if (coding.Value < 0x80) answer["auto_delete"] = coding.IsAutomaticDeletion;
        if (coding.IsReservedGroup) answer["reserved_group"] = true;
        if (coding.IsReservedAlphabet) answer["reserved_alphabet"] = true;
        if (coding.MessageWaiting is { } waiting)
        {
            answer["mwi"] = new JsonObject
            {
                ["store"] = waiting.Store, ["active"] = waiting.Active, ["kind"] = waiting.Kind.ToString().ToLowerInvariant(),
            };
        }
        if (userData.HasHeader)
        {
            Header(answer, userData.Header);
            if (coding is { Alphabet: TpAlphabet.Gsm7, IsCompressed: false }) answer["fill_bits"] = userData.FillBits;
        }
        if (coding.IsText) answer["text"] = userData.Text;
        else answer["data"] = Hex(userData.Data.Span);
    }

    private static void Header(JsonObject answer, UserDataHeader header)
    {
        var elements = new JsonArray();
        foreach (var element in header) elements.Add(new JsonObject { ["iei"] = element.Identifier, ["hex"] = Hex(element.Data.Span) });
        answer["udh"] = elements;
        if (header.Concatenation is { } concat)
        {
            answer["concat"] = new JsonObject
            {
                ["ref"] = concat.Reference, ["ref_bits"] = concat.ReferenceBits, ["total"] = concat.Total, ["seq"] = concat.Sequence,
            };
        }
        if (header.Ports is { } ports)
            answer["ports"] = new JsonObject { ["bits"] = ports.Bits, ["dst"] = ports.Destination, ["src"] = ports.Source };
        if (header.SingleShift is { } single) answer["single_shift"] = single;
        if (header.LockingShift is { } locking) answer["locking_shift"] = locking;
        var special = new JsonArray();
        foreach (var (store, profile, type, count) in header.SpecialSms)
            special.Add(new JsonObject { ["type"] = type, ["store"] = store, ["profile"] = profile, ["count"] = count });
        if (special.Count > 0) answer["special_sms"] = special;
    }

    private static JsonObject ValidityPeriod(TpValidityPeriod period)
    {
        var answer = new JsonObject { ["format"] = period.Format.ToString().ToLowerInvariant() };
        switch (period.Format)
        {
            case TpValidityPeriodFormat.Relative:
                answer["raw"] = period.RelativeValue;
                break;
            case TpValidityPeriodFormat.Absolute:
                Time(answer, "time", period.AbsoluteTime);
                break;
            default:
                answer["raw"] = Hex(period.Octets());
                answer["extension"] = Bit(period.HasExtension);
                answer["single_shot"] = Bit(period.IsSingleShot);
                answer["vpf"] = period.EnhancedFormat;
                break;
        }
        if (period.TryGetDuration(out var duration)) answer["seconds"] = (long)duration.TotalSeconds;
        return answer;
    }

    private static JsonObject Address(TpAddress address)
    {
        var answer = new JsonObject
        {
            ["length"] = address.Length, ["toa"] = address.TypeOfAddress,
            ["ton"] = (int)address.TypeOfNumber, ["npi"] = (int)address.NumberingPlan,
        };
        if (address.IsAlphanumeric) answer["text"] = address.Name;
        else answer["digits"] = address.Digits;
        return answer;
    }

    private static JsonObject? Address(RpAddress address) => address.IsEmpty ? null : new JsonObject
    {
        ["toa"] = address.TypeOfAddress, ["ton"] = (int)address.TypeOfNumber, ["npi"] = (int)address.NumberingPlan,
        ["digits"] = address.Digits,
    };

    /// <summary>A stamp that is no time is null, with its octets beside it.</summary>
    private static void Time(JsonObject answer, string key, TpServiceCentreTimeStamp timeStamp)
    {
        answer[key] = timeStamp.Time?.ToString("yyyy-MM-ddTHH:mm:sszzz");
        if (timeStamp.Time is not null) return;
        Span<byte> octets = stackalloc byte[TpServiceCentreTimeStamp.EncodedLength];
        timeStamp.CopyTo(octets);
        answer[key + "_hex"] = Hex(octets);
    }

    private static void Trailing(JsonObject answer, ReadOnlyMemory<byte> octets, byte[] encoded)
    {
        if (octets.Length > encoded.Length) answer["trailing"] = octets.Length - encoded.Length;
    }

    /// <summary>TP-UDHI of a PDU whose user data, which the bit is about, are optional.</summary>
    private static int HeaderBit(ReadOnlyMemory<byte> octets) => octets.Span[0] >> 6 & 1;

    private static int Bit(bool value) => value ? 1 : 0;
}
