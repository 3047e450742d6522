using Xunit;

namespace Gateway.Sms.Tests;

public sealed class RpPduTests
{
    [Theory]
    [InlineData("fa42",                       "Ack",   "")]       // spare bits of the type are ignored
    [InlineData("0242 80 41020000",           "Ack",   "0000")]   // an unknown element of one octet before RP-User Data
    [InlineData("0242 550 3112233 41020000",  "Ack",   "0000")]   // and one with a length
    [InlineData("0242 41020000 ffff",         "Ack",   "0000")]   // trailing octets
    [InlineData("0242 55",                    "Ack",   "")]       // an unknown element cut short matters to nobody
    [InlineData("0242 5509",                  "Ack",   "")]
    [InlineData("0442 01 e2 41030 0d300",     "Error", "00d300")]
    [InlineData("0642 0000",                  "Smma",  "")]
    public void What_is_not_known_is_skipped(string hex, string kind, string userData)
    {
        Assert.True(RpPdu.TryDecode(Convert.FromHexString(hex.Replace(" ", "")), out var pdu, out var error), error.ToString());
        Assert.Equal((kind, 0x42, userData), (pdu.Kind.ToString(), (int)pdu.MessageReference, Convert.ToHexStringLower(pdu.UserData.Span)));
    }

    [Theory]
    [InlineData("0442 01 16",       22,  null)]
    [InlineData("0442 01 96",       22,  null)] // extension bit
    [InlineData("0442 02 e0 17",    96,  0x17)]
    [InlineData("0542 03 95 01 02", 21,  0x01)] // what follows the diagnostic is ignored
    public void Cause_and_diagnostic_are_read(string hex, int cause, int? diagnostic)
    {
        Assert.True(RpPdu.TryDecode(Convert.FromHexString(hex.Replace(" ", "")), out var pdu, out _));
        Assert.Equal((cause, diagnostic), ((int)pdu.Error.Cause, (int?)pdu.Error.Diagnostic));
    }

    [Theory]
    [InlineData("00",     null)]
    [InlineData("0742",   null)]
    [InlineData("0042",   "Data FromHandset 66")]
    [InlineData("0142ff", "Data ToHandset 66")]
    [InlineData("0542",   "Error ToHandset 66")]
    [InlineData("0642",   "Smma FromHandset 66")]
    public void Header_is_read_even_if_the_rest_is_broken(string hex, string? expected)
    {
        var there = RpPdu.TryDecodeHeader(Convert.FromHexString(hex), out var kind, out var direction, out var reference);
        Assert.Equal(expected, there ? $"{kind} {direction} {reference}" : null);
    }

    [Fact]
    public void Asking_for_another_kind_is_a_mistake()
    {
        Assert.True(RpPdu.TryDecode(new byte[] { 2, 42 }, out var pdu, out _));
        Assert.Throws<InvalidOperationException>(() => pdu.Data);
        Assert.Throws<InvalidOperationException>(() => pdu.Error);
        Assert.Throws<InvalidOperationException>(() => pdu.Smma);
        Assert.Equal(new RpAck(RpDirection.FromHandset, 42), pdu.Ack);
        Assert.False(RpData.TryDecode(new byte[] { 2, 42 }, out _, out var error));
        Assert.Equal((PduFault.WrongMessageType, "RP-MTI"), (error.Fault, error.Field));
    }

    /// <summary>Octets the standard's readers know: worked examples, each confirmed by an independent decoder.</summary>
    [Fact]
    public void Answers_have_the_octets_of_the_worked_examples()
    {
        var stamp = TpServiceCentreTimeStamp.From(new DateTimeOffset(2025, 8, 4, 10, 0, 0, TimeSpan.FromHours(2)));
        Assert.Equal("0309410901005280400100008 0".Replace(" ", ""), Hex(new RpAck(RpDirection.ToHandset, 9, new SmsSubmitReport { ServiceCentreTimeStamp = stamp }.Encode()).Encode()));
        Assert.Equal("0309", Hex(new RpAck(RpDirection.ToHandset, 9).Encode()));
        Assert.Equal("05090115", Hex(new RpError(RpDirection.ToHandset, 9, RpCause.ShortMessageTransferRejected).Encode()));
        var refusal = new SmsSubmitReport { FailureCause = TpFailureCause.ServiceCentreSystemFailure, ServiceCentreTimeStamp = stamp };
        Assert.Equal("05090115410a01c20052804001000080", Hex(new RpError(RpDirection.ToHandset, 9, RpCause.ShortMessageTransferRejected, null, refusal.Encode()).Encode()));
        Assert.Equal("022a41020000", Hex(new RpAck(RpDirection.FromHandset, 0x2A, new SmsDeliverReport().Encode()).Encode()));
        var full = new SmsDeliverReport { FailureCause = TpFailureCause.MemoryCapacityExceeded };
        Assert.Equal("042a0116410300d300", Hex(new RpError(RpDirection.FromHandset, 0x2A, RpCause.MemoryCapacityExceeded, null, full.Encode()).Encode()));

        var centre = RpAddress.International("491722270333");
        Assert.True(TpUserData.TryFromText("Hello", default, out var hello));
        var deliver = new SmsDeliver { OriginatingAddress = TpAddress.International("4940468950061"), ServiceCentreTimeStamp = stamp, UserData = hello };
        Assert.Equal("012a079194712272303300 19 040d91940464980560f1000052804001000080 05c8329bfd06".Replace(" ", ""), Hex(RpData.Encode(RpDirection.ToHandset, 0x2A, centre, deliver)));
        var submit = new SmsSubmit
        {
            StatusReportRequest = true, MessageReference = 7, DestinationAddress = TpAddress.FromOriginator("894"),
            ValidityPeriod = TpValidityPeriod.Relative(TimeSpan.FromDays(1)), UserData = hello,
        };
        Assert.Equal("00090007919471227230330f3107038198f40000a705c8329bfd06".Replace(" ", ""), Hex(RpData.Encode(RpDirection.FromHandset, 9, centre, submit)));
        var report = new SmsStatusReport
        {
            MessageReference = 7, RecipientAddress = TpAddress.International("4940468950061"), ServiceCentreTimeStamp = stamp,
            DischargeTime = TpServiceCentreTimeStamp.From(new DateTimeOffset(2025, 8, 4, 10, 5, 3, TimeSpan.FromHours(2))), Status = TpStatus.Received,
        };
        Assert.Equal("012b079194712272303300 1a 06070d91940464980560f1 52804001000080 52804001503080 00".Replace(" ", ""), Hex(RpData.Encode(RpDirection.ToHandset, 0x2B, centre, report)));
    }

    private static string Hex(byte[] octets) => Convert.ToHexStringLower(octets);
}
