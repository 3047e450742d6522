using BenchmarkDotNet.Attributes;
using Gateway.Sms;

namespace Gateway.Benchmarks.Sms;

/// <summary>The codec on the path of one message: what a handset sends is read, what goes to a handset is written, a long text is cut.</summary>
[MemoryDiagnoser, MinColumn]
public class SmsBenchmarks
{
    private static readonly string Septets160 = string.Concat(Enumerable.Repeat("The quick brown fox jumps over the lazy dog 0123456789 @ ", 3))[..160];
    private static readonly string Text3200 = string.Concat(Enumerable.Repeat(Septets160, 20));
    private static readonly string Cyrillic3200 = string.Concat(Enumerable.Repeat("Съешь же ещё этих мягких французских булок, да выпей чаю. ", 60))[..3200];
    private static readonly string Emoji3200 = string.Concat(Enumerable.Repeat("👩‍👩‍👧‍👦🇩🇪😀 ok ", 200))[..3200];
    private static readonly RpAddress Centre = RpAddress.International("491700000000");
    private static readonly TpAddress Number = TpAddress.International("4940468950061");
    private static readonly TpServiceCentreTimeStamp Stamp = TpServiceCentreTimeStamp.From(new DateTimeOffset(2025, 8, 4, 10, 0, 0, TimeSpan.Zero));
    private static readonly SegmentationOptions Options = new() { Reference = 0x5AA5, WideReference = true };

    private readonly byte[] _buffer = new byte[RpPdu.MaxLength];
    private readonly byte[] _userData = new byte[Tpdu.MaxUserData];
    private byte[] _submit = [];
    private SmsDeliver _deliver;
    private MessagePart[] _parts = [];

    [GlobalSetup]
    public void Setup()
    {
        if (!TpUserData.TryFromText(Septets160, default, out var userData)) throw new InvalidOperationException("The text is not 160 septets.");
        _submit = RpData.Encode(RpDirection.FromHandset, 1, Centre, new SmsSubmit { DestinationAddress = Number, ValidityPeriod = TpValidityPeriod.Relative(0xA7), UserData = userData });
        _deliver = new SmsDeliver { OriginatingAddress = Number, ServiceCentreTimeStamp = Stamp, UserData = userData };
        Segmenter.TrySegment(Text3200, Options, out var segmentation);
        _parts = [.. segmentation.Segments.Select(segment =>
            new MessagePart(ConcatenationKey.Of("a", "b", segment.UserData.Header.Concatenation!.Value), segment.Sequence, segment.UserData, default))];
    }

    /// <summary>Both layers and the text.</summary>
    [Benchmark]
    public string Decode_submit_160_septets() =>
        RpPdu.TryDecode(_submit, out var pdu, out _) && SmsSubmit.TryDecode(pdu.UserData, out var submit, out _) ? submit.UserData.Text : "";

    /// <summary>Both layers without the text: what routing needs.</summary>
    [Benchmark]
    public byte Decode_submit_header() =>
        RpPdu.TryDecode(_submit, out var pdu, out _) && SmsSubmit.TryDecode(pdu.UserData, out var submit, out _) ? submit.MessageReference : (byte)0;

    /// <summary>From the text: packing, TPDU and RP message.</summary>
    [Benchmark]
    public int Encode_deliver_160_septets()
    {
        TpUserData.TryFromText(Septets160, default, null, _userData, out var userData);
        return RpData.Encode(RpDirection.ToHandset, 1, Centre, new SmsDeliver { OriginatingAddress = Number, ServiceCentreTimeStamp = Stamp, UserData = userData }, _buffer);
    }

    /// <summary>From a segment that is ready.</summary>
    [Benchmark]
    public int Encode_deliver_ready() => RpData.Encode(RpDirection.ToHandset, 1, Centre, _deliver, _buffer);

    [Benchmark]
    public bool Segment_3200_septets() => Segmenter.TrySegment(Text3200, Options, out _);

    [Benchmark]
    public bool Segment_3200_cyrillic() => Segmenter.TrySegment(Cyrillic3200, Options, out _);

    [Benchmark]
    public bool Segment_3200_emoji() => Segmenter.TrySegment(Emoji3200, Options, out _);

    [Benchmark]
    public int Count_3200_septets() => Segmenter.CountSegments(Text3200, Options);

    [Benchmark]
    public JoinedMessage Join_22_parts() => Reassembler.Join(_parts[0].Key, _parts);
}
