using System.Diagnostics;
using System.Text;
using Gateway.Sms;
using Xunit;

namespace Gateway.Interop.Tests.Sms;

/// <summary>Octets of ours, read by Wireshark's dissectors (Debian package tshark): every field has to come out as it went in.</summary>
[Trait("Category", "Interop")]
public sealed class TsharkTests(TsharkTests.Dissection dissection) : IClassFixture<TsharkTests.Dissection>
{
    private static readonly RpAddress Centre = RpAddress.International("491700000000");
    private static readonly DateTimeOffset Time = new(2025, 8, 4, 10, 11, 12, TimeSpan.FromHours(2));
    private static readonly TpServiceCentreTimeStamp Stamp = TpServiceCentreTimeStamp.From(Time);
    private static readonly TpAddress Number = TpAddress.International("4940468950061");

    private const string LongText = "Concatenated messages carry a header with a reference, a total and a number; the text of each part begins on a septet boundary behind it, "
        + "and that boundary is where fill bits are counted wrong most often.";

    /// <summary>Name of the case, the octets, and what tshark has to call them.</summary>
    private static readonly Case[] Cases =
    [
        new("DELIVER, 7-bit", Deliver(1, Text("Hello [€] @")),
            [.. Rp(1, 1), ("gsm_sms.tp-mti", "0"), ("gsm_sms.tp-oa", "4940468950061"), ("gsm_sms.tp-dcs", "0"), ("gsm_sms.tp-mms", "1"), ("gsm_sms.sms_text", "Hello [€] @"),
             ("gsm_sms.scts.year", "25"), ("gsm_sms.scts.month", "8"), ("gsm_sms.scts.day", "4"), ("gsm_sms.scts.hour", "10"), ("gsm_sms.scts.minutes", "11"),
             ("gsm_sms.scts.seconds", "12"), ("gsm_sms.tp.user_data_length", "14")]),
        new("DELIVER, 160 septets", Deliver(2, Text(new string('x', 159) + "@")), [.. Rp(1, 2), ("gsm_sms.tp.user_data_length", "160"), ("gsm_sms.sms_text", new string('x', 159) + "@")]),
        new("DELIVER, UCS2", Deliver(3, Text("Привет 😀", TpAlphabet.Ucs2)), [.. Rp(1, 3), ("gsm_sms.tp-dcs", "8"), ("gsm_sms.tp.user_data_length", "18"), ("gsm_sms.sms_text", "Привет 😀")]),
        new("DELIVER, flash", Deliver(4, Text("now", messageClass: 0)), [.. Rp(1, 4), ("gsm_sms.tp-dcs", "16"), ("gsm_sms.dcs.message_class", "0x00"), ("gsm_sms.sms_text", "now")]),
        new("DELIVER, 8-bit", Deliver(19, TpUserData.FromData([0xCA, 0xFE], TpDataCodingScheme.Of(TpAlphabet.EightBit))),
            [.. Rp(1, 19), ("gsm_sms.tp-dcs", "4"), ("gsm_sms.tp-udhi", "0"), ("gsm_sms.sms_body", "cafe"), ("gsm_sms.tp.user_data_length", "2")]),
        new("DELIVER, 8-bit with ports", Deliver(5, Data()),
            [.. Rp(1, 5), ("gsm_sms.tp-udhi", "1"), ("gsm_sms.ie_identifier", "0x05"), ("gsm_sms.destination_port", "2948"), ("gsm_sms.originator_port", "9200"), ("gsm_sms.dis_field_udh.user_data_header_length", "6"), ("gsm_sms.tp.user_data_length", "9")]),
        new("DELIVER, alphanumeric", Deliver(6, Text("x"), TpAddress.FromOriginator("Nexmo")), [.. Rp(1, 6), ("gsm_sms.tp-oa", "Nexmo"), ("gsm_sms.dis_field_addr.num_type", "5")]),
        new("DELIVER, eleven letters", Deliver(7, Text("x"), TpAddress.FromOriginator("MyBank24 DE")), [.. Rp(1, 7), ("gsm_sms.tp-oa", "MyBank24 DE")]),
        new("DELIVER, short code", Deliver(8, Text("x"), TpAddress.FromOriginator("2255")), [.. Rp(1, 8), ("gsm_sms.tp-oa", "2255"), ("gsm_sms.dis_field_addr.num_type", "0")]),
        new("DELIVER, part 1 of 2", Deliver(9, Part(0, wide: false)),
            [.. Rp(1, 9), ("gsm_sms.tp-udhi", "1"), ("gsm_sms.udh.mm.msg_id", "90"), ("gsm_sms.udh.mm.msg_parts", "2"), ("gsm_sms.udh.mm.msg_part", "1"), ("gsm_sms.sms_text", LongText[..153])]),
        new("DELIVER, part 2 of 2, wide reference", Deliver(10, Part(1, wide: true)),
            [.. Rp(1, 10), ("gsm_sms.udh.mm.msg_id", "23205"), ("gsm_sms.udh.mm.msg_parts", "2"), ("gsm_sms.udh.mm.msg_part", "2"), ("gsm_sms.sms_text", LongText[152..])]),
        new("RP-ACK with SUBMIT-REPORT", new RpAck(RpDirection.ToHandset, 11, new SmsSubmitReport { ServiceCentreTimeStamp = Stamp }.Encode()).Encode(),
            [.. Rp(3, 11), ("gsm_sms.tp-mti", "1"), ("gsm_sms.scts.hour", "10"), ("gsm_sms.tp.parameter_indicator", "0x00")]),
        new("RP-ACK, bare", new RpAck(RpDirection.ToHandset, 12).Encode(), Rp(3, 12)),
        new("RP-ERROR with SUBMIT-REPORT",
            new RpError(RpDirection.ToHandset, 13, RpCause.Congestion, null,
                new SmsSubmitReport { FailureCause = TpFailureCause.ServiceCentreBusy, ServiceCentreTimeStamp = Stamp }.Encode()).Encode(),
            [.. Rp(5, 13), ("gsm_a.rp.cause", "42"), ("gsm_sms.tp-mti", "1"), ("gsm_sms.tp-fcs", "0xc0"), ("gsm_sms.scts.minutes", "11")]),
        new("RP-ERROR, bare", new RpError(RpDirection.ToHandset, 14, RpCause.UnassignedNumber).Encode(), [.. Rp(5, 14), ("gsm_a.rp.cause", "1")]),
        new("STATUS-REPORT",
            RpData.Encode(RpDirection.ToHandset, 15, Centre, new SmsStatusReport
            {
                MessageReference = 7, RecipientAddress = Number, ServiceCentreTimeStamp = Stamp,
                DischargeTime = TpServiceCentreTimeStamp.From(Time.AddMinutes(5)), Status = TpStatus.ValidityPeriodExpired,
            }),
            [.. Rp(1, 15), ("gsm_sms.tp-mti", "2"), ("gsm_sms.tp-mr", "7"), ("gsm_sms.tp-ra", "4940468950061"), ("gsm_sms.scts.minutes", "11,16"), ("gsm_sms.dis_field.st_error", "2"), ("gsm_sms.dis.field_st_reason", "6")]),
        new("SUBMIT from a handset",
            RpData.Encode(RpDirection.FromHandset, 16, Centre, new SmsSubmit
            {
                StatusReportRequest = true, MessageReference = 8, DestinationAddress = TpAddress.FromOriginator("894"),
                ValidityPeriod = TpValidityPeriod.Relative(TimeSpan.FromDays(1)), UserData = Text("Hallo"),
            }),
            [.. Rp(0, 16), ("gsm_sms.tp-mti", "1"), ("gsm_sms.tp-mr", "8"), ("gsm_sms.tp-da", "894"), ("gsm_sms.tp-srr", "1"), ("gsm_sms.tp-vpf", "2"), ("gsm_sms.sms_text", "Hallo")]),
        new("RP-ACK of a handset with DELIVER-REPORT", new RpAck(RpDirection.FromHandset, 17, new SmsDeliverReport().Encode()).Encode(), [.. Rp(2, 17), ("gsm_sms.tp-mti", "0")]),
        new("RP-SMMA", new RpSmma(18).Encode(), Rp(6, 18)),
    ];

    public static TheoryData<string> Names() => [.. Cases.Select(there => there.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Dissector_reads_what_was_written(string name)
    {
        var index = Array.FindIndex(Cases, there => there.Name == name);
        Assert.Equal(Cases.Length, dissection.Frames.Count);
        var frame = dissection.Frames[index];
        Assert.All(Cases[index].Expected, expected => Assert.Equal(expected, (expected.Field, frame[expected.Field])));
        Assert.Equal("", frame["_ws.malformed"]);
        Assert.Equal("", frame["gsm_a.rp.extraneous_data"]);
        Assert.Equal("", frame["gsm_a.rp.missing_mandatory_element"]);
    }

    private static byte[] Deliver(byte reference, TpUserData userData, TpAddress? originator = null) => RpData.Encode(
        RpDirection.ToHandset, reference, Centre, new SmsDeliver { OriginatingAddress = originator ?? Number, ServiceCentreTimeStamp = Stamp, UserData = userData });

    private static TpUserData Text(string text, TpAlphabet alphabet = TpAlphabet.Gsm7, int? messageClass = null)
    {
        Assert.True(TpUserData.TryFromText(text, TpDataCodingScheme.Of(alphabet, messageClass), out var userData));
        return userData;
    }

    private static TpUserData Data() => TpUserData.FromData(
        [0xCA, 0xFE], TpDataCodingScheme.Of(TpAlphabet.EightBit), UserDataHeader.Of(new InformationElement(InformationElement.Ports16, new byte[] { 0x0B, 0x84, 0x23, 0xF0 })));

    private static TpUserData Part(int index, bool wide)
    {
        Assert.True(Segmenter.TrySegment(LongText, new SegmentationOptions { Reference = wide ? (ushort)0x5AA5 : (ushort)0x5A, WideReference = wide }, out var segmentation));
        return segmentation.Segments[index].UserData;
    }

    private static (string Field, string Value)[] Rp(int type, int reference) =>
        [("gsm_a.rp.msg_type", $"0x{type:x2}"), ("gsm_a.rp.rp_message_reference", $"0x{reference:x2}")];

    private sealed record Case(string Name, byte[] Octets, (string Field, string Value)[] Expected);

    /// <summary>One run of tshark over all cases.</summary>
    public sealed class Dissection : IAsyncLifetime
    {
        private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
        private static readonly string[] Fields =
            [.. Cases.SelectMany(there => there.Expected).Select(expected => expected.Field)
                .Append("_ws.malformed").Append("gsm_a.rp.extraneous_data").Append("gsm_a.rp.missing_mandatory_element").Distinct()];

        public IReadOnlyList<IReadOnlyDictionary<string, string>> Frames { get; private set; } = [];

        public async ValueTask InitializeAsync()
        {
            var file = Path.GetTempFileName();
            try
            {
                SipCapture.Write(file, [.. Cases.Select(there => there.Octets)]);
                Frames = await DissectAsync(file);
            }
            finally
            {
                File.Delete(file);
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private static async Task<IReadOnlyList<IReadOnlyDictionary<string, string>>> DissectAsync(string file)
        {
            var start = new ProcessStartInfo("tshark") { RedirectStandardOutput = true, RedirectStandardError = true, StandardOutputEncoding = Encoding.UTF8 };
            foreach (var argument in (string[])["-n", "-r", file, "-o", "gsm_sms.reassemble:FALSE", "-T", "fields", "-E", "separator=/t", "-E", "occurrence=a"]) start.ArgumentList.Add(argument);
            foreach (var field in Fields)
            {
                start.ArgumentList.Add("-e");
                start.ArgumentList.Add(field);
            }
            start.Environment["LC_ALL"] = "C.UTF-8";
            using var tshark = Process.Start(start)!;
            using var deadline = new CancellationTokenSource(Deadline);
            var errors = tshark.StandardError.ReadToEndAsync(deadline.Token);
            var output = await tshark.StandardOutput.ReadToEndAsync(deadline.Token);
            await tshark.WaitForExitAsync(deadline.Token);
            Assert.True(tshark.ExitCode == 0, await errors);
            return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.Split('\t').Zip(Fields).ToDictionary(pair => pair.Second, pair => pair.First))];
        }
    }
}
