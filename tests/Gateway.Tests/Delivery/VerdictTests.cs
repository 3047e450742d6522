using Gateway.Carriers;
using Gateway.Delivery;
using Gateway.Sip;
using Xunit;

namespace Gateway.Tests.Delivery;

public sealed class VerdictTests
{
    [Theory]
    [InlineData(200, Next.Delivered, 0)]
    [InlineData(202, Next.Delivered, 0)]
    [InlineData(302, Next.Fail, 12)]
    [InlineData(400, Next.Fail, 10)]
    [InlineData(403, Next.Fail, 12)]
    [InlineData(404, Next.AwaitRegistration, 2)]
    [InlineData(408, Next.AwaitRegistration, 2)]
    [InlineData(415, Next.OtherClass, 12)]
    [InlineData(480, Next.AwaitRegistration, 2)]
    [InlineData(488, Next.OtherClass, 12)]
    [InlineData(500, Next.Retry, 8)]
    [InlineData(503, Next.Retry, 8)]
    [InlineData(603, Next.Fail, 4)]
    [InlineData(604, Next.Fail, 12)]
    public void A_SIP_status_decides(int status, Next next, byte errorCode)
    {
        var verdict = Verdict.OfSip(new SipOutcome(SipOutcomeKind.Final, new SipResponse(status)));
        Assert.Equal((next, errorCode, status), (verdict.Next, verdict.ErrorCode, verdict.Status));
    }

    [Theory]
    [InlineData("120", 120)]
    [InlineData("18000;duration=3600", 18000)]
    [InlineData("5 (in maintenance)", 5)]
    public void Retry_After_is_obeyed(string header, int seconds)
    {
        var response = new SipResponse(503);
        response.Headers.Add(HeaderName.RetryAfter, header);
        Assert.Equal(TimeSpan.FromSeconds(seconds), Verdict.OfSip(new SipOutcome(SipOutcomeKind.Final, response)).After);
    }

    [Theory]
    [InlineData(SipOutcomeKind.TimedOut, Next.AwaitRegistration)]
    [InlineData(SipOutcomeKind.FlowGone, Next.AwaitRegistration)]
    [InlineData(SipOutcomeKind.TransportError, Next.Retry)]
    [InlineData(SipOutcomeKind.Overloaded, Next.Retry)]
    public void No_answer_decides_too(SipOutcomeKind kind, Next next) => Assert.Equal(next, Verdict.OfSip(new SipOutcome(kind)).Next);

    [Fact]
    public void Only_an_RP_ACK_is_a_delivery_and_silence_is_none()
    {
        Assert.Equal(Next.Delivered, Verdict.OfReport(new HandsetReport(1, 1, null), attempts: 1).Next);
        Assert.Equal(Next.Retry, Verdict.OfReport(null, attempts: 1).Next);
    }

    [Fact]
    public void A_full_handset_is_waited_for() => Assert.Equal(Next.AwaitMemory, Verdict.OfReport(new HandsetReport(1, 1, 22), attempts: 1).Next);

    [Fact]
    public void Another_RP_ERROR_is_tried_once_more_and_then_final()
    {
        Assert.Equal(Next.Retry, Verdict.OfReport(new HandsetReport(1, 1, 95), attempts: 1).Next);
        Assert.Equal(Next.Fail, Verdict.OfReport(new HandsetReport(1, 1, 95), attempts: 2).Next);
    }

    [Fact]
    public void A_carrier_takes_refuses_or_asks_to_wait()
    {
        Assert.Equal(Next.HandedOver, Verdict.OfCarrier("c", new CarrierOutcome.Accepted(200, ["a"])).Next);
        var refused = Verdict.OfCarrier("c", new CarrierOutcome.Rejected(200, 7, "barred", 4));
        Assert.Equal((Next.Fail, (byte)4), (refused.Next, refused.ErrorCode));
        Assert.Equal(TimeSpan.FromSeconds(3), Verdict.OfCarrier("c", new CarrierOutcome.Temporary(503, "busy", TimeSpan.FromSeconds(3))).After);
    }

    [Fact]
    public void Another_carrier_has_its_turn_only_when_this_one_has_nothing_of_the_message()
    {
        Assert.True(Verdict.OfCarrier("c", new CarrierOutcome.Rejected(200, 7, "barred", 4)).OtherRoute);
        Assert.False(Verdict.OfCarrier("c", new CarrierOutcome.Rejected(200, 7, "part 2 of 2", 4, PartlyTaken: true)).OtherRoute);
        Assert.True(Verdict.OfCarrier("c", new CarrierOutcome.Temporary(429, "busy", TimeSpan.FromMinutes(5))).OtherRoute);
        Assert.False(Verdict.OfCarrier("c", new CarrierOutcome.Temporary(0, "no answer in time", null, MayHaveBeenTaken: true)).OtherRoute);
    }
}
