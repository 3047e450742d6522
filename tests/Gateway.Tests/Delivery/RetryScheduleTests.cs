using Gateway.Delivery;
using Gateway.Sip;
using Xunit;

namespace Gateway.Tests.Delivery;

public sealed class RetryScheduleTests
{
    private static readonly Verdict Absent = Verdict.OfSip(new SipOutcome(SipOutcomeKind.TimedOut));
    private static readonly Verdict NoReport = Verdict.OfReport(null, erredBefore: false);
    private static readonly Verdict Network = Verdict.OfSip(new SipOutcome(SipOutcomeKind.TransportError));
    private static readonly Verdict Memory = Verdict.OfReport(new HandsetReport(1, 1, 22), erredBefore: false);
    private static readonly Verdict RpError = Verdict.OfReport(new HandsetReport(1, 1, 111), erredBefore: false);

    [Fact]
    public void Each_cause_has_its_schedule_and_the_last_step_repeats()
    {
        var schedule = new RetrySchedule(new DeliverySettings
        {
            RetrySeconds = [7], Retry = new RetrySettings { Absent = [1, 2], NoReport = [3], Memory = [5] },
        }, new Middle());
        Assert.Equal([1000, 2000, 2000], Enumerable.Range(1, 3).Select(attempt => schedule.Delay(Absent, attempt)));
        Assert.Equal((3000, 7000, 5000, 7000),
            (schedule.Delay(NoReport, 1), schedule.Delay(Network, 1), schedule.Delay(Memory, 1), schedule.Delay(RpError, 1)));
    }

    [Fact]
    public void Without_settings_a_full_handset_is_asked_every_half_hour_and_all_else_has_one_ladder()
    {
        var schedule = new RetrySchedule(new DeliverySettings(), new Middle());
        foreach (var verdict in new[] { Absent, NoReport, Network })
            Assert.Equal([60_000, 300_000, 900_000, 3_600_000, 3_600_000], Enumerable.Range(1, 5).Select(attempt => schedule.Delay(verdict, attempt)));
        Assert.Equal(1_800_000, schedule.Delay(Memory, 3));
    }

    [Fact]
    public void Jitter_is_a_tenth_at_most_and_what_the_other_side_asks_for_has_none()
    {
        var schedule = new RetrySchedule(new DeliverySettings { RetrySeconds = [100] }, new Random(1));
        var delays = Enumerable.Range(0, 2000).Select(_ => schedule.Delay(Absent, 1)).ToList();
        Assert.All(delays, delay => Assert.InRange(delay, 90_000, 110_000));
        Assert.True(delays.Distinct().Count() > 100);
        Assert.Equal(1000, schedule.Delay(Verdict.OfSip(new SipOutcome(SipOutcomeKind.Overloaded)), 1));
    }

    /// <summary>No jitter.</summary>
    internal sealed class Middle : Random
    {
        public override int Next(int maxValue) => maxValue / 2;
    }
}
