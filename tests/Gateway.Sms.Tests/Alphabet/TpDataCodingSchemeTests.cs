using Xunit;

namespace Gateway.Sms.Tests;

public sealed class TpDataCodingSchemeTests
{
    /// <summary>All 256 octets against TS 23.038 §4, written out by group.</summary>
    [Fact]
    public void Every_octet_reads_as_its_group()
    {
        for (var value = 0; value < 256; value++)
        {
            var coding = new TpDataCodingScheme((byte)value);
            var (group, low) = (value >> 4, value & 0xF);
            var general = group <= 7;
            var alphabet = (group, low >> 2) switch
            {
                ( <= 7, 1)    => TpAlphabet.EightBit,
                ( <= 7, 2)    => TpAlphabet.Ucs2,
                (14, _)       => TpAlphabet.Ucs2,
                (15, 1 or 3)  => TpAlphabet.EightBit,
                _             => TpAlphabet.Gsm7,
            };
            int? messageClass = group is 1 or 3 or 5 or 7 or 15 ? low & 3 : null;
            MessageWaiting? waiting = group switch
            {
                12       => new(low >= 8, false, (MessageWaitingKind)(low & 3)),
                13 or 14 => new(low >= 8, true, (MessageWaitingKind)(low & 3)),
                _        => null,
            };
            Assert.Equal(alphabet, coding.Alphabet);
            Assert.Equal(messageClass, coding.MessageClass);
            Assert.Equal(group is 2 or 3 or 6 or 7, coding.IsCompressed);
            Assert.Equal(group is 4 or 5 or 6 or 7, coding.IsAutomaticDeletion);
            Assert.Equal(waiting, coding.MessageWaiting);
            Assert.Equal(group is 8 or 9 or 10 or 11, coding.IsReservedGroup);
            Assert.Equal(general && low >> 2 == 3, coding.IsReservedAlphabet);
        }
    }

    [Theory]
    [InlineData(TpAlphabet.Gsm7,     null, 0x00)]
    [InlineData(TpAlphabet.Gsm7,     0,    0x10)]
    [InlineData(TpAlphabet.EightBit, null, 0x04)]
    [InlineData(TpAlphabet.EightBit, 2,    0x16)]
    [InlineData(TpAlphabet.Ucs2,     null, 0x08)]
    [InlineData(TpAlphabet.Ucs2,     0,    0x18)]
    public void Alphabet_and_class_are_put_into_the_general_group(TpAlphabet alphabet, int? messageClass, byte value)
    {
        var coding = TpDataCodingScheme.Of(alphabet, messageClass);
        Assert.Equal((value, alphabet, messageClass), (coding.Value, coding.Alphabet, coding.MessageClass));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(4)]
    public void There_are_four_classes(int messageClass) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => TpDataCodingScheme.Of(TpAlphabet.Gsm7, messageClass));
}
