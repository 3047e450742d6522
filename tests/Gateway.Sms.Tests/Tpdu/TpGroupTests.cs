using Xunit;

namespace Gateway.Sms.Tests;

public sealed class TpGroupTests
{
    [Fact]
    public void Every_status_belongs_to_its_range()
    {
        for (var value = 0; value < 256; value++)
        {
            var status = new TpStatus((byte)value);
            var expected = value switch
            {
                < 0x20 => TpStatusGroup.Completed,
                < 0x40 => TpStatusGroup.StillTrying,
                < 0x60 => TpStatusGroup.PermanentError,
                < 0x80 => TpStatusGroup.TemporaryErrorGivenUp,
                _      => TpStatusGroup.Reserved,
            };
            Assert.Equal((expected, value is < 0x20 or >= 0x40, value < 0x20), (status.Group, status.IsFinal, status.IsDelivered));
        }
    }

    [Theory]
    [InlineData(0x00, "SmeToSme", null, false)]
    [InlineData(0x1F, "SmeToSme", null, false)]
    [InlineData(0x20, "Telematic", null, false)]
    [InlineData(0x3F, "Telematic", null, false)]
    [InlineData(0x40, "ShortMessage", null, true)]
    [InlineData(0x41, "ShortMessage", 1, false)]
    [InlineData(0x47, "ShortMessage", 7, false)]
    [InlineData(0x48, "ShortMessage", null, true)]
    [InlineData(0x5F, "ShortMessage", null, false)]
    [InlineData(0x7D, "ShortMessage", null, true)]
    [InlineData(0x7F, "ShortMessage", null, true)]
    [InlineData(0x80, "Reserved", null, false)]
    [InlineData(0xC0, "ServiceCentreSpecific", null, false)]
    public void Protocol_identifier_belongs_to_its_group(byte value, string group, int? replaceType, bool operatorOnly)
    {
        var identifier = new TpProtocolIdentifier(value);
        Assert.Equal((group, replaceType, operatorOnly), (identifier.Group.ToString(), identifier.ReplaceType, identifier.IsOperatorOnly));
    }
}
