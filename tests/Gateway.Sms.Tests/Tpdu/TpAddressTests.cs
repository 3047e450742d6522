using CsCheck;
using Xunit;

namespace Gateway.Sms.Tests;

public sealed class TpAddressTests
{
    [Theory]
    [InlineData("4940468950061",  "0d91940464980560f1", "+4940468950061")] // international
    [InlineData("+4940468950061", "0d91940464980560f1", "+4940468950061")]
    [InlineData("+2255",          "04912255",           "+2255")]
    [InlineData("2255",           "04812255",           "2255")]           // short code: type unknown
    [InlineData("894",            "038198f4",           "894")]
    [InlineData("112233",         "0681112233",         "112233")]
    [InlineData("1122334",        "0791112233f4",       "+1122334")]       // from seven digits on international
    [InlineData("01711234567",    "0b811017214365f7",   "01711234567")]    // as dialled
    [InlineData("Nexmo",          "09d0ce32befd06",     "Nexmo")]
    [InlineData("Vodafone",       "0ed0d637396c7ebbcb", "Vodafone")]
    [InlineData("49-40",          "09d0b45c8b0603",     "49-40")]
    [InlineData("E€",             "06d0c54d19",         "E€")]
    public void Originator_becomes_an_address(string originator, string hex, string shown)
    {
        var address = TpAddress.FromOriginator(originator);
        Assert.Equal((hex, shown), (Convert.ToHexStringLower(address.Encode()), address.ToString()));
        Assert.True(TpAddress.TryDecode(address.Encode(), out var back, out _));
        Assert.Equal(address, back);
    }

    [Theory]
    [InlineData("")]
    [InlineData("twelve chars")]
    [InlineData("€€€€€€")]                 // twelve septets
    [InlineData("Ĳssel")]                  // not in the default alphabet
    [InlineData("123456789012345678901")]  // twenty-one digits
    public void Originator_that_fits_no_address_is_refused(string originator)
    {
        Assert.False(TpAddress.TryFromOriginator(originator, out _));
        Assert.Throws<ArgumentException>(() => TpAddress.FromOriginator(originator));
    }

    /// <summary>Length in semi-octets for names of one to eleven characters: TS 23.040 §9.1.2.5.</summary>
    [Fact]
    public void Names_of_every_length_survive()
    {
        int[] lengths = [2, 4, 6, 7, 9, 11, 13, 14, 16, 18, 20];
        for (var count = 1; count <= lengths.Length; count++)
        {
            var name = "abcdefghijk"[..count];
            Assert.True(TpAddress.TryAlphanumeric(name, out var address));
            Assert.Equal((lengths[count - 1], 2 + (lengths[count - 1] + 1) / 2), (address.Length, address.EncodedLength));
            Assert.Equal((name, "", true), (address.Name, address.Digits, address.IsAlphanumeric));
        }
    }

    [Fact]
    public void Any_name_survives() => AnyPdu.Text(0, 0, 1, 11).Sample(name =>
    {
        Assert.True(TpAddress.TryAlphanumeric(name, out var address));
        Assert.True(TpAddress.TryDecode(address.Encode(), out var back, out _));
        // Length 14 cannot tell eight septets from seven, so an eighth @ is given up: see the type.
        Assert.Equal(address.Length == 14 && name.EndsWith('@') ? name[..^1] : name, back.Name);
    });

    [Theory]
    [InlineData("0dd0cdb27c5c97e701", "Mercury")] // seven characters, 49 bits: 13 semi-octets
    [InlineData("0ed0cdb27c5c97e701", "Mercury")] // the same from an encoder that counts whole octets: no eighth @
    [InlineData("04d061f11806",       "ab")]      // octets beyond the length are not the address's
    [InlineData("04d061f1",           "ab")]
    public void Name_is_as_long_as_its_length_says(string hex, string expected)
    {
        Assert.True(TpAddress.TryDecode(Convert.FromHexString(hex), out var address, out _));
        Assert.Equal(expected, address.Name);
    }

    [Theory]
    [InlineData("0080",             "")]              // unknown sender
    [InlineData("04912143",         "+1234")]
    [InlineData("049121f3",         "+123")]          // the filler is counted as a digit
    [InlineData("039121f3",         "+123")]
    [InlineData("0381bafc",         "*#a")]
    [InlineData("0c91536212160120", "+352621611002")]
    public void Digits_are_read(string hex, string shown)
    {
        Assert.True(TpAddress.TryDecode(Convert.FromHexString(hex), out var address, out _));
        Assert.Equal(shown, address.ToString());
        Assert.Equal(hex, Convert.ToHexStringLower(address.Encode()));
    }

    [Theory]
    [InlineData("04912f43",     2)]
    [InlineData("0491f143",     2)]
    [InlineData("0691214f65",   3)]
    [InlineData("15912143",     0)]
    [InlineData("0491",         2)]
    public void Number_that_would_be_another_one_is_refused(string hex, int offset)
    {
        Assert.False(TpAddress.TryDecode(Convert.FromHexString(hex), out _, out var error));
        Assert.Equal(offset, error.Offset);
    }

    [Fact]
    public void Address_that_was_never_set_is_written_as_unknown() => Assert.Equal("0080", Convert.ToHexStringLower(default(TpAddress).Encode()));

    [Theory]
    [InlineData("49a4x")]
    [InlineData("123456789012345678901")]
    public void Number_with_other_characters_is_refused(string digits) => Assert.Throws<ArgumentException>(() => TpAddress.International(digits));
}
