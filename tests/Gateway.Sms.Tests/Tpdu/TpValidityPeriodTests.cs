using Xunit;

namespace Gateway.Sms.Tests;

public sealed class TpValidityPeriodTests
{
    private static readonly DateTimeOffset Accepted = new(2025, 8, 4, 10, 0, 0, TimeSpan.FromHours(2));

    [Theory]
    [InlineData(0,   5)]
    [InlineData(1,   10)]
    [InlineData(143, 12 * 60)]
    [InlineData(144, 12 * 60 + 30)]
    [InlineData(167, 24 * 60)]
    [InlineData(168, 2 * 24 * 60)]
    [InlineData(170, 4 * 24 * 60)]
    [InlineData(196, 30 * 24 * 60)]
    [InlineData(197, 5 * 7 * 24 * 60)]
    [InlineData(255, 63 * 7 * 24 * 60)]
    public void Relative_octet_stands_for_minutes(byte value, int minutes)
    {
        var period = TpValidityPeriod.Relative(value);
        Assert.True(period.TryGetDuration(out var duration));
        Assert.Equal(minutes, duration.TotalMinutes);
        Assert.True(period.TryGetExpiry(Accepted, out var expiry));
        Assert.Equal(Accepted.AddMinutes(minutes), expiry);
        Assert.Equal(period, TpValidityPeriod.Relative(duration));
        if (value > 0) Assert.Equal(value, TpValidityPeriod.Relative(duration - TimeSpan.FromSeconds(1)).RelativeValue);
    }

    [Fact]
    public void Relative_period_is_no_shorter_than_asked_for_up_to_its_maximum()
    {
        Assert.Equal(0, TpValidityPeriod.Relative(TimeSpan.Zero).RelativeValue);
        Assert.Equal(255, TpValidityPeriod.Relative(TimeSpan.FromDays(10_000)).RelativeValue);
    }

    [Fact]
    public void Absolute_time_is_the_expiry()
    {
        var time = Accepted.AddDays(3);
        var period = TpValidityPeriod.Absolute(TpServiceCentreTimeStamp.From(time));
        Assert.False(period.TryGetDuration(out _));
        Assert.True(period.TryGetExpiry(Accepted, out var expiry));
        Assert.Equal(time, expiry);
    }

    [Theory]
    [InlineData("00000000000000", null, false, false)]  // no period
    [InlineData("01a70000000000", 86400, false, false)] // relative
    [InlineData("42ff0000000000", 255, true, false)]    // seconds, single shot
    [InlineData("02000000000000", null, false, false)]  // 0 seconds are reserved
    [InlineData("03102030000000", 3723, false, false)]  // 01:02:03
    [InlineData("03990030000000", 356403, false, false)]
    [InlineData("03100630000000", null, false, false)]  // minute 60
    [InlineData("03f02030000000", null, false, false)]
    [InlineData("04ff0000000000", null, false, true)]   // reserved format
    [InlineData("8100a700000000", 86400, false, false)] // one more functionality octet before the value
    [InlineData("81ffffffffffff", 38102400, false, false)]
    public void Enhanced_period_is_read(string hex, int? seconds, bool singleShot, bool reserved)
    {
        // SMS-SUBMIT with TP-VPF 1.
        Assert.True(SmsSubmit.TryDecode(Convert.FromHexString("090004912143 0000".Replace(" ", "") + hex + "00"), out var submit, out var error), error.ToString());
        var period = submit.ValidityPeriod;
        Assert.Equal(TpValidityPeriodFormat.Enhanced, period.Format);
        Assert.Equal(seconds, period.TryGetDuration(out var duration) ? (int)duration.TotalSeconds : null);
        Assert.Equal((singleShot, reserved), (period.IsSingleShot, period.IsReserved));
        Assert.Equal(hex, Convert.ToHexStringLower(period.Octets()));
        Assert.Equal(seconds is not null, period.TryGetExpiry(Accepted, out _));
    }

    [Fact]
    public void Seconds_are_written_in_the_enhanced_format()
    {
        Assert.Equal("42780000000000", Convert.ToHexStringLower(TpValidityPeriod.Seconds(120, singleShot: true).Octets()));
        Assert.Throws<ArgumentOutOfRangeException>(() => TpValidityPeriod.Seconds(256));
        Assert.Throws<ArgumentOutOfRangeException>(() => TpValidityPeriod.Seconds(0));
    }

    [Fact]
    public void No_period_is_none()
    {
        Assert.False(default(TpValidityPeriod).TryGetDuration(out _));
        Assert.False(default(TpValidityPeriod).TryGetExpiry(Accepted, out _));
        Assert.Equal(0, default(TpValidityPeriod).EncodedLength);
    }
}
