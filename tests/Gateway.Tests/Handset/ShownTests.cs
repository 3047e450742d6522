using Gateway.Handset;
using Gateway.Sip;
using Gateway.Sms;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gateway.Tests.Handsets;

public sealed class ShownTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2025, 8, 4, 8, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Start);
    private readonly List<ReceivedText> _texts = [];
    private readonly HandsetCounters _counters = new();
    private readonly Shown _shown;

    public ShownTests() => _shown = new Shown("4940111222", _counters, _time, _texts.Add);

    public void Dispose() => _shown.Dispose();

    [Fact]
    public void After_ten_minutes_what_is_there_of_a_text_is_shown()
    {
        var parts = Parts(new string('a', 153) + new string('b', 153) + "c", reference: 1);
        Take(parts[0]);
        _time.Advance(TimeSpan.FromMinutes(5));
        Take(parts[2]);
        _time.Advance(TimeSpan.FromMinutes(4));
        Assert.Empty(_texts);
        _time.Advance(TimeSpan.FromMinutes(1));

        var text = Assert.Single(_texts);
        Assert.Equal((new string('a', 153) + "c", 2, true), (text.Text, text.Parts, text.IsIncomplete));
        Assert.Equal(2, text.RpData.Count);
    }

    [Fact]
    public void Each_text_waits_for_itself()
    {
        Take(Parts(new string('a', 200), reference: 1)[0]);
        _time.Advance(TimeSpan.FromMinutes(6));
        Take(Parts(new string('b', 200), reference: 2)[0]);
        _time.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal('a', Assert.Single(_texts).Text[0]);
        _time.Advance(TimeSpan.FromMinutes(10));

        Assert.Equal(['a', 'b'], _texts.Select(text => text.Text[0]));
    }

    [Fact]
    public void A_reference_that_comes_round_begins_another_text()
    {
        var first = Parts(new string('a', 200), reference: 1);
        var second = Parts(new string('b', 200), reference: 1);
        Take(first[0]);
        Take(second[0]);
        Take(second[1]);

        Assert.Equal([(true, 1), (false, 2)], _texts.Select(text => (text.IsIncomplete, text.Parts)));
        Assert.Equal(new string('b', 200), _texts[1].Text);
        Assert.Equal([1, 2], _texts.Select(text => text.RpData.Count));
    }

    [Fact]
    public void One_more_second_makes_another_message_and_the_same_makes_a_repeat()
    {
        var part = Parts("x", reference: 0)[0];
        Take(part);
        Take(part);
        Take(part with { ServiceCentreTimeStamp = TpServiceCentreTimeStamp.From(Start + TimeSpan.FromSeconds(1)) });

        Assert.Equal((2, 1), (_texts.Count, _counters.Repeats));
    }

    private void Take(SmsDeliver deliver)
    {
        var request = new SipRequest(SipMethod.Message, SipUri.Parse("sip:4940111222@127.0.0.1")) { Body = deliver.Encode() };
        request.Headers.Add(HeaderName.CallId, "call");
        _shown.Take(deliver, request);
    }

    private static IReadOnlyList<SmsDeliver> Parts(string text, ushort reference)
    {
        Assert.True(Segmenter.TrySegment(text, new SegmentationOptions { Reference = reference }, out var segmentation));
        return [.. segmentation.Segments.Select(segment => new SmsDeliver
        {
            OriginatingAddress = TpAddress.International("4940999"),
            ServiceCentreTimeStamp = TpServiceCentreTimeStamp.From(Start),
            UserData = segment.UserData,
        })];
    }
}
