using CsCheck;
using Xunit;

namespace Gateway.Sms.Tests;

/// <summary>What is encoded decodes to itself, for everything the types can hold.</summary>
public sealed class RoundTripTests
{
    [Fact]
    public void Deliver() => AnyPdu.Deliver.Sample(tpdu =>
    {
        Assert.True(SmsDeliver.TryDecode(Bounded(tpdu.Encode()), out var back, out var error), error.ToString());
        // The first octet of a time stamp that is no time is kept as well, so equality is of all octets.
        Assert.Equal(tpdu, back);
    });

    [Fact]
    public void Submit() => AnyPdu.Submit.Sample(tpdu =>
    {
        Assert.True(SmsSubmit.TryDecode(Bounded(tpdu.Encode()), out var back, out var error), error.ToString());
        Assert.Equal(tpdu, back);
    });

    [Fact]
    public void Status_report() => AnyPdu.StatusReport.Sample(tpdu =>
    {
        Assert.True(SmsStatusReport.TryDecode(tpdu.Encode(), out var back, out var error), error.ToString());
        Assert.Equal(tpdu, back with { ParameterIndicator = tpdu.ParameterIndicator });
        Assert.Equal(tpdu.Encode(), back.Encode());
    });

    [Fact]
    public void Command() => AnyPdu.Command.Sample(tpdu =>
    {
        Assert.True(SmsCommand.TryDecode(tpdu.Encode(), out var back, out var error), error.ToString());
        Assert.Equal(tpdu, back);
    });

    [Fact]
    public void Deliver_report() => AnyPdu.DeliverReport.Sample(tpdu =>
    {
        var carriedBy = tpdu.FailureCause is null ? RpKind.Ack : RpKind.Error;
        Assert.True(SmsDeliverReport.TryDecode(tpdu.Encode(), carriedBy, out var back, out var error), error.ToString());
        Assert.Equal(tpdu, back with { ParameterIndicator = tpdu.ParameterIndicator });
        Assert.Equal(tpdu.Encode(), back.Encode());
    });

    [Fact]
    public void Submit_report() => AnyPdu.SubmitReport.Sample(tpdu =>
    {
        var carriedBy = tpdu.FailureCause is null ? RpKind.Ack : RpKind.Error;
        Assert.True(SmsSubmitReport.TryDecode(tpdu.Encode(), carriedBy, out var back, out var error), error.ToString());
        Assert.Equal(tpdu, back with { ParameterIndicator = tpdu.ParameterIndicator });
        Assert.Equal(tpdu.Encode(), back.Encode());
    });

    [Fact]
    public void Rp_data() => Gen.Select(Gen.Bool, Gen.Byte, AnyPdu.ServiceCentre, AnyPdu.ServiceCentre, AnyPdu.Deliver).Sample((toHandset, reference, originator, destination, tpdu) =>
    {
        var data = new RpData(toHandset ? RpDirection.ToHandset : RpDirection.FromHandset, reference, originator, destination, tpdu.Encode());
        Assert.True(RpPdu.TryDecode(data.Encode(), out var back, out var error), error.ToString());
        Assert.Equal((RpKind.Data, data), (back.Kind, back.Data));
        Assert.InRange(data.Encode().Length, 0, RpPdu.MaxLength);

        // The form that encodes the TPDU in place gives the same octets.
        var (here, there) = toHandset ? (originator, default(RpAddress)) : (default, originator);
        Assert.Equal(new RpData(data.Direction, reference, here, there, tpdu.Encode()).Encode(), RpData.Encode(data.Direction, reference, originator, tpdu));
    });

    [Fact]
    public void Rp_ack() => Gen.Select(Gen.Bool, Gen.Byte, AnyPdu.DeliverReport).Sample((toHandset, reference, tpdu) =>
    {
        var ack = new RpAck(toHandset ? RpDirection.ToHandset : RpDirection.FromHandset, reference, reference % 3 == 0 ? default : tpdu.Encode());
        Assert.True(RpPdu.TryDecode(ack.Encode(), out var back, out var error), error.ToString());
        Assert.Equal((RpKind.Ack, ack), (back.Kind, back.Ack));
    });

    [Fact]
    public void Rp_error() => Gen.Select(Gen.Bool, Gen.Byte.Array[3], Gen.Byte[0, 127], AnyPdu.SubmitReport).Sample((toHandset, octets, cause, tpdu) =>
    {
        var failure = new RpError(
            toHandset ? RpDirection.ToHandset : RpDirection.FromHandset, octets[0], (RpCause)cause,
            octets[1] % 2 == 0 ? null : octets[2], octets[1] % 3 == 0 ? default : tpdu.Encode());
        Assert.True(RpPdu.TryDecode(failure.Encode(), out var back, out var error), error.ToString());
        Assert.Equal((RpKind.Error, failure), (back.Kind, back.Error));
    });

    [Fact]
    public void Rp_smma() => Gen.Byte.Sample(reference =>
    {
        Assert.True(RpPdu.TryDecode(new RpSmma(reference).Encode(), out var back, out _));
        Assert.Equal((RpKind.Smma, RpDirection.FromHandset, new RpSmma(reference)), (back.Kind, back.Direction, back.Smma));
    });

    [Fact]
    public void Stored_user_data_come_back() => AnyPdu.UserData.Sample(userData =>
    {
        Assert.True(TpUserData.TryFromOctets(userData.Octets.ToArray(), userData.Length, userData.HasHeader, userData.DataCodingScheme, out var back, out var error), error.ToString());
        Assert.Equal(userData, back);
        Assert.Equal((userData.Text, userData.Header), (back.Text, back.Header));
    });

    private static byte[] Bounded(byte[] tpdu)
    {
        Assert.InRange(tpdu.Length, 1, Tpdu.MaxLength);
        return tpdu;
    }
}
