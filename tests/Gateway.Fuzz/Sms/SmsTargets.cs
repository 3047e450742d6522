using System.Text;
using Gateway.Sms;

namespace Gateway.Fuzz;

/// <summary>
/// One target per decoder of <c>Gateway.Sms</c>. A target takes any octets and throws if an oracle is hurt: what decodes encodes to
/// something that decodes to the same; a fault names a field and an octet inside the input; decoding allocates no more than a bound.
/// </summary>
internal static class SmsTargets
{
    /// <summary>A PDU of 255 octets can cause no more than its texts, lists and errors; far less than a length octet gone wild would.</summary>
    private const long MaxAllocation = 64 * 1024;

    public static readonly IReadOnlyDictionary<string, Action<byte[]>> All = new Dictionary<string, Action<byte[]>>
    {
        ["sms-rp"]             = Rp,
        ["sms-deliver"]        = octets => Tpdu<SmsDeliver>(octets, SmsDeliver.TryDecode, tpdu => tpdu.UserData),
        ["sms-submit"]         = octets => Tpdu<SmsSubmit>(octets, SmsSubmit.TryDecode, tpdu => tpdu.UserData),
        ["sms-status-report"]  = octets => Tpdu<SmsStatusReport>(octets, SmsStatusReport.TryDecode, tpdu => tpdu.UserData),
        ["sms-command"]        = octets => Tpdu<SmsCommand>(octets, SmsCommand.TryDecode, _ => null),
        ["sms-deliver-report"] = octets => Report<SmsDeliverReport>(octets, SmsDeliverReport.TryDecode, tpdu => tpdu.UserData),
        ["sms-submit-report"]  = octets => Report<SmsSubmitReport>(octets, SmsSubmitReport.TryDecode, tpdu => tpdu.UserData),
        ["sms-header"]         = Header,
        ["sms-gsm7"]           = Septets7,
        ["sms-segmenter"]      = Segmentation,
        ["sms-reassembler"]    = Reassembly,
    };

    private delegate bool Decoder<T>(ReadOnlyMemory<byte> octets, out T value, out PduError error);

    private delegate bool ReportDecoder<T>(ReadOnlyMemory<byte> octets, RpKind carriedBy, out T value, out PduError error);

    private static void Rp(byte[] octets)
    {
        if (!Decode<RpPdu>(octets, RpPdu.TryDecode, out var pdu)) return;
        var encoded = pdu.Kind switch
        {
            RpKind.Data  => pdu.Data.Encode(),
            RpKind.Ack   => pdu.Ack.Encode(),
            RpKind.Error => pdu.Error.Encode(),
            _            => pdu.Smma.Encode(),
        };
        Check(RpPdu.TryDecode(encoded, out var back, out _), "what was encoded decodes");
        Check((back.Kind, back.Direction, back.MessageReference) == (pdu.Kind, pdu.Direction, pdu.MessageReference), "header survives");
        Check(back.UserData.Span.SequenceEqual(pdu.UserData.Span), "user data survive");
        if (pdu.Kind == RpKind.Data) Check(back.Data == pdu.Data, "addresses survive");
        if (pdu.Kind == RpKind.Error) Check(back.Error == pdu.Error, "cause survives");
    }

    /// <summary>The first octet, which is no part of the PDU, chooses the carrier.</summary>
    private static void Report<T>(byte[] octets, ReportDecoder<T> decode, Func<T, TpUserData?> userData) where T : struct, ITpdu
    {
        if (octets.Length == 0) return;
        var carriedBy = octets[0] % 2 == 0 ? RpKind.Ack : RpKind.Error;
        Tpdu(octets[1..], (ReadOnlyMemory<byte> tpdu, out T value, out PduError error) => decode(tpdu, carriedBy, out value, out error), userData);
    }

    private static void Tpdu<T>(byte[] octets, Decoder<T> decode, Func<T, TpUserData?> userData) where T : struct, ITpdu
    {
        if (!Decode(octets, decode, out var tpdu)) return;
        if (userData(tpdu) is { } data) Readable(data);
        var encoded = Gateway.Sms.Tpdu.ToArray(tpdu);
        Check(encoded.Length <= octets.Length, "nothing is added");
        Check(decode(encoded, out var back, out _), "what was encoded decodes");
        Check(Gateway.Sms.Tpdu.ToArray(back).AsSpan().SequenceEqual(encoded), "encoding is stable");
    }

    private static void Readable(TpUserData userData)
    {
        Check(userData.Text.Length <= 182, "a text is no longer than its septets");
        Check(userData.Data.Length <= userData.Octets.Length, "data are part of the user data");
        Check(userData.FillBits is >= 0 and <= 6, "fill bits are fewer than a septet");
        Check(!userData.Text.Any(char.IsSurrogate) || Encoding.BigEndianUnicode.GetBytes(userData.Text).Length == 2 * userData.Text.Length, "text is text");
        foreach (var element in userData.Header) Check(element.Data.Length < 140, "an element is shorter than what holds it");
        Check(userData.Header.Concatenation is not { } part || (part.Sequence >= 1 && part.Sequence <= part.Total), "a part is one of its total");
        var kept = TpUserData.TryFromOctets(userData.Octets, userData.Length, userData.HasHeader, userData.DataCodingScheme, out var back, out _);
        Check(kept && back == userData, "stored fields come back");
    }

    private static void Header(byte[] octets)
    {
        if (!Decode<UserDataHeader>(octets, UserDataHeader.TryDecode, out var header)) return;
        var elements = new List<InformationElement>();
        foreach (var element in header) elements.Add(element);
        if (header.Length > UserDataHeader.MaxLength) return;
        Check(UserDataHeader.Of(elements.ToArray()) == header, "the elements make the header");
        _ = (header.Ports, header.ReplyAddress, header.SingleShift, header.LockingShift, header.SpecialSms.Count());
    }

    /// <summary>Two language identifiers, fill bits, number of septets, packed septets.</summary>
    private static void Septets7(byte[] octets)
    {
        if (octets.Length < 4) return;
        var (locking, single, fillBits, count) = (octets[0] % 16, octets[1] % 16, octets[2] % 7, (int)octets[3]);
        if (!Gsm7.TryUnpack(octets.AsSpan(4), count, out var text, locking, single, fillBits)) return;
        Check(text.Length <= count, "a septet is at most a character");
        if (Gsm7.Pack(text, locking, single, fillBits) is not { } packed) return; // a space that stands for an unassigned septet may be missing
        Check(Gsm7.TryUnpack(packed, Gsm7.Count(text, locking, single), out var back, locking, single, fillBits) && back == text, "text survives");
    }

    /// <summary>Options in the first octet, then UTF-16 text.</summary>
    private static void Segmentation(byte[] octets)
    {
        if (octets.Length == 0) return;
        var text = Encoding.BigEndianUnicode.GetString(octets, 1, octets.Length - 1 & ~1);
        var options = new SegmentationOptions
        {
            WideReference = (octets[0] & 1) != 0,
            ForceUcs2 = (octets[0] & 2) != 0,
            Unencodable = (octets[0] & 4) != 0 ? UnencodableText.Replace : UnencodableText.Upgrade,
            SingleShifts = (octets[0] & 8) != 0 ? [1, 2, 3, 6] : [],
            LockingShifts = (octets[0] & 16) != 0 ? [1, 3, 6] : [],
        };
        if (!Segmenter.TrySegment(text, options, out var segmentation)) return;
        Check(segmentation.Segments.Count == Segmenter.CountSegments(text, options), "counting agrees with cutting");
        Check(segmentation.Segments.All(segment => segment.UserData.Octets.Length <= 140), "a part fits");
        var replaced = options.Unencodable == UnencodableText.Replace && segmentation.Alphabet == TpAlphabet.Gsm7;
        // A byte order mark at the start of a part is taken for one by every receiver.
        var joined = string.Concat(segmentation.Segments.Select(segment => segment.Text));
        Check(replaced || text.Contains('\uFEFF') || text.Contains('\uFFFE') || joined == text, "the parts make the text");
    }

    /// <summary>Three octets a part: reference and originator, total and sequence, content.</summary>
    private static void Reassembly(byte[] octets)
    {
        var options = new ReassemblyOptions { MaxMessagesPerOriginator = 3, MaxMessages = 7 };
        var reassembler = new Reassembler(options);
        for (var at = 0; at + 3 <= octets.Length; at += 3)
        {
            var total = (byte)(1 + octets[at + 1] % 5);
            var key = new ConcatenationKey($"{octets[at] % 4}", "2255", octets[at], 8, total);
            var userData = TpUserData.FromData(octets.AsSpan(at + 2, 1), TpDataCodingScheme.Of(TpAlphabet.EightBit));
            var part = new MessagePart(key, (byte)(1 + (octets[at + 1] >> 4) % total), userData, DateTimeOffset.UnixEpoch.AddSeconds(at));
            foreach (var message in reassembler.Add(part)) Check(message.Data.Length + message.Missing.Count == message.Key.Total, "parts and gaps make the total");
            Check(reassembler.Export().Select(there => there.Key).Distinct().Count() <= options.MaxMessages, "state is bounded");
        }
        reassembler.Expire(DateTimeOffset.UnixEpoch.AddDays(1));
        Check(!reassembler.Export().Any(), "nothing outlives the time-out");
    }

    private static bool Decode<T>(byte[] octets, Decoder<T> decode, out T value)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var decoded = decode(octets, out value, out var error);
        Check(GC.GetAllocatedBytesForCurrentThread() - before <= MaxAllocation, "decoding allocates little");
        Check(decoded == (error.Fault == PduFault.None), "there is a fault or a value");
        if (decoded) return true;
        Check(error.Field.StartsWith("TP-", StringComparison.Ordinal) || error.Field.StartsWith("RP-", StringComparison.Ordinal), "the fault names a field");
        Check(error.Offset >= 0 && error.Offset <= octets.Length, "the fault is inside the input");
        return false;
    }

    private static void Check(bool holds, string oracle)
    {
        if (!holds) throw new InvalidOperationException($"Oracle hurt: {oracle}.");
    }
}
