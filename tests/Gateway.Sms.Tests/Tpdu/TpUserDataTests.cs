using Xunit;

namespace Gateway.Sms.Tests;

public sealed class TpUserDataTests
{
    private static readonly TpDataCodingScheme Gsm7Bit = TpDataCodingScheme.Of(TpAlphabet.Gsm7);
    private static readonly TpDataCodingScheme EightBit = TpDataCodingScheme.Of(TpAlphabet.EightBit);

    /// <summary>TS 23.040 §9.2.3.24: header octets, septets they take, bits that fill the last of them.</summary>
    [Theory]
    [InlineData(4,  5,  3)]
    [InlineData(6,  7,  1)]
    [InlineData(7,  8,  0)]
    [InlineData(9,  11, 5)]
    [InlineData(10, 12, 4)]
    [InlineData(12, 14, 2)]
    [InlineData(13, 15, 1)]
    public void Text_begins_on_a_septet_boundary(int headerOctets, int septets, int fillBits)
    {
        var header = UserDataHeader.Of(new InformationElement(0x70, new byte[headerOctets - 3]));
        Assert.True(TpUserData.TryFromText("ab", Gsm7Bit, out var userData, header));
        Assert.Equal((septets + 2, fillBits, "ab"), ((int)userData.Length, userData.FillBits, userData.Text));
        Assert.Equal(Septets.OctetCount(septets + 2), userData.Octets.Length);

        var full = new string('x', 160 - septets);
        Assert.True(TpUserData.TryFromText(full, Gsm7Bit, out userData, header));
        Assert.Equal((160, 140, full), ((int)userData.Length, userData.Octets.Length, userData.Text));
        Assert.False(TpUserData.TryFromText(full + "x", Gsm7Bit, out _, header));
    }

    [Fact]
    public void Only_the_length_tells_a_last_at_sign_from_padding()
    {
        Assert.True(TpUserData.TryFromText(new string('a', 39), Gsm7Bit, out var without));
        Assert.True(TpUserData.TryFromText(new string('a', 39) + "@", Gsm7Bit, out var with));
        Assert.Equal(without.Octets.ToArray(), with.Octets.ToArray());
        Assert.Equal((39, 40), (without.Text.Length, with.Text.Length));
    }

    [Fact]
    public void Header_chooses_the_tables()
    {
        var turkish = UserDataHeader.Of(
            new InformationElement(InformationElement.NationalSingleShift, new byte[] { 1 }), new InformationElement(InformationElement.NationalLockingShift, new byte[] { 1 }));
        Assert.False(TpUserData.TryFromText("ığş", Gsm7Bit, out _));
        Assert.True(TpUserData.TryFromText("ığş", Gsm7Bit, out var userData, turkish));
        Assert.Equal(("ığş", 8 + 3), (userData.Text, (int)userData.Length));
    }

    [Fact]
    public void Text_that_does_not_fit_its_coding_is_refused()
    {
        Assert.False(TpUserData.TryFromText("abc", EightBit, out _));
        Assert.False(TpUserData.TryFromText("ж", Gsm7Bit, out _));
        Assert.False(TpUserData.TryFromText(new string('x', 10_000), Gsm7Bit, out _));
        Assert.False(TpUserData.TryFromText(new string('ж', 71), TpDataCodingScheme.Of(TpAlphabet.Ucs2), out _));
        Assert.False(TpUserData.TryFromText("abcdefgh", Gsm7Bit, null, new byte[6], out _));
        Assert.True(TpUserData.TryFromText("abcdefgh", Gsm7Bit, null, new byte[7], out _));
    }

    [Fact]
    public void Buffer_of_the_caller_is_written_whatever_it_held()
    {
        var buffer = new byte[140];
        Array.Fill(buffer, (byte)0xFF);
        Assert.True(TpUserData.TryFromText("Hello", Gsm7Bit, null, buffer, out var userData));
        Assert.Equal("c8329bfd06", Convert.ToHexStringLower(userData.Octets.Span));
    }

    [Fact]
    public void Data_are_what_is_behind_the_header()
    {
        var header = UserDataHeader.Of(new InformationElement(InformationElement.Ports8, new byte[] { 1, 2 }));
        var userData = TpUserData.FromData([0xCA, 0xFE], EightBit, header);
        Assert.Equal(("040402 0102cafe".Replace(" ", ""), 7, "", "cafe"),
            (Convert.ToHexStringLower(userData.Octets.Span), (int)userData.Length, userData.Text, Convert.ToHexStringLower(userData.Data.Span)));
        Assert.Throws<ArgumentException>(() => TpUserData.FromData(new byte[141], EightBit));
        Assert.Throws<ArgumentException>(() => TpUserData.FromData(new byte[136], EightBit, header));
        Assert.Throws<ArgumentException>(() => TpUserData.FromData([1], Gsm7Bit));
    }

    [Fact]
    public void Compressed_text_stays_octets()
    {
        var userData = TpUserData.FromData([1, 2, 3], new TpDataCodingScheme(0x20));
        Assert.Equal(("", 3), (userData.Text, userData.Data.Length));
    }

    [Theory]
    [InlineData("c8329bfd06", 5,   false, 0x00, PduFault.None)]
    [InlineData("c8329bfd",   5,   false, 0x00, PduFault.Truncated)]
    [InlineData("c8329bfd0600", 5, false, 0x00, PduFault.LengthOutOfRange)]
    [InlineData("0102",       3,   false, 0x04, PduFault.Truncated)]
    [InlineData("050102",     3,   true,  0x04, PduFault.BrokenHeader)]
    public void Stored_fields_have_to_fit_together(string hex, byte length, bool hasHeader, byte coding, PduFault fault)
    {
        Assert.Equal(fault == PduFault.None, TpUserData.TryFromOctets(Convert.FromHexString(hex), length, hasHeader, new(coding), out _, out var error));
        Assert.Equal(fault, error.Fault);
    }

    [Fact]
    public void Stored_fields_longer_than_any_user_data_are_refused()
    {
        Assert.False(TpUserData.TryFromOctets(new byte[224], 255, false, default, out _, out var error));
        Assert.Equal((PduFault.LengthOutOfRange, "TP-UDL"), (error.Fault, error.Field));
    }
}
