using Gateway.Carriers;
using Gateway.Delivery;
using Gateway.Sip;
using Xunit;

namespace Gateway.Tests.Delivery;

public sealed class VerdictTests
{
    /// <summary>Row by row what is done after each answer: absence waits for the registration, and the device's own failures leave the next one its turn.</summary>
    [Theory]
    [InlineData("200 202",                             Next.Delivered,         0, false)]
    [InlineData("300 301 302 305 380",                 Next.Fail,              12, false)]  // not followed out of the trust domain
    [InlineData("404 408 410 430 480 487",             Next.AwaitRegistration, 2, true)]   // 430 (RFC 5626): its flow has failed
    [InlineData("406 415 488 606",                     Next.OtherClass,        12, true)]   // no SMS over IP, or no text, on that contact
    [InlineData("403 433 485 604",                     Next.Fail,              12, false)]  // 433 (RFC 5079): anonymity disallowed
    [InlineData("400 405 413 414 416 420 421 484 493", Next.Fail,              10, false)]
    [InlineData("501 505 513",                         Next.Fail,              10, false)]  // what we sent cannot be understood
    [InlineData("401 402 407 423 429 481 482 483 491", Next.Retry,             8, false)]
    [InlineData("500 502 503 504 580 599",             Next.Retry,             8, false)]
    [InlineData("486 600",                             Next.Retry,             7, false)]
    [InlineData("603 607",                             Next.Fail,              4, false)]  // 607 (RFC 8197): unwanted
    [InlineData("608",                                 Next.Fail,              6, false)]  // RFC 8688: rejected on the way
    [InlineData("699",                                 Next.Retry,             8, false)]
    public void A_SIP_status_decides(string statuses, Next next, byte errorCode, bool ofDevice) => Assert.All(statuses.Split(' ').Select(int.Parse), status =>
    {
        var verdict = Verdict.OfSip(new SipOutcome(SipOutcomeKind.Final, new SipResponse(status)));
        Assert.Equal((next, errorCode, status, ofDevice), (verdict.Next, verdict.ErrorCode, verdict.Status, verdict.OfDevice));
    });

    [Theory]
    [InlineData(404, Next.AwaitRegistration)]
    [InlineData(480, Next.AwaitRegistration)]
    [InlineData(486, Next.Retry)]
    [InlineData(500, Next.Retry)]
    [InlineData(503, Next.Retry)]
    [InlineData(600, Next.Retry)]
    [InlineData(603, Next.Retry)] // RFC 3261 §21.6.2: a better time to ask
    [InlineData(604, Next.Fail)]
    public void Retry_After_says_when_where_there_is_something_to_wait_for(int status, Next next)
    {
        var response = new SipResponse(status);
        response.Headers.Add(HeaderName.RetryAfter, "90");
        var verdict = Verdict.OfSip(new SipOutcome(SipOutcomeKind.Final, response));
        Assert.Equal((next, TimeSpan.FromSeconds(90)), (verdict.Next, verdict.After));
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
    [InlineData(SipOutcomeKind.TimedOut, Next.AwaitRegistration, 2, RetryCause.Absent, true)]
    [InlineData(SipOutcomeKind.FlowGone, Next.AwaitRegistration, 2, RetryCause.Absent, true)]
    [InlineData(SipOutcomeKind.TransportError, Next.Retry, 8, RetryCause.Network, true)]
    [InlineData(SipOutcomeKind.Overloaded, Next.Retry, 8, RetryCause.Network, false)]
    public void No_answer_decides_too(SipOutcomeKind kind, Next next, byte errorCode, RetryCause cause, bool ofDevice)
    {
        var verdict = Verdict.OfSip(new SipOutcome(kind));
        Assert.Equal((next, errorCode, cause, ofDevice), (verdict.Next, verdict.ErrorCode, verdict.Cause, verdict.OfDevice));
    }

    [Fact]
    public void Only_an_RP_ACK_is_a_delivery_and_silence_is_none()
    {
        Assert.Equal(Next.Delivered, Verdict.OfReport(new HandsetReport(1, 1, null), erredBefore: true).Next);
        var silence = Verdict.OfReport(null, erredBefore: true);
        Assert.Equal((Next.Retry, 2, RetryCause.NoReport), (silence.Next, silence.ErrorCode, silence.Cause));
    }

    [Theory]
    [InlineData(22, null)]
    [InlineData(22, 0xD3)]
    [InlineData(111, 0xD0)] // TP-FCS: (U)SIM SMS storage full
    [InlineData(111, 0xD3)] // memory capacity exceeded
    public void A_full_handset_is_waited_for(int cause, int? failureCause)
    {
        var verdict = Verdict.OfReport(new HandsetReport(1, 1, (byte)cause, (byte?)failureCause), erredBefore: true);
        Assert.Equal((Next.AwaitMemory, 7, RetryCause.Memory, cause), (verdict.Next, verdict.ErrorCode, verdict.Cause, verdict.RpCause));
    }

    [Theory]
    [InlineData(false, Next.Retry)]
    [InlineData(true, Next.Fail)]
    public void Every_other_RP_ERROR_is_tried_once_more_and_then_final(bool erredBefore, Next next) =>
        Assert.All(Enumerable.Range(0, 128).Where(cause => cause != 22), cause =>
        {
            var verdict = Verdict.OfReport(new HandsetReport(1, 1, (byte)cause, 0xFF), erredBefore);
            Assert.Equal((next, 10, cause), (verdict.Next, verdict.ErrorCode, verdict.RpCause));
            Assert.Equal($"RP-ERROR {cause}, TP-FCS FF", verdict.Reason);
        });

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
