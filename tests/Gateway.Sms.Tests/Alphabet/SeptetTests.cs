using CsCheck;
using Xunit;

namespace Gateway.Sms.Tests;

public sealed class SeptetTests
{
    private static readonly Gen<byte[]> AnySeptets = Gen.Byte[0, 127].Array[0, 181];

    [Fact]
    public void Packing_equals_the_bit_by_bit_reading() =>
        Gen.Select(AnySeptets, Gen.Int[0, 300]).Sample((septets, offset) =>
        {
            var octets = new byte[(offset + septets.Length * 7 + 7) / 8];
            Septets.Pack(septets, octets, offset);
            Assert.Equal(SeptetOracle.Pack(septets, offset), octets);
        });

    [Fact]
    public void Packing_keeps_the_bits_before_it() =>
        Gen.Select(AnySeptets, Gen.Int[1, 7], Gen.Byte).Sample((septets, offset, before) =>
        {
            var kept = (byte)(before & ((1 << offset) - 1));
            var octets = new byte[(offset + septets.Length * 7 + 7) / 8];
            octets[0] = kept;
            Septets.Pack(septets, octets, offset);
            Assert.Equal(kept, octets[0] & ((1 << offset) - 1));
        });

    [Fact]
    public void Unpacking_equals_the_bit_by_bit_reading() =>
        Gen.Select(Gen.Byte.Array[0, 160], Gen.Int[0, 20]).Sample((octets, offset) =>
        {
            for (var count = 0; offset + count * 7 <= octets.Length * 8; count++)
            {
                var septets = new byte[count];
                Septets.Unpack(octets, septets, offset);
                Assert.Equal(SeptetOracle.Unpack(octets, count, offset), septets);
            }
        }, iter: 300);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(7, 7)]
    [InlineData(8, 7)]
    [InlineData(9, 8)]
    [InlineData(39, 35)]
    [InlineData(40, 35)]
    [InlineData(160, 140)]
    public void Octets_for_septets(int septets, int octets) => Assert.Equal(octets, Septets.OctetCount(septets));
}
