using System.Text.Json.Nodes;
using CsCheck;
using Xunit;

namespace Gateway.Sms.Tests;

public sealed class Gsm7Tests
{
    private static readonly JsonObject Tables = JsonNode.Parse(File.ReadAllText(Vectors.PathOf("gsm7-tables.json")))!.AsObject();

    public static TheoryData<int> Languages() => [.. Enumerable.Range(0, 14)];

    [Theory]
    [MemberData(nameof(Languages))]
    public void Locking_table_reads_as_the_shared_one(int language)
    {
        var shared = Tables["locking"]![language.ToString()]?.AsArray();
        if (shared is null)
        {
            Assert.Equal(2, language); // Spanish has none: the default stands in
            shared = Tables["locking"]!["0"]!.AsArray();
        }
        for (var septet = 0; septet < 128; septet++)
        {
            if (septet == 0x1B) continue;
            Assert.Equal((string?)shared[septet] ?? " ", Unpack([(byte)septet], language, 0));
        }
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public void Single_shift_table_reads_as_the_shared_one_and_falls_back_to_the_main_table(int language)
    {
        var shared = Tables["single"]![language.ToString()]!.AsObject();
        for (var locking = 0; locking < 14; locking++)
        {
            for (var septet = 0; septet < 128; septet++)
            {
                if (septet == 0x1B) continue;
                var expected = (string?)shared[septet.ToString("x2")] ?? Unpack([(byte)septet], locking, 0);
                Assert.Equal(expected, Unpack([0x1B, (byte)septet], locking, language));
            }
        }
    }

    [Theory]
    [InlineData(new byte[] { 0x1B },                   " ")]   // nothing to shift
    [InlineData(new byte[] { 0x61, 0x1B },             "a ")]
    [InlineData(new byte[] { 0x1B, 0x1B },             " ")]   // reserved for a second extension
    [InlineData(new byte[] { 0x1B, 0x1B, 0x65 },       " e")]  // and on after both
    [InlineData(new byte[] { 0x1B, 0x65 },             "€")]
    [InlineData(new byte[] { 0x1B, 0x00 },             "@")]   // unassigned: the main table's character
    [InlineData(new byte[] { 0x00 },                   "@")]
    public void Escape_is_read_as_the_clause_says(byte[] septets, string expected) => Assert.Equal(expected, Unpack(septets, 0, 0));

    [Theory]
    [InlineData(14, 0)]
    [InlineData(255, 255)]
    [InlineData(0, 14)]
    [InlineData(2, 0)]
    public void Unknown_language_means_the_default(int locking, int single) =>
        Assert.Equal("Ç€", Unpack([0x09, 0x1B, 0x65], locking, single));

    [Theory]
    [InlineData("", 0)]
    [InlineData("Hello", 5)]
    [InlineData("€", 2)]
    [InlineData("[]{}\\~^|€\f", 20)]
    [InlineData("ç", -1)]
    [InlineData("Ç", 1)]
    [InlineData("`", -1)]
    [InlineData("\t", -1)]
    [InlineData("\u00A0", -1)]
    [InlineData("Α", -1)] // Greek capital alpha looks like A and is not
    [InlineData("😀", -1)]
    [InlineData("\u001B", -1)]
    [InlineData("\0", -1)]
    public void Septets_are_counted_with_their_escapes(string text, int septets)
    {
        Assert.Equal(septets, Gsm7.Count(text));
        Assert.Equal(septets >= 0, Gsm7.CanEncode(text));
        Assert.Equal(septets >= 0, Gsm7.Pack(text) is not null);
    }

    [Fact]
    public void Every_text_of_an_alphabet_survives_packing()
    {
        for (var locking = 0; locking < 14; locking++)
        {
            for (var single = 0; single < 14; single++)
            {
                var (lockingId, singleId) = (locking, single);
                var characters = Enumerable.Range(1, 0x2300).Select(code => (char)code).Where(character => Gsm7.CanEncode([character], lockingId, singleId)).ToArray();
                Assert.InRange(characters.Length, 90, 256);
                Gen.Select(Gen.Int[0, characters.Length - 1].Select(index => characters[index]).Array[0, 160], Gen.Int[0, 6]).Sample((text, fillBits) =>
                {
                    var octets = Gsm7.Pack(text, lockingId, singleId, fillBits)!;
                    Assert.True(Gsm7.TryUnpack(octets, Gsm7.Count(text, lockingId, singleId), out var back, lockingId, singleId, fillBits));
                    Assert.Equal(new string(text), back);
                }, iter: 10);
            }
        }
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(2, 7)]
    [InlineData(2, -1)]
    [InlineData(3, 0)]
    [InlineData(int.MaxValue, 0)]
    public void Septets_that_are_not_there_are_refused(int septets, int fillBits) => Assert.False(Gsm7.TryUnpack([0, 0], septets, out _, fillBits: fillBits));

    private static string Unpack(byte[] septets, int locking, int single)
    {
        Assert.True(Gsm7.TryUnpack(SeptetOracle.Pack(septets, 0), septets.Length, out var text, locking, single));
        return text;
    }
}
