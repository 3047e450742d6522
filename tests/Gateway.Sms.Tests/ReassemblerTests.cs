using CsCheck;
using Xunit;

namespace Gateway.Sms.Tests;

public sealed class ReassemblerTests
{
    private static readonly DateTimeOffset Start = new(2025, 8, 4, 10, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Parts_in_any_order_and_repeated_make_the_text_once() =>
        Gen.Select(Gen.Char['ж', 'я'].Array[71, 600], Gen.Int.Array[30]).Sample((characters, order) =>
        {
            var text = new string(characters);
            var parts = Parts(text, SegmentationOptions.Default);
            var arriving = parts.Concat(parts).Select((part, index) => (part, key: order[index % order.Length] ^ index * 7919)).OrderBy(pair => pair.key).Select(pair => pair.part);
            var reassembler = new Reassembler(new ReassemblyOptions());
            var handedOver = arriving.SelectMany(reassembler.Add).ToList();
            var message = Assert.Single(handedOver);
            Assert.Equal((text, true), (message.Text, message.IsComplete));
        });

    [Fact]
    public void Message_waits_for_its_last_part()
    {
        var parts = Parts(new string('a', 400), SegmentationOptions.Default);
        var reassembler = new Reassembler(new ReassemblyOptions());
        Assert.Empty(reassembler.Add(parts[2]));
        Assert.Empty(reassembler.Add(parts[0]));
        Assert.Equal(400, Assert.Single(reassembler.Add(parts[1])).Text.Length);
    }

    [Fact]
    public void Timed_out_message_is_handed_over_with_what_is_there()
    {
        var parts = Parts(new string('a', 306) + new string('b', 100), SegmentationOptions.Default);
        var reassembler = new Reassembler(new ReassemblyOptions { Timeout = TimeSpan.FromMinutes(10) });
        reassembler.Add(parts[2]);
        reassembler.Add(parts[0] with { ReceivedAt = Start.AddMinutes(5) });
        Assert.Empty(reassembler.Expire(Start.AddMinutes(9)));
        var message = Assert.Single(reassembler.Expire(Start.AddMinutes(10)));
        Assert.Equal((new string('a', 153) + new string('b', 100), false), (message.Text, message.IsComplete));
        Assert.Equal([2], message.Missing);
        Assert.Empty(reassembler.Export());
    }

    [Fact]
    public void Repeat_after_the_message_is_whole_is_dropped_until_it_is_forgotten()
    {
        var parts = Parts(new string('a', 200), SegmentationOptions.Default);
        var reassembler = new Reassembler(new ReassemblyOptions());
        foreach (var part in parts) reassembler.Add(part);
        Assert.Empty(reassembler.Add(parts[0]));
        Assert.Empty(reassembler.Expire(Start.AddHours(1)));
        Assert.Empty(reassembler.Export());
    }

    [Fact]
    public void Reference_that_came_round_begins_a_new_message()
    {
        var old = Parts(new string('a', 200), SegmentationOptions.Default);
        var young = Parts(new string('b', 200), SegmentationOptions.Default);
        var reassembler = new Reassembler(new ReassemblyOptions());
        reassembler.Add(old[0]);
        var abandoned = Assert.Single(reassembler.Add(young[0]));
        Assert.Equal((new string('a', 153), false), (abandoned.Text, abandoned.IsComplete));
        Assert.Equal(new string('b', 200), Assert.Single(reassembler.Add(young[1])).Text);
        Assert.Empty(reassembler.Add(old[0])); // a whole message is not handed over again when it is displaced
    }

    [Fact]
    public void Equal_references_of_different_size_are_different_messages()
    {
        var narrow = Parts(new string('a', 200), new SegmentationOptions { Reference = 7 });
        var wide = Parts(new string('b', 200), new SegmentationOptions { Reference = 7, WideReference = true });
        var reassembler = new Reassembler(new ReassemblyOptions());
        Assert.Empty(reassembler.Add(narrow[0]));
        Assert.Empty(reassembler.Add(wide[1]));
        Assert.Equal(new string('a', 200), Assert.Single(reassembler.Add(narrow[1])).Text);
        Assert.Equal(new string('b', 200), Assert.Single(reassembler.Add(wide[0])).Text);
    }

    [Fact]
    public void Parts_may_differ_in_alphabet()
    {
        var key = new ConcatenationKey("4940", "2255", 1, 8, 3);
        Assert.True(TpUserData.TryFromText("Hello ", default, out var gsm7));
        Assert.True(TpUserData.TryFromText("мир ", TpDataCodingScheme.Of(TpAlphabet.Ucs2), out var ucs2));
        var data = TpUserData.FromData([1, 2], TpDataCodingScheme.Of(TpAlphabet.EightBit));
        var message = Reassembler.Join(key, [new(key, 3, data, Start), new(key, 2, ucs2, Start), new(key, 1, gsm7, Start)]);
        Assert.Equal(("Hello мир ", "0102", true), (message.Text, Convert.ToHexStringLower(message.Data.Span), message.IsComplete));
    }

    [Fact]
    public void Surrogate_pair_torn_between_parts_is_mended()
    {
        var key = new ConcatenationKey("4940", "2255", 1, 8, 2);
        var ucs2 = TpDataCodingScheme.Of(TpAlphabet.Ucs2);
        MessagePart[] parts = [new(key, 1, TpUserData.FromData([0, 0x61, 0xD8, 0x3D], ucs2), Start), new(key, 2, TpUserData.FromData([0xDE, 0], ucs2), Start)];
        Assert.Equal("a😀", Reassembler.Join(key, parts).Text);
        Assert.Equal("a\uFFFD", Reassembler.Join(key, parts[..1]).Text);
    }

    [Fact]
    public void Joining_reports_what_is_missing_and_ignores_what_does_not_belong()
    {
        var key = new ConcatenationKey("4940", "2255", 1, 8, 5);
        Assert.True(TpUserData.TryFromText("x", default, out var part));
        Assert.True(TpUserData.TryFromText("y", default, out var other));
        var message = Reassembler.Join(key, [new(key, 4, part, Start), new(key, 4, other, Start), new(key, 9, part, Start), new(key, 2, part, Start)]);
        Assert.Equal("xx", message.Text);
        Assert.Equal([1, 3, 5], message.Missing);
        Assert.Equal(5, Reassembler.Join(key, []).Missing.Count);
    }

    [Fact]
    public void State_survives_as_parts()
    {
        var parts = Parts(new string('a', 400), SegmentationOptions.Default);
        var done = Parts(new string('b', 200), new SegmentationOptions { Reference = 9 });
        var before = new Reassembler(new ReassemblyOptions());
        foreach (var part in done.Append(parts[0]).Append(parts[2])) before.Add(part);
        var after = new Reassembler(new ReassemblyOptions(), before.Export().Reverse().ToList());
        Assert.Empty(after.Add(done[0]));
        Assert.Equal(new string('a', 400), Assert.Single(after.Add(parts[1])).Text);
    }

    [Fact]
    public void One_originator_cannot_fill_the_memory()
    {
        var reassembler = new Reassembler(new ReassemblyOptions { MaxMessagesPerOriginator = 3 });
        var handedOver = new List<JoinedMessage>();
        var quiet = Parts(new string('q', 200), SegmentationOptions.Default, originator: "quiet");
        reassembler.Add(quiet[0]);
        for (ushort reference = 0; reference < 100; reference++)
            handedOver.AddRange(reassembler.Add(Parts(new string('a', 200), new SegmentationOptions { Reference = reference })[0]));
        Assert.Equal(Enumerable.Range(0, 97), handedOver.Select(message => (int)message.Key.Reference)); // the oldest first
        Assert.All(handedOver, message => Assert.False(message.IsComplete));
        Assert.Equal(4, reassembler.Export().Count());
        Assert.True(Assert.Single(reassembler.Add(quiet[1])).IsComplete);
    }

    [Fact]
    public void Finished_messages_make_room_before_unfinished_ones()
    {
        var reassembler = new Reassembler(new ReassemblyOptions { MaxMessagesPerOriginator = 2 });
        reassembler.Add(Parts(new string('a', 200), new SegmentationOptions { Reference = 1 })[0]);
        foreach (var part in Parts(new string('b', 200), new SegmentationOptions { Reference = 2 })) reassembler.Add(part);
        Assert.Empty(reassembler.Add(Parts(new string('c', 200), new SegmentationOptions { Reference = 3 })[0]));
    }

    [Fact]
    public void All_originators_together_cannot_fill_the_memory()
    {
        var reassembler = new Reassembler(new ReassemblyOptions { MaxMessages = 10 });
        var handedOver = Enumerable.Range(0, 30).SelectMany(index => reassembler.Add(Parts(new string('a', 200), SegmentationOptions.Default, $"o{index}")[0])).ToList();
        Assert.Equal((20, 10), (handedOver.Count, reassembler.Export().Count()));
        Assert.Equal("o0", handedOver[0].Key.Originator);
    }

    [Fact]
    public void Part_beyond_its_total_is_a_mistake()
    {
        var part = Parts(new string('a', 200), SegmentationOptions.Default)[0];
        Assert.Throws<ArgumentException>(() => new Reassembler(new ReassemblyOptions()).Add(part with { Sequence = 3 }));
        Assert.Throws<ArgumentException>(() => new Reassembler(new ReassemblyOptions()).Add(part with { Sequence = 0 }));
    }

    private static MessagePart[] Parts(string text, SegmentationOptions options, string originator = "4940")
    {
        Assert.True(Segmenter.TrySegment(text, options, out var segmentation));
        return [.. segmentation.Segments.Select(segment => new MessagePart(
            ConcatenationKey.Of(originator, "2255", segment.UserData.Header.Concatenation!.Value), segment.Sequence, segment.UserData, Start))];
    }
}
