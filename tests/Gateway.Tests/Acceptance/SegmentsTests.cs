using Gateway.Acceptance;
using Gateway.Store;
using Xunit;

namespace Gateway.Tests.Acceptance;

public sealed class SegmentsTests
{
    private readonly Segments _upgrade = new(new SmsSettings { UnencodableText = "Upgrade" });
    private readonly Segments _replace = new(new SmsSettings { UnencodableText = "Replace" });

    [Fact]
    public void A_text_that_GSM_lacks_is_sent_as_UCS2_or_with_question_marks_as_set()
    {
        var upgraded = new ShortMessageRow { Text = "Привет" };
        Assert.Equal(1, _upgrade.Choose(upgraded, new TextContent(upgraded.Text)));
        Assert.Equal("Привет", Segments.UserDataOf(upgraded, 0).Text);

        var replaced = new ShortMessageRow { Text = "Привет" };
        _replace.Choose(replaced, new TextContent(replaced.Text));
        Assert.Equal("??????", Segments.UserDataOf(replaced, 0).Text);
    }

    [Fact]
    public void The_same_row_gives_the_same_octets_at_every_try()
    {
        var row = new ShortMessageRow { Text = new string('a', 400), ConcatenationReference = 0x1234 };
        row.SegmentCount = (byte)_upgrade.Choose(row, new TextContent(row.Text));
        Assert.Equal(3, row.SegmentCount);
        Assert.Equal(Segments.UserDataOf(row, 1).Octets, Segments.UserDataOf(row, 1).Octets);
        Assert.Equal(row.Text, string.Concat(Enumerable.Range(0, 3).Select(index => Segments.UserDataOf(row, index).Text)));
        Assert.Equal(0x34, Segments.UserDataOf(row, 1).Header.Concatenation!.Value.Reference);
    }

    [Fact]
    public void Type_unicode_and_the_class_stay_what_they_were()
    {
        var row = new ShortMessageRow { Text = "plain" };
        _upgrade.Choose(row, new TextContent(row.Text, ForceUcs2: true, MessageClass: 0));
        Assert.Equal(0x18, row.DataCodingScheme);
        Assert.Equal(0x18, Segments.UserDataOf(row, 0).DataCodingScheme.Value);
    }

    [Fact]
    public void A_permitted_national_table_keeps_a_text_7_bit_at_every_try()
    {
        var turkish = new Segments(new SmsSettings { NationalLanguages = [1] });
        var row = new ShortMessageRow { Text = string.Concat(Enumerable.Repeat("Şişli'de güneş ışığı ", 12)) };
        row.SegmentCount = (byte)turkish.Choose(row, new TextContent(row.Text));
        Assert.Equal(0x00, row.DataCodingScheme);
        Assert.Equal(1, Math.Max(row.LockingShift, row.SingleShift));
        Assert.Equal(row.Text, string.Concat(Enumerable.Range(0, row.SegmentCount).Select(index => Segments.UserDataOf(row, index).Text)));

        var notPermitted = new ShortMessageRow { Text = row.Text };
        Assert.True(_upgrade.Choose(notPermitted, new TextContent(row.Text)) > row.SegmentCount);
    }

    [Fact]
    public void What_takes_more_than_255_segments_cannot_be_sent() =>
        Assert.True(_upgrade.Choose(new ShortMessageRow(), new TextContent(new string('a', 153 * 255 + 1))) > 255);
}
