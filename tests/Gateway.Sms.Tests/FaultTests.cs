using Xunit;

namespace Gateway.Sms.Tests;

/// <summary>Malformed octets, the fault they have, the field's name in the standards' spelling, and the octet it is at.</summary>
public sealed class FaultTests
{
    [Theory]
    //          layer                 octets                                                          fault              field                    offset
    [InlineData("tpdu-deliver",        "",                                                             "Truncated",        "TP-MTI",                 0)]
    [InlineData("tpdu-deliver",        "01",                                                           "WrongMessageType", "TP-MTI",                 0)]
    [InlineData("tpdu-deliver",        "07",                                                           "WrongMessageType", "TP-MTI",                 0)]
    [InlineData("tpdu-deliver",        "04",                                                           "Truncated",        "TP-OA",                  1)]
    [InlineData("tpdu-deliver",        "0415",                                                         "LengthOutOfRange", "TP-OA",                  1)]
    [InlineData("tpdu-deliver",        "040b9151",                                                     "Truncated",        "TP-OA",                  4)]
    [InlineData("tpdu-deliver",        "040491f139",                                                   "NotBcd",           "TP-OA",                  3)]
    [InlineData("tpdu-deliver",        "0404913619",                                                   "Truncated",        "TP-PID",                 5)]
    [InlineData("tpdu-deliver",        "040491361900",                                                 "Truncated",        "TP-DCS",                 6)]
    [InlineData("tpdu-deliver",        "040491361900005280",                                           "Truncated",        "TP-SCTS",                9)]
    [InlineData("tpdu-deliver",        "0404913619000052804001000000",                                 "Truncated",        "TP-UDL",                14)]
    [InlineData("tpdu-deliver",        "0404913619000052804001000000a1",                               "LengthOutOfRange", "TP-UDL",                14)]
    [InlineData("tpdu-deliver",        "04049136190004528040010000008d",                               "LengthOutOfRange", "TP-UDL",                14)]
    [InlineData("tpdu-deliver",        "040491361900085280400100000004d83d",                           "Truncated",        "TP-UD",                 17)]
    [InlineData("tpdu-deliver",        "44049136190004528040010000000300",                             "Truncated",        "TP-UD",                 16)]
    [InlineData("tpdu-deliver",        "440491361900045280400100000000",                               "Truncated",        "TP-UDHL",               15)]
    [InlineData("tpdu-deliver",        "440491361900045280400100000003030000",                         "BrokenHeader",     "TP-UDHL",               15)]
    [InlineData("tpdu-deliver",        "440491361900045280400100000004030004ff",                       "BrokenHeader",     "TP-UDH",                16)]
    [InlineData("tpdu-deliver",        "440491361900045280400100000007 06 70 01 aa 00 09 01",          "BrokenHeader",     "TP-UDH",                19)]
    [InlineData("tpdu-deliver",        "440491361900045280400100000002 01 70",                         "BrokenHeader",     "TP-UDH",                16)]
    [InlineData("tpdu-deliver",        "440491361900005280400100000006 05 00 03 5a 02 01",             "BrokenHeader",     "TP-UDHL",               15)]
    [InlineData("tpdu-submit",         "00",                                                           "WrongMessageType", "TP-MTI",                 0)]
    [InlineData("tpdu-submit",         "01",                                                           "Truncated",        "TP-MR",                  1)]
    [InlineData("tpdu-submit",         "0100",                                                         "Truncated",        "TP-DA",                  2)]
    [InlineData("tpdu-submit",         "1100049121430000",                                             "Truncated",        "TP-VP",                  8)]
    [InlineData("tpdu-submit",         "190004912143000052804001",                                     "Truncated",        "TP-VP",                 12)]
    [InlineData("tpdu-submit",         "01000491214300000a",                                           "Truncated",        "TP-UD",                  9)]
    [InlineData("tpdu-status-report",  "01",                                                           "WrongMessageType", "TP-MTI",                 0)]
    [InlineData("tpdu-status-report",  "0242",                                                         "Truncated",        "TP-RA",                  2)]
    [InlineData("tpdu-status-report",  "024204913619515071322005",                                     "Truncated",        "TP-SCTS",               12)]
    [InlineData("tpdu-status-report",  "02420491361951507132200523",                                   "Truncated",        "TP-DT",                 13)]
    [InlineData("tpdu-status-report",  "0242049136195150713220052351408132200542",                     "Truncated",        "TP-ST",                 20)]
    [InlineData("tpdu-status-report",  "0242049136195150713220052351408132200542ab01",                 "Truncated",        "TP-PID",                22)]
    [InlineData("tpdu-status-report",  "0242049136195150713220052351408132200542ab80",                 "Truncated",        "TP-PI",                 22)]
    [InlineData("tpdu-status-report",  "0242049136195150713220052351408132200542ab0604",               "Truncated",        "TP-UDL",                23)]
    [InlineData("tpdu-deliver-report", "00",                                                           "Truncated",        "TP-PI",                  1)]
    [InlineData("tpdu-deliver-report", "0001",                                                         "Truncated",        "TP-PID",                 2)]
    [InlineData("tpdu-deliver-report", "000604a0",                                                     "LengthOutOfRange", "TP-UDL",                 3)]
    [InlineData("tpdu-submit-report",  "0100528040",                                                   "Truncated",        "TP-SCTS",                5)]
    [InlineData("tpdu-submit-report",  "01065280400100000004 99",                                      "LengthOutOfRange", "TP-UDL",                10)]
    [InlineData("rp",                  "",                                                             "Truncated",        "RP-MTI",                 0)]
    [InlineData("rp",                  "07",                                                           "WrongMessageType", "RP-MTI",                 0)]
    [InlineData("rp",                  "02",                                                           "Truncated",        "RP-Message Reference",   1)]
    [InlineData("rp",                  "0042",                                                         "Truncated",        "RP-Originator Address",  2)]
    [InlineData("rp",                  "004200",                                                       "Truncated",        "RP-Destination Address", 3)]
    [InlineData("rp",                  "0042000c915155009099515500909951550401000000",                 "LengthOutOfRange", "RP-Destination Address", 3)]
    [InlineData("rp",                  "00420003911f44",                                               "NotBcd",           "RP-Destination Address", 5)]
    [InlineData("rp",                  "0042000391214305",                                             "Truncated",        "RP-User Data",           8)]
    [InlineData("rp",                  "00420003912143ea",                                             "LengthOutOfRange", "RP-User Data",           7)]
    [InlineData("rp",                  "044200",                                                       "LengthOutOfRange", "RP-Cause",               2)]
    [InlineData("rp",                  "0442",                                                         "Truncated",        "RP-Cause",               2)]
    [InlineData("rp",                  "044202 96",                                                    "Truncated",        "RP-Cause",               4)]
    [InlineData("rp",                  "0242 41 03 00 00",                                             "Truncated",        "RP-User Data",           6)]
    [InlineData("rp",                  "0042000391214301 00",                                          "WrongMessageType", "TP-MTI",                 0)]
    public void Fault_is_named_with_field_and_octet(string layer, string hex, string fault, string field, int offset)
    {
        Assert.False(Decoders.TryDecode(layer, Convert.FromHexString(hex.Replace(" ", "")), RpKind.Ack, out var error));
        Assert.Equal((fault, field, offset), (error.Fault.ToString(), error.Field, error.Offset));
    }

    [Theory]
    [InlineData("02 42",                               "Truncated", "TP-PID", 2)]
    [InlineData("02 42 00",                            "Truncated", "TP-CT",  3)]
    [InlineData("02 42 00 00",                         "Truncated", "TP-MN",  4)]
    [InlineData("02 42 00 00 34 04 91 36 19",          "Truncated", "TP-CDL", 9)]
    [InlineData("02 42 00 00 34 04 91 36 19 02 61",    "Truncated", "TP-CD",  11)]
    [InlineData("02 42 00 00 34 04 91 36 19 9d",       "LengthOutOfRange", "TP-CDL", 9)]
    [InlineData("42 42 00 00 34 04 91 36 19 02 05 61", "BrokenHeader", "TP-UDHL", 10)]
    public void Command_fault_is_named_with_field_and_octet(string hex, string fault, string field, int offset)
    {
        Assert.False(SmsCommand.TryDecode(Convert.FromHexString(hex.Replace(" ", "")), out _, out var error));
        Assert.Equal((fault, field, offset), (error.Fault.ToString(), error.Field, error.Offset));
    }

    [Theory]
    [InlineData("00",   "ToHandset",   "Data",  "SmsDeliver")]
    [InlineData("02",   "ToHandset",   "Data",  "SmsStatusReport")]
    [InlineData("01",   "FromHandset", "Data",  "SmsSubmit")]
    [InlineData("02",   "FromHandset", "Data",  "SmsCommand")]
    [InlineData("00",   "FromHandset", "Ack",   "SmsDeliverReport")]
    [InlineData("00",   "FromHandset", "Error", "SmsDeliverReport")]
    [InlineData("01",   "ToHandset",   "Ack",   "SmsSubmitReport")]
    [InlineData("01",   "ToHandset",   "Error", "SmsSubmitReport")]
    [InlineData("00",   "FromHandset", "Data",  null)]
    [InlineData("01",   "ToHandset",   "Data",  null)]
    [InlineData("03",   "ToHandset",   "Data",  null)]
    [InlineData("03",   "FromHandset", "Data",  null)]
    [InlineData("01",   "FromHandset", "Ack",   null)]
    [InlineData("02",   "ToHandset",   "Error", null)]
    [InlineData("",     "ToHandset",   "Data",  null)]
    public void Message_type_follows_from_direction_and_carrier(string hex, string direction, string carriedBy, string? expected)
    {
        var known = TpMessageTypes.TryIdentify(
            Convert.FromHexString(hex), Enum.Parse<RpDirection>(direction), Enum.Parse<RpKind>(carriedBy), out var type, out var error);
        Assert.Equal(expected, known ? type.ToString() : null);
        if (!known) Assert.Equal(("TP-MTI", 0), (error.Field, error.Offset));
    }

    [Theory]
    [InlineData("WrongMessageType", "RP-MTI",         97,  0xB0)]
    [InlineData("Truncated",        "RP-User Data",   96,  0xFF)]
    [InlineData("Truncated",        "TP-DA",          111, 0xFF)]
    [InlineData("WrongMessageType", "TP-MTI",         97,  0xB0)]
    [InlineData("BrokenHeader",     "TP-UDH",         111, 0xFF)]
    public void Faults_have_their_answers(string fault, string field, int cause, int failureCause)
    {
        var error = new PduError(Enum.Parse<PduFault>(fault), field, 3);
        Assert.Equal((cause, failureCause), ((int)RpCauses.Of(error), (int)TpFailureCauses.Of(error)));
        Assert.Contains(field, error.ToString());
    }

    [Theory]
    [InlineData(22,  "FromHandset", 22)]
    [InlineData(42,  "ToHandset",   42)]
    [InlineData(77,  "ToHandset",   41)]  // what a handset makes of a cause that is not listed
    [InlineData(77,  "FromHandset", 111)] // and what a network does
    public void Unlisted_cause_counts_as_its_default(byte cause, string direction, byte understood) =>
        Assert.Equal((RpCause)understood, RpCauses.Understood((RpCause)cause, Enum.Parse<RpDirection>(direction)));

    [Fact]
    public void What_does_not_fit_a_length_octet_is_a_mistake()
    {
        Assert.Throws<ArgumentException>(() => new RpData(RpDirection.ToHandset, 1, default, default, new byte[234]).Encode());
        Assert.Throws<ArgumentException>(() => new RpAck(RpDirection.ToHandset, 1, new byte[234]).Encode());
        Assert.Throws<InvalidOperationException>(() => new SmsCommand { CommandData = new byte[157] }.Encode());
    }

    [Fact]
    public void Header_too_long_for_a_text_is_refused()
    {
        var octets = (byte[])[150, 0x70, 148, .. new byte[148]];
        Assert.True(UserDataHeader.TryDecode(octets, out var header, out _));
        Assert.False(TpUserData.TryFromText("x", default, out _, header));
        Assert.False(Segmenter.TrySegmentData([1], header, SegmentationOptions.Default, out _));
    }
}
