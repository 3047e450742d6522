using CsCheck;
using Xunit;

namespace Gateway.Sms.Tests;

public sealed class Ucs2Tests
{
    private static readonly TpDataCodingScheme Coding = TpDataCodingScheme.Of(TpAlphabet.Ucs2);

    [Theory]
    [InlineData("0048 0069",                "Hi")]
    [InlineData("d83d de00",                "😀")]
    [InlineData("feff 0048",                "H")]        // byte order mark
    [InlineData("fffe 4800",                "H")]        // little endian, and says so
    [InlineData("feff",                     "")]
    [InlineData("0048 d83d",                "H\uFFFD")]  // half a pair
    [InlineData("de00 0048",                "\uFFFDH")]
    [InlineData("d83d d83d de00",           "\uFFFD😀")]
    [InlineData("0048 00",                  "H")]        // an odd last octet
    [InlineData("0000 0041",                "\0A")]
    [InlineData("",                         "")]
    public void Octets_read_as_text(string hex, string expected) =>
        Assert.Equal(expected, TpUserData.FromData(Convert.FromHexString(hex.Replace(" ", "")), Coding).Text);

    [Fact]
    public void Every_text_survives() =>
        Gen.Char.Array[0, 70].Select(characters => new string(characters)).Sample(text =>
        {
            var whole = string.Concat(text.EnumerateRunes()).TrimStart('\uFEFF', '\uFFFE'); // lone surrogates become U+FFFD on the way out as well
            Assert.True(TpUserData.TryFromText(whole, Coding, out var userData));
            Assert.Equal(whole, userData.Text);
        });
}
