using System.Text.Json.Nodes;
using Xunit;

namespace Gateway.Sms.Tests;

/// <summary>Every shared vector through the public API.</summary>
public sealed class VectorTests
{
    public static TheoryData<string> Valid() => Vectors.Ids(vector => !vector.IsError && (vector.IsTpdu || vector.Layer == "rp"));
    public static TheoryData<string> Errors() => Vectors.Ids(vector => vector.IsError);
    public static TheoryData<string> Packed() => Vectors.Ids(vector => vector.Layer == "text7");
    public static TheoryData<string> Segmented() => Vectors.Ids(vector => vector.Layer == "text-segmentation");

    [Fact]
    public void No_vector_is_left_out() =>
        Assert.Equal((280, 280), (Vectors.All.Count, Valid().Count + Errors().Count + Packed().Count + Segmented().Count));

    [Theory]
    [MemberData(nameof(Valid))]
    public void Pdu_says_what_the_vector_says(string id)
    {
        var vector = Vectors.All[id];
        var fields = new VectorFields(vector.Expect);
        if (vector.Layer == "rp") Rp(fields, vector.Octets);
        else Tpdu(fields, vector.Octets, vector.CarriedBy);
        fields.AllRead();
    }

    [Theory]
    [MemberData(nameof(Errors))]
    public void Malformed_pdu_is_refused(string id)
    {
        var vector = Vectors.All[id];
        var accepted = Decoders.TryDecode(vector, out var error);
        if (accepted)
        {
            Assert.True(vector.IsLenientOk);
            return;
        }
        Assert.Matches("^[RT]P-", error.Field);
        Assert.InRange(error.Offset, 0, vector.Octets.Length);
    }

    [Theory]
    [MemberData(nameof(Packed))]
    public void Septets_unpack_to_the_text(string id)
    {
        var (expect, octets) = (Vectors.All[id].Expect, Vectors.All[id].Octets);
        var (locking, single, fillBits) = ((int)expect["locking"]!, (int)expect["single"]!, (int)expect["fill_bits"]!);
        Assert.True(Gsm7.TryUnpack(octets, (int)expect["septets"]!, out var text, locking, single, fillBits));
        Assert.Equal((string)expect["text"]!, text);
    }

    [Theory]
    [MemberData(nameof(Segmented))]
    public void Text_is_cut_into_the_same_segments(string id)
    {
        var expect = Vectors.All[id].Expect;
        var options = new SegmentationOptions
        {
            Reference = (ushort)(int)expect["ref"]!,
            WideReference = (int)expect["ref_bits"]! == 16,
            ForceUcs2 = (string?)expect["force_alphabet"] == "ucs2",
            SingleShifts = Identifiers(expect["national_single_shift_tables"]),
            LockingShifts = Identifiers(expect["national_locking_shift_tables"]),
        };
        Segmentation segmentation;
        if (expect["input_hex"] is { } hex) Assert.True(Segmenter.TrySegmentData(Convert.FromHexString((string)hex!), null, options, out segmentation));
        else
        {
            var text = (string)expect["input_text"]!;
            Assert.True(Segmenter.TrySegment(text, options, out segmentation));
            Assert.Equal((int)expect["count"]!, Segmenter.CountSegments(text, options));
        }
        Assert.Equal((int)expect["count"]!, segmentation.Segments.Count);
        Assert.Equal((string)expect["alphabet"]!, segmentation.Alphabet switch { TpAlphabet.Gsm7 => "gsm7", TpAlphabet.Ucs2 => "ucs2", _ => "8bit" });
        foreach (var (expected, segment) in expect["segments"]!.AsArray().Zip(segmentation.Segments))
        {
            if (expected!["text"] is { } text) Assert.Equal((string)text!, segment.Text);
            if (expected["udl"] is { } length) Assert.Equal((int)length, segment.UserData.Length);
            if (expected["ud_hex"] is { } octets) Assert.Equal((string)octets!, Convert.ToHexStringLower(segment.UserData.Octets.Span));
        }
    }

    private static List<byte> Identifiers(JsonNode? node) => node is null ? [] : [.. node.AsArray().Select(item => (byte)(int)item!)];

    private static void Rp(VectorFields fields, byte[] octets)
    {
        Assert.True(RpPdu.TryDecode(octets, out var pdu, out var error), error.ToString());
        fields.Is("rp_type", pdu.Kind switch { RpKind.Data => "RP-DATA", RpKind.Ack => "RP-ACK", RpKind.Error => "RP-ERROR", _ => "RP-SMMA" });
        fields.Is("dir", pdu.Direction == RpDirection.FromHandset ? "mo" : "mt");
        fields.Is("mr", pdu.MessageReference);
        if (pdu.Kind == RpKind.Data)
        {
            fields.Address("oa", pdu.Data.OriginatorAddress);
            fields.Address("da", pdu.Data.DestinationAddress);
        }
        if (pdu.Kind == RpKind.Error)
        {
            fields.Is("cause", (int)pdu.Error.Cause);
            fields.IsIfThere("diagnostic", pdu.Error.Diagnostic?.ToString("x2"));
        }
        if (pdu.UserData.IsEmpty) return;
        fields.Is("tpdu_hex", Convert.ToHexStringLower(pdu.UserData.Span));
        fields.Inside("tpdu", inner => Tpdu(inner, pdu.UserData, pdu.Kind));
    }

    private static void Tpdu(VectorFields fields, ReadOnlyMemory<byte> octets, RpKind carriedBy)
    {
        var encoded = 0;
        PduError error;
        if (SmsDeliver.TryDecode(octets, out var deliver, out error) && fields.Has("oa"))
        {
            fields.Is("type", "SMS-DELIVER");
            fields.Is("tp_mms", !deliver.MoreMessagesToSend);
            fields.Is("tp_lp", deliver.LoopPrevention);
            fields.Is("tp_sri", deliver.StatusReportIndication);
            fields.Is("tp_udhi", deliver.UserData.HasHeader);
            fields.Is("tp_rp", deliver.ReplyPath);
            fields.Address("oa", deliver.OriginatingAddress);
            fields.Is("pid", deliver.ProtocolIdentifier.Value);
            fields.Is("dcs", deliver.DataCodingScheme.Value);
            fields.Time("scts", deliver.ServiceCentreTimeStamp);
            fields.UserData(deliver.UserData);
            encoded = Same(octets, deliver.Encode());
        }
        else if (fields.Has("ct"))
        {
            Assert.True(SmsCommand.TryDecode(octets, out var command, out error), error.ToString());
            fields.Is("type", "SMS-COMMAND");
            fields.Is("tp_srr", command.StatusReportRequest);
            fields.Is("tp_udhi", command.HasHeader);
            fields.Is("mr", command.MessageReference);
            fields.Is("pid", command.ProtocolIdentifier.Value);
            fields.Is("ct", (int)command.CommandType);
            fields.Is("mn", command.MessageNumber);
            fields.Address("da", command.DestinationAddress);
            fields.Is("cdl", command.CommandData.Length);
            fields.Is("data", Convert.ToHexStringLower(command.CommandData.Span));
            encoded = Same(octets, command.Encode());
        }
        else if (fields.Has("da"))
        {
            Assert.True(SmsSubmit.TryDecode(octets, out var submit, out error), error.ToString());
            fields.Is("type", "SMS-SUBMIT");
            fields.Is("tp_rd", submit.RejectDuplicates);
            fields.Is("tp_vpf", (int)submit.ValidityPeriod.Format);
            fields.Is("tp_srr", submit.StatusReportRequest);
            fields.Is("tp_udhi", submit.UserData.HasHeader);
            fields.Is("tp_rp", submit.ReplyPath);
            fields.Is("mr", submit.MessageReference);
            fields.Address("da", submit.DestinationAddress);
            fields.Is("pid", submit.ProtocolIdentifier.Value);
            fields.Is("dcs", submit.DataCodingScheme.Value);
            if (submit.ValidityPeriod.Format != TpValidityPeriodFormat.None) fields.ValidityPeriod(submit.ValidityPeriod);
            fields.UserData(submit.UserData);
            encoded = Same(octets, submit.Encode());
        }
        else if (fields.Has("st"))
        {
            Assert.True(SmsStatusReport.TryDecode(octets, out var report, out error), error.ToString());
            fields.Is("type", "SMS-STATUS-REPORT");
            fields.Is("tp_mms", !report.MoreMessagesToSend);
            fields.Is("tp_lp", report.LoopPrevention);
            fields.Is("tp_srq", report.AnswersCommand);
            fields.Is("tp_udhi", report.UserData is { HasHeader: true });
            fields.Is("mr", report.MessageReference);
            fields.Address("ra", report.RecipientAddress);
            fields.Time("scts", report.ServiceCentreTimeStamp);
            fields.Time("dt", report.DischargeTime);
            fields.Is("st", report.Status.Value);
            fields.IsIfThere("pi", report.ParameterIndicator?.Value);
            Optional(fields, report.ProtocolIdentifier, report.DataCodingScheme, report.UserData);
            encoded = Same(octets, report.Encode());
        }
        else if (fields.Has("scts"))
        {
            Assert.True(SmsSubmitReport.TryDecode(octets, carriedBy, out var report, out error), error.ToString());
            fields.Is("type", "SMS-SUBMIT-REPORT");
            fields.Is("rp", report.FailureCause is null ? "ack" : "error");
            fields.Is("tp_udhi", report.UserData is { HasHeader: true });
            fields.IsIfThere("fcs", (int?)report.FailureCause);
            fields.Is("pi", report.ParameterIndicator.Value);
            fields.Time("scts", report.ServiceCentreTimeStamp);
            Optional(fields, report.ProtocolIdentifier, report.DataCodingScheme, report.UserData);
            encoded = Same(octets, report.Encode());
        }
        else
        {
            Assert.True(SmsDeliverReport.TryDecode(octets, carriedBy, out var report, out error), error.ToString());
            fields.Is("type", "SMS-DELIVER-REPORT");
            fields.Is("rp", report.FailureCause is null ? "ack" : "error");
            fields.Is("tp_udhi", report.UserData is { HasHeader: true });
            fields.IsIfThere("fcs", (int?)report.FailureCause);
            fields.Is("pi", report.ParameterIndicator.Value);
            Optional(fields, report.ProtocolIdentifier, report.DataCodingScheme, report.UserData);
            encoded = Same(octets, report.Encode());
        }
        fields.IsIfThere("trailing", octets.Length > encoded ? octets.Length - encoded : null);
    }

    private static void Optional(VectorFields fields, TpProtocolIdentifier? protocolIdentifier, TpDataCodingScheme? coding, TpUserData? userData)
    {
        fields.IsIfThere("pid", protocolIdentifier?.Value);
        fields.IsIfThere("dcs", coding?.Value);
        if (userData is { } data) fields.UserData(data);
    }

    /// <summary>What was decoded encodes to the octets it came from. Only the bits of the first octet that no field owns may differ.</summary>
    private static int Same(ReadOnlyMemory<byte> octets, byte[] encoded)
    {
        Assert.Equal(octets.Span[1..encoded.Length].ToArray(), encoded[1..]);
        return encoded.Length;
    }
}
