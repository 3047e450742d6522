using CsCheck;
using Xunit;

namespace Gateway.Sms.Tests;

public sealed class SegmenterTests
{
    private static readonly SegmentationOptions Wide = new() { Reference = 0x5AA5, WideReference = true };

    [Theory]
    [InlineData(160, 153, "a", false)]
    [InlineData(160, 152, "a", true)]
    [InlineData(70,  67,  "ж", false)]
    [InlineData(70,  66,  "ж", true)]
    [InlineData(80,  76,  "€", false)] // escape pairs: 153 septets hold 76 and one is left
    [InlineData(80,  76,  "€", true)]
    [InlineData(35,  33,  "😀", false)] // surrogate pairs: 67 hold 33 and one is left
    [InlineData(35,  33,  "😀", true)]
    public void Parts_hold_what_the_standard_has_room_for(int alone, int each, string character, bool wide)
    {
        var options = wide ? Wide : SegmentationOptions.Default;
        Assert.Equal([alone], Sizes(alone));
        Assert.Equal([each, alone + 1 - each], Sizes(alone + 1));
        Assert.Equal([each, each], Sizes(2 * each));
        Assert.Equal([each, each, 1], Sizes(2 * each + 1));

        int[] Sizes(int count) => [.. Segment(string.Concat(Enumerable.Repeat(character, count)), options).Segments.Select(segment => segment.Text.Length / character.Length)];
    }

    [Fact]
    public void Most_parts_are_255()
    {
        Assert.Equal(255, Segment(new string('a', 255 * 153), SegmentationOptions.Default).Segments.Count);
        Assert.False(Segmenter.TrySegment(new string('a', 255 * 153 + 1), SegmentationOptions.Default, out var none));
        Assert.Empty(none.Segments);
        Assert.Equal(256, Segmenter.CountSegments(new string('a', 255 * 153 + 1)));
    }

    [Fact]
    public void Empty_text_is_one_empty_part()
    {
        var only = Assert.Single(Segment("", SegmentationOptions.Default).Segments);
        Assert.Equal((0, "", 1, 1, false), ((int)only.UserData.Length, only.Text, (int)only.Sequence, (int)only.Total, only.UserData.HasHeader));
    }

    [Fact]
    public void Any_text_comes_back_from_its_parts_and_no_fewer_parts_would_do() =>
        Gen.Select(AnyText, Gen.Bool, Gen.Bool, Gen.UShort).Sample((text, wide, forceUcs2, reference) =>
        {
            var options = new SegmentationOptions { Reference = reference, WideReference = wide, ForceUcs2 = forceUcs2 };
            var segmentation = Segment(text, options);
            Assert.Equal(text, string.Concat(segmentation.Segments.Select(segment => segment.Text)));
            Assert.Equal(new SegmentationPlan(segmentation.Segments[0].DataCodingScheme, 0, 0, segmentation.Segments.Count), Segmenter.Plan(text, options));
            Assert.Equal(FewestParts(text, segmentation.Alphabet, wide), segmentation.Segments.Count);
            foreach (var (segment, index) in segmentation.Segments.Select((segment, index) => (segment, index)))
            {
                Assert.InRange(segment.UserData.Octets.Length, 0, 140);
                Concatenation? expected = segmentation.Segments.Count == 1 ? null : new(
                    wide ? reference : (byte)reference, (byte)(wide ? 16 : 8), (byte)segmentation.Segments.Count, (byte)(index + 1));
                Assert.Equal(expected, segment.UserData.Header.Concatenation);
                Assert.Equal((index + 1, segmentation.Segments.Count), ((int)segment.Sequence, (int)segment.Total));
            }
        });

    [Fact]
    public void A_text_of_one_part_is_the_same_whole_as_cut_and_any_other_is_no_whole() =>
        Gen.Select(AnyText, Gen.Bool, Gen.Bool, Gen.Bool).Sample((text, forceUcs2, replace, turkish) =>
        {
            byte[] languages = turkish ? [1] : [];
            var options = new SegmentationOptions
            {
                ForceUcs2 = forceUcs2, Unencodable = replace ? UnencodableText.Replace : UnencodableText.Upgrade, LockingShifts = languages, SingleShifts = languages,
            };
            var segmentation = Segment(text, options);
            Assert.Equal(segmentation.Segments.Count == 1, Segmenter.TryWhole(text, options, out var whole));
            if (segmentation.Segments is [var only]) Assert.Equal(only.UserData, whole);
        });

    [Theory]
    [InlineData("ok",   false, UnencodableText.Upgrade, TpAlphabet.Gsm7, "ok")]
    [InlineData("ok",   true,  UnencodableText.Upgrade, TpAlphabet.Ucs2, "ok")]
    [InlineData("Жa",   false, UnencodableText.Upgrade, TpAlphabet.Ucs2, "Жa")]
    [InlineData("Жa😀b", false, UnencodableText.Replace, TpAlphabet.Gsm7, "?a?b")]
    [InlineData("ok€",  false, UnencodableText.Replace, TpAlphabet.Gsm7, "ok€")]
    [InlineData("Ж",    true,  UnencodableText.Replace, TpAlphabet.Ucs2, "Ж")]
    public void Alphabet_follows_the_text_and_the_options(string text, bool forceUcs2, UnencodableText unencodable, TpAlphabet alphabet, string sent)
    {
        var segmentation = Segment(text, new SegmentationOptions { ForceUcs2 = forceUcs2, Unencodable = unencodable });
        Assert.Equal((alphabet, sent), (segmentation.Alphabet, Assert.Single(segmentation.Segments).Text));
    }

    [Theory]
    [InlineData("ok", null, 0x00)]
    [InlineData("ok", 0,    0x10)]
    [InlineData("Ж",  0,    0x18)]
    [InlineData("Ж",  1,    0x19)]
    public void Class_is_in_the_coding(string text, int? messageClass, byte coding) =>
        Assert.Equal(coding, Segment(text, new SegmentationOptions { MessageClass = messageClass }).Segments[0].DataCodingScheme.Value);

    [Theory]
    [InlineData("ığş",         new byte[0],        new byte[0],        TpAlphabet.Ucs2, 0, 0)]
    [InlineData("ığş",         new byte[] { 1 },   new byte[0],        TpAlphabet.Gsm7, 0, 1)]
    [InlineData("ığş",         new byte[0],        new byte[] { 1 },   TpAlphabet.Gsm7, 1, 0)] // three septets fewer
    [InlineData("ığş",         new byte[] { 3, 1, 1 }, new byte[] { 3 }, TpAlphabet.Gsm7, 0, 1)]
    [InlineData("plain",       new byte[] { 1 },   new byte[] { 1 },   TpAlphabet.Gsm7, 0, 0)] // the default does
    [InlineData("हिन्दी १",      new byte[] { 6 },   new byte[] { 6 },   TpAlphabet.Gsm7, 6, 6)]
    [InlineData("हिन्दी",        new byte[] { 6 },   new byte[] { 6 },   TpAlphabet.Gsm7, 6, 0)]
    [InlineData("Ж",           new byte[] { 1, 6 }, new byte[] { 1 },  TpAlphabet.Ucs2, 0, 0)]
    [InlineData("ç",           new byte[] { 2 },   new byte[] { 2 },   TpAlphabet.Gsm7, 0, 2)] // there is no Spanish locking table
    [InlineData("ç",           new byte[] { 99 },  new byte[] { 99 },  TpAlphabet.Ucs2, 0, 0)]
    public void Allowed_national_tables_are_used_where_they_help(string text, byte[] singles, byte[] lockings, TpAlphabet alphabet, byte locking, byte single)
    {
        var segmentation = Segment(text, new SegmentationOptions { SingleShifts = singles, LockingShifts = lockings });
        Assert.Equal((alphabet, locking, single), (segmentation.Alphabet, segmentation.LockingShift, segmentation.SingleShift));
        Assert.Equal(text, Assert.Single(segmentation.Segments).Text);
    }

    /// <summary>TS 23.040 §9.2.3.24: what is left of 160 septets beside one or two shift elements and a concatenation.</summary>
    [Theory]
    [InlineData("ş", new byte[] { 1 }, new byte[0], false, 149 / 2)]
    [InlineData("ş", new byte[] { 1 }, new byte[0], true, 148 / 2)]
    [InlineData("ş", new byte[0], new byte[] { 1 }, false, 149)]
    [InlineData("१अ", new byte[] { 6 }, new byte[] { 6 }, false, 146 / 3 * 2)]
    [InlineData("१अ", new byte[] { 6 }, new byte[] { 6 }, true, 145 / 3 * 2 + 1)]
    public void Every_part_names_its_tables(string unit, byte[] singles, byte[] lockings, bool wide, int perPart)
    {
        var text = string.Concat(Enumerable.Repeat(unit, 200));
        var options = new SegmentationOptions { SingleShifts = singles, LockingShifts = lockings, WideReference = wide };
        var segmentation = Segment(text, options);
        Assert.Equal(TpAlphabet.Gsm7, segmentation.Alphabet);
        Assert.Equal(text, string.Concat(segmentation.Segments.Select(segment => segment.Text)));
        Assert.InRange(segmentation.Segments[0].Text.Length, perPart - 1, perPart + 1);
        foreach (var segment in segmentation.Segments)
        {
            var header = segment.UserData.Header;
            Assert.Equal((segmentation.SingleShift, segmentation.LockingShift), (header.SingleShift ?? 0, header.LockingShift ?? 0));
            var elements = new List<byte>();
            foreach (var element in header) elements.Add(element.Identifier);
            Assert.Equal(elements.OrderBy(identifier => identifier is 0x24 or 0x25 ? identifier : 0), elements);
        }
    }

    [Fact]
    public void Cluster_stays_whole_where_that_costs_no_part()
    {
        const string Family = "👩‍👩‍👧‍👦"; // eleven characters, one cluster
        var before = new string('ж', 60);
        var segmentation = Segment(before + Family + new string('ж', 20), SegmentationOptions.Default);
        Assert.Equal([before, Family + new string('ж', 20)], segmentation.Segments.Select(segment => segment.Text));
    }

    [Fact]
    public void Cluster_is_cut_where_keeping_it_would_cost_a_part()
    {
        const string Family = "👩‍👩‍👧‍👦";
        var text = new string('ж', 61) + Family + new string('ж', 134 - 72);
        var segmentation = Segment(text, SegmentationOptions.Default);
        Assert.Equal([67, 67], segmentation.Segments.Select(segment => segment.Text.Length));
        Assert.Equal(text, string.Concat(segmentation.Segments.Select(segment => segment.Text)));
    }

    [Theory]
    [InlineData("e\u0301")]    // combining accent
    [InlineData("🇩🇪")]         // flag
    [InlineData("👍🏽")]         // skin tone
    public void Cluster_at_the_edge_moves_to_the_next_part(string cluster)
    {
        var segmentation = Segment(new string('ж', 66) + cluster + "жжж", SegmentationOptions.Default);
        Assert.Equal([66, cluster.Length + 3], segmentation.Segments.Select(segment => segment.Text.Length));
    }

    [Fact]
    public void Line_break_of_two_characters_is_not_parted()
    {
        var segmentation = Segment(new string('a', 152) + "\r\n" + new string('b', 20), SegmentationOptions.Default);
        Assert.Equal([152, 22], segmentation.Segments.Select(segment => segment.Text.Length));
    }

    [Fact]
    public void Cluster_longer_than_a_part_is_cut_somewhere()
    {
        var text = "a" + new string('\u0301', 300);
        Assert.Equal(text, string.Concat(Segment(text, SegmentationOptions.Default).Segments.Select(segment => segment.Text)));
    }

    [Theory]
    [InlineData(140, false, 1)]
    [InlineData(141, false, 2)]
    [InlineData(268, false, 2)]
    [InlineData(269, false, 3)]
    [InlineData(266, true,  2)]
    [InlineData(267, true,  3)]
    [InlineData(0,   false, 1)]
    public void Data_are_cut_by_octets(int octets, bool wide, int parts)
    {
        var data = Enumerable.Range(0, octets).Select(octet => (byte)octet).ToArray();
        Assert.True(Segmenter.TrySegmentData(data, null, wide ? Wide : SegmentationOptions.Default, out var segmentation));
        Assert.Equal(parts, segmentation.Segments.Count);
        Assert.Equal(data, segmentation.Segments.SelectMany(segment => segment.UserData.Data.ToArray()));
        Assert.All(segmentation.Segments, segment => Assert.InRange(segment.UserData.Octets.Length, 0, 140));
    }

    [Fact]
    public void Data_keep_the_header_of_the_customer_in_every_part()
    {
        var ports = UserDataHeader.Of(new InformationElement(InformationElement.Ports16, new byte[] { 0x0B, 0x84, 0x23, 0xF0 }));
        Assert.True(Segmenter.TrySegmentData(new byte[133], ports, SegmentationOptions.Default, out var one));
        Assert.Null(Assert.Single(one.Segments).UserData.Header.Concatenation);
        Assert.True(Segmenter.TrySegmentData(new byte[134], ports, SegmentationOptions.Default, out var two));
        Assert.Equal([128, 6], two.Segments.Select(segment => segment.UserData.Data.Length));
        Assert.All(two.Segments, segment => Assert.Equal(new ApplicationPorts(16, 2948, 9200), segment.UserData.Header.Ports));
        Assert.Equal([1, 2], two.Segments.Select(segment => (int)segment.UserData.Header.Concatenation!.Value.Sequence));
    }

    [Fact]
    public void Data_that_cannot_be_cut_are_refused()
    {
        var concatenated = UserDataHeader.Of(new InformationElement(InformationElement.Concatenation8, new byte[] { 1, 2, 1 }));
        Assert.True(Segmenter.TrySegmentData(new byte[134], concatenated, SegmentationOptions.Default, out _));
        Assert.False(Segmenter.TrySegmentData(new byte[135], concatenated, SegmentationOptions.Default, out _));
        var long_ = UserDataHeader.Of(new InformationElement(0x70, new byte[135]));
        Assert.False(Segmenter.TrySegmentData(new byte[10], long_, SegmentationOptions.Default, out _));
        Assert.False(Segmenter.TrySegmentData(new byte[255 * 134 + 1], null, SegmentationOptions.Default, out _));
    }

    private static readonly Gen<string> AnyText = Gen.OneOf(
        AnyPdu.Text(0, 0, 0, 700),
        Gen.OneOf(Gen.Char['a', 'e'].Select(character => character.ToString()), OneOf("€", "[", "\r\n", "@", "\n")).Array[0, 500].Select(string.Concat),
        Gen.OneOf(Gen.Char['ж', 'я'].Select(character => character.ToString()), OneOf("😀", "e\u0301", "👩‍👧", "🇩🇪", "\u0301", "a")).Array[0, 250].Select(string.Concat));

    private static Gen<string> OneOf(params string[] choices) => Gen.Int[0, choices.Length - 1].Select(index => choices[index]);

    /// <summary>By trying every legal cut: the least number of parts from each position to the end.</summary>
    private static int FewestParts(string text, TpAlphabet alphabet, bool wide)
    {
        var whole = alphabet == TpAlphabet.Gsm7 ? Gsm7.Count(text) : text.Length;
        if (whole <= (alphabet == TpAlphabet.Gsm7 ? 160 : 70)) return 1;
        var capacity = alphabet == TpAlphabet.Gsm7 ? (wide ? 152 : 153) : (wide ? 66 : 67);
        var fewest = new int[text.Length + 1];
        for (var from = text.Length - 1; from >= 0; from--)
        {
            fewest[from] = int.MaxValue;
            for (int to = from + 1, size = 0; to <= text.Length; to++)
            {
                size += alphabet == TpAlphabet.Gsm7 ? Gsm7.Count(text.AsSpan(to - 1, 1)) : 1;
                if (size > capacity) break;
                var tears = to < text.Length && char.IsHighSurrogate(text[to - 1]) && char.IsLowSurrogate(text[to]);
                if (!tears && fewest[to] < int.MaxValue) fewest[from] = Math.Min(fewest[from], 1 + fewest[to]);
            }
        }
        return fewest[0];
    }

    private static Segmentation Segment(string text, SegmentationOptions options)
    {
        Assert.True(Segmenter.TrySegment(text, options, out var segmentation));
        return segmentation;
    }
}
