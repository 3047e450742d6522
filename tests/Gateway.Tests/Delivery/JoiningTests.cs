using Gateway.Delivery;
using Gateway.Sms;
using Gateway.Store;
using Xunit;

namespace Gateway.Tests.Delivery;

public sealed class JoiningTests
{
    private static readonly string Text = string.Concat(Enumerable.Range(0, 60).Select(i => $"word{i} "));

    [Fact]
    public void Parts_in_any_order_are_one_text()
    {
        var queue = Parts(Text);
        queue.Reverse();
        var joined = Joining.PartsOf(queue[0], queue);
        Assert.True(joined.Complete);
        Assert.Equal(Text, joined.Text);
        Assert.Equal(queue.Count, joined.Messages.Count);
    }

    [Fact]
    public void A_missing_part_is_waited_for_until_the_deadline()
    {
        var queue = Parts(Text);
        queue.RemoveAt(1);
        var joined = Joining.PartsOf(queue[0], queue);
        Assert.False(joined.Complete);
        Assert.Equal(1000 + 30_000, joined.Deadline(30));
    }

    [Fact]
    public void Another_sender_and_another_reference_are_other_messages()
    {
        var queue = Parts(Text).Take(1).Concat(Parts(Text, originator: "4940100003").Skip(1)).Concat(Parts(Text, reference: 8).Skip(1)).ToList();
        Assert.Single(Joining.PartsOf(queue[0], queue).Messages);
    }

    [Fact]
    public void When_references_have_come_round_the_one_whose_turn_it_is_takes_part()
    {
        var (earlier, later) = (Parts(Text), Parts(Text));
        var joined = Joining.PartsOf(later[0], [.. earlier.Take(1), .. later]);
        Assert.Equal(later, joined.Messages);
    }

    [Fact]
    public void A_text_of_REST_is_whole_as_it_is()
    {
        var waiting = new Waiting(new ShortMessageRow { Text = "whole" });
        Assert.Equal(("whole", true), (Joining.PartsOf(waiting, [waiting]).Text, Joining.PartsOf(waiting, [waiting]).Complete));
    }

    [Fact]
    public void Binary_content_has_no_text()
    {
        var waiting = new Waiting(new ShortMessageRow { Content = ContentKind.UserData, UserData = [1, 2, 3], UserDataLength = 3, DataCodingScheme = 4 });
        Assert.Null(Joining.PartsOf(waiting, [waiting]).Text);
    }

    private static List<Waiting> Parts(string text, string originator = "4940100001", byte reference = 7)
    {
        Assert.True(Segmenter.TrySegment(text, new SegmentationOptions { Reference = reference }, out var cut));
        return [.. cut.Segments.Select(segment => new Waiting(new ShortMessageRow
        {
            Id = segment.Sequence,
            Originator = originator,
            Recipient = "4940100002",
            Content = ContentKind.UserData,
            UserData = segment.UserData.Octets.ToArray(),
            UserDataLength = segment.UserData.Length,
            HasUserDataHeader = segment.UserData.HasHeader,
            DataCodingScheme = segment.DataCodingScheme.Value,
            AcceptedAt = segment.Sequence * 1000,
        }))];
    }
}
