using CsCheck;
using Xunit;

namespace Gateway.Sms.Tests;

public sealed class TpServiceCentreTimeStampTests
{
    [Theory]
    [InlineData("2025-08-04T10:00:00+02:00", "52804001000080")]
    [InlineData("2025-08-04T10:00:00+00:00", "52804001000000")]
    [InlineData("2025-08-04T10:00:00-05:00", "5280400100000a")]
    [InlineData("2025-08-04T10:00:00-03:30", "52804001000049")]
    [InlineData("2025-08-04T10:00:00+05:45", "52804001000032")]
    [InlineData("2025-08-04T10:00:00+14:00", "52804001000065")]
    [InlineData("2025-08-04T10:00:00-14:00", "5280400100006d")]
    [InlineData("2024-02-29T23:59:59+00:00", "42209232959500")]
    [InlineData("2069-12-31T00:00:00+00:00", "96211300000000")]
    [InlineData("1970-01-01T00:00:00+00:00", "07101000000000")]
    [InlineData("1999-12-31T00:00:00+00:00", "99211300000000")]
    public void Time_has_its_octets(string time, string hex)
    {
        var expected = DateTimeOffset.Parse(time);
        var stamp = TpServiceCentreTimeStamp.From(expected);
        var octets = new byte[7];
        stamp.CopyTo(octets);
        Assert.Equal(hex, Convert.ToHexStringLower(octets));
        Assert.True(TpServiceCentreTimeStamp.FromOctets(octets).TryGetTime(out var back));
        Assert.Equal((expected, expected.Offset, time), (back, back.Offset, stamp.ToString()));
    }

    [Theory]
    [InlineData("5280f001000080")] // no digit
    [InlineData("52004001000080")] // month 0
    [InlineData("52314001000080")] // month 13
    [InlineData("52800001000080")] // day 0
    [InlineData("52209201000080")] // 29 February 2025
    [InlineData("52804042000080")] // hour 24
    [InlineData("52804001060080")] // minute 60
    [InlineData("52804001000680")] // second 60
    [InlineData("528040010000ff")] // zone of a broken gateway
    [InlineData("52804001000075")] // +14:15
    [InlineData("00000000000000")]
    public void Octets_that_are_no_time_are_kept(string hex)
    {
        var stamp = TpServiceCentreTimeStamp.FromOctets(Convert.FromHexString(hex));
        Assert.False(stamp.TryGetTime(out _));
        Assert.Null(stamp.Time);
        var octets = new byte[7];
        stamp.CopyTo(octets);
        Assert.Equal(hex, Convert.ToHexStringLower(octets));
    }

    [Fact]
    public void Any_time_survives_to_the_second() =>
        Gen.Select(Gen.Long[0, 3_155_000_000], Gen.Int[-14 * 60, 14 * 60]).Sample((seconds, minutes) =>
        {
            var time = DateTimeOffset.FromUnixTimeSeconds(seconds).AddMilliseconds(999).ToOffset(TimeSpan.FromMinutes(minutes));
            if (time.Year is < 1970 or > 2069) return;
            Assert.True(TpServiceCentreTimeStamp.From(time).TryGetTime(out var back));
            Assert.Equal(seconds, back.ToUnixTimeSeconds());
            Assert.Equal(minutes / 15 * 15, back.Offset.TotalMinutes);
        });

    [Theory]
    [InlineData("1969-12-31T00:00:00+00:00")]
    [InlineData("2070-01-01T00:00:00+00:00")]
    public void Two_digits_hold_a_century(string time) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => TpServiceCentreTimeStamp.From(DateTimeOffset.Parse(time)));
}
