using CsCheck;
using Xunit;

namespace Gateway.Sms.Tests;

public sealed class UserDataHeaderTests
{
    [Theory]
    [InlineData("05 00 03 5a 02 01",             "90/8 1 of 2")]
    [InlineData("06 08 04 5a a5 03 02",          "23205/16 2 of 3")]
    [InlineData("05 00 03 00 01 01",             "0/8 1 of 1")]      // reference 0 is valid
    [InlineData("05 00 03 5a 02 00",             null)]              // part 0
    [InlineData("05 00 03 5a 00 01",             null)]              // of 0
    [InlineData("05 00 03 5a 02 03",             null)]              // beyond the total
    [InlineData("04 00 02 5a 02",                null)]              // not its length
    [InlineData("0a 00 03 5a 02 01 00 03 5b 03 02", "91/8 2 of 3")]  // the last counts
    [InlineData("0b 00 03 5a 02 01 08 04 01 02 02 02", "258/16 2 of 2")]
    [InlineData("0b 08 04 01 02 02 02 00 03 5a 02 01", "90/8 1 of 2")]
    [InlineData("0a 00 03 5a 02 01 00 03 5b 03 00", "90/8 1 of 2")]  // one that makes no sense does not count
    [InlineData("00",                            null)]
    public void Concatenation_is_read(string hex, string? expected)
    {
        var part = Header(hex).Concatenation;
        Assert.Equal(expected, part is { } there ? $"{there.Reference}/{there.ReferenceBits} {there.Sequence} of {there.Total}" : null);
    }

    [Theory]
    [InlineData("04 04 02 f0 f1",                     "8 240 241")]
    [InlineData("06 05 04 0b 84 23 f0",               "16 2948 9200")]
    [InlineData("0a 04 02 f0 f1 05 04 0b 84 23 f0",   "16 2948 9200")]
    [InlineData("0a 05 04 0b 84 23 f0 04 02 f0 f1",   "8 240 241")]
    [InlineData("05 05 03 0b 84 23",                  null)]
    public void Ports_are_read(string hex, string? expected)
    {
        var ports = Header(hex).Ports;
        Assert.Equal(expected, ports is { } there ? $"{there.Bits} {there.Destination} {there.Source}" : null);
    }

    [Fact]
    public void Known_elements_are_typed_and_unknown_ones_kept()
    {
        var header = Header("1b 24 01 0d 25 01 03 06 01 8f 07 01 02 20 01 11 22 04 04 91 21 43 70 00 01 02 99 05");
        Assert.Equal(((byte?)13, (byte?)3, (byte?)0x8F, (byte?)2, (byte?)0x11), (header.SingleShift, header.LockingShift, header.ServiceCentreControl, header.HeaderSource, header.EmailHeaderLength));
        Assert.Equal("+1234", header.ReplyAddress.ToString());
        Assert.Equal([new SpecialSmsIndication(true, 0, 25, 5)], header.SpecialSms);
        var identifiers = new List<int>();
        foreach (var element in header) identifiers.Add(element.Identifier);
        Assert.Equal([0x24, 0x25, 0x06, 0x07, 0x20, 0x22, 0x70, 0x01], identifiers);
    }

    [Theory]
    [InlineData("01 02 80 03", true, 0, 0, 3)]
    [InlineData("01 02 27 00", false, 1, 7, 0)] // video, profile 1
    [InlineData("01 02 e2 ff", true, 3, 2, 255)]
    public void Special_sms_is_read(string element, bool store, byte profile, byte type, byte count) =>
        Assert.Equal([new SpecialSmsIndication(store, profile, type, count)], Header("04 " + element).SpecialSms);

    [Fact]
    public void Header_is_written_as_it_is_read() => AnyPdu.Header.Sample(header =>
    {
        var octets = (byte[])[(byte)header.Length, .. header.Octets.Span];
        Assert.True(UserDataHeader.TryDecode(octets, out var back, out var error), error.ToString());
        Assert.Equal(header, back);
    });

    [Theory]
    [InlineData("",               "TP-UDHL", 0)]
    [InlineData("01",             "TP-UDHL", 0)]
    [InlineData("00 00",          "TP-UDHL", 0)] // more than the header
    [InlineData("01 00",          "TP-UDH",  1)] // no length
    [InlineData("05 00 04 5a 02 01", "TP-UDH", 1)]
    [InlineData("06 70 00 00 03 5a 02", "TP-UDH", 3)]
    public void Header_of_a_customer_has_to_add_up(string hex, string field, int offset)
    {
        Assert.False(UserDataHeader.TryDecode(Convert.FromHexString(hex.Replace(" ", "")), out _, out var error));
        Assert.Equal((field, offset), (error.Field, error.Offset));
    }

    [Fact]
    public void Header_longer_than_user_data_is_a_mistake() =>
        Assert.Throws<ArgumentException>(() => UserDataHeader.Of(new InformationElement(0x70, new byte[138])));

    [Fact]
    public void Any_octets_are_read_or_refused() => Gen.Byte.Array[0, 40].Sample(octets =>
    {
        if (!UserDataHeader.TryDecode(octets, out var header, out var error)) Assert.InRange(error.Offset, 0, octets.Length);
        else Assert.Equal(octets.Length, 1 + header.Length);
    });

    private static UserDataHeader Header(string hex)
    {
        Assert.True(UserDataHeader.TryDecode(Convert.FromHexString(hex.Replace(" ", "")), out var header, out var error), error.ToString());
        return header;
    }
}
