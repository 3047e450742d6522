using Xunit;

namespace Gateway.Sms.Tests;

public sealed class RpAddressTests
{
    [Theory]
    [InlineData("491722270333",  "07919471227230 33", "+491722270333")]
    [InlineData("+491722270333", "07919471227230 33", "+491722270333")]
    [InlineData("31624000000",   "0791132604000 0f0", "+31624000000")]
    public void International_address_is_counted_in_octets(string digits, string hex, string shown)
    {
        var address = RpAddress.International(digits);
        var octets = new RpData(RpDirection.ToHandset, 9, address, default, default).Encode();
        Assert.Equal(hex.Replace(" ", ""), Convert.ToHexStringLower(octets)[4..^4]);
        Assert.Equal(shown, address.ToString());
        Assert.True(RpData.TryDecode(octets, out var back, out _));
        Assert.Equal(address, back.OriginatorAddress);
        Assert.True(back.DestinationAddress.IsEmpty);
    }

    [Theory]
    [InlineData("00 3c 00 09 9153620000001011f1 01 00", "+352600000001111")] // odd number of digits
    [InlineData("00 3c 00 03 8198f4 01 00",             "894")]
    [InlineData("00 3c 00 01 91 01 00",                 "+")]
    [InlineData("00 3c 00 00 01 00",                    "")]
    public void Destination_is_read(string hex, string shown)
    {
        Assert.True(RpData.TryDecode(Convert.FromHexString(hex.Replace(" ", "")), out var data, out var error), error.ToString());
        Assert.Equal(shown, data.DestinationAddress.ToString());
    }

    [Fact]
    public void Twenty_digits_are_the_most()
    {
        Assert.Equal(12, RpAddress.International("12345678901234567890").EncodedLength);
        Assert.Throws<ArgumentException>(() => RpAddress.International("123456789012345678901"));
    }
}
