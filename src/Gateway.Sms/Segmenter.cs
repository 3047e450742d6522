using System.Buffers.Binary;
using System.Text;

namespace Gateway.Sms;

/// <summary>
/// Cuts texts and data into the user data of one or more TPDUs (TS 23.040 §9.2.3.24, TS 23.038). The alphabet is the 7-bit default with its
/// extension if that holds every character; else the allowed national tables that need the fewest parts; else what
/// <see cref="UnencodableText"/> says. Header elements stand in the order concatenation, single shift, locking shift. A single part has no
/// concatenation.
/// </summary>
public static class Segmenter
{
    /// <summary>The total of a concatenation is one octet.</summary>
    public const int MaxSegments = 255;

    private const char Replacement = '?';

    /// <summary>How many parts the text needs; may be more than <see cref="MaxSegments"/>.</summary>
    public static int CountSegments(string text, SegmentationOptions? options = null) =>
        Plan(text, options ?? SegmentationOptions.Default).Segments;

    /// <summary>How the text would be cut, without cutting it.</summary>
    public static SegmentationPlan Plan(string text, SegmentationOptions options)
    {
        var layout = Choose(ref text, options);
        return new SegmentationPlan(TpDataCodingScheme.Of(layout.Alphabet, options.MessageClass), layout.Locking, layout.Single, layout.CountParts());
    }

    /// <summary>False if the text needs more than <see cref="MaxSegments"/> parts. An empty text is one empty part.</summary>
    public static bool TrySegment(string text, SegmentationOptions options, out Segmentation segmentation)
    {
        var layout = Choose(ref text, options);
        var coding = TpDataCodingScheme.Of(layout.Alphabet, options.MessageClass);
        var total = layout.CountParts();
        segmentation = new Segmentation(layout.Alphabet, layout.Locking, layout.Single, []);
        if (total > MaxSegments) return false;

        var concatenated = total > 1;
        var capacity = layout.Capacity(concatenated);
        Span<byte> header = stackalloc byte[layout.HeaderOctets(concatenated)];
        Span<byte> septets = stackalloc byte[capacity];
        var segments = new Segment[total];
        for (int from = 0, index = 0; index < total; index++)
        {
            var end = layout.NextCut(from, capacity, total - index);
            var part = text.AsSpan(from, end - from);
            WriteHeader(header, layout, options, concatenated, total, index + 1);
            segments[index] = new Segment((byte)(index + 1), (byte)total, UserDataOf(part, layout, coding, header, septets));
            from = end;
        }
        segmentation = segmentation with { Segments = segments };
        return true;
    }

    /// <summary>
    /// The user data of a text that is one part, the same as <see cref="TrySegment"/> makes of it. False if it is more: most texts are one, and of those
    /// nobody asks how they were cut.
    /// </summary>
    public static bool TryWhole(string text, SegmentationOptions options, out TpUserData userData)
    {
        var layout = Choose(ref text, options);
        userData = default;
        if (layout.CountParts() != 1) return false;
        var coding = TpDataCodingScheme.Of(layout.Alphabet, options.MessageClass);
        Span<byte> header = stackalloc byte[layout.HeaderOctets(concatenated: false)];
        Span<byte> septets = stackalloc byte[layout.Capacity(concatenated: false)];
        WriteHeader(header, layout, options, concatenated: false, total: 1, sequence: 1);
        userData = UserDataOf(text, layout, coding, header, septets);
        return true;
    }

    /// <summary>
    /// 8-bit data, with a header of the customer's own before each part if one is given. False if more than <see cref="MaxSegments"/> parts
    /// would be needed, or if the header leaves no room or concatenates already and the data do not fit one part.
    /// </summary>
    public static bool TrySegmentData(
        ReadOnlySpan<byte> data, UserDataHeader? header, SegmentationOptions options, out Segmentation segmentation)
    {
        var coding = TpDataCodingScheme.Of(TpAlphabet.EightBit, options.MessageClass);
        segmentation = new Segmentation(TpAlphabet.EightBit, 0, 0, []);
        var own = header is { } there ? there.Octets.Span : default;
        if ((header is null ? 0 : 1 + own.Length) + data.Length <= Tpdu.MaxUserData)
        {
            segmentation = segmentation with { Segments = [new Segment(1, 1, TpUserData.FromData(data, coding, header))] };
            return true;
        }
        var concatenation = options.WideReference ? 6 : 5;
        var capacity = Tpdu.MaxUserData - 1 - concatenation - own.Length;
        if (capacity <= 0 || header?.Concatenation is not null || data.Length > MaxSegments * capacity) return false;

        var total = (data.Length + capacity - 1) / capacity;
        var segments = new Segment[total];
        for (var index = 0; index < total; index++)
        {
            var part = data.Slice(index * capacity, Math.Min(capacity, data.Length - index * capacity));
            var octets = new byte[1 + concatenation + own.Length + part.Length];
            octets[0] = (byte)(concatenation + own.Length);
            WriteConcatenation(octets.AsSpan(1), options, total, index + 1);
            own.CopyTo(octets.AsSpan(1 + concatenation));
            part.CopyTo(octets.AsSpan(1 + concatenation + own.Length));
            segments[index] = new Segment((byte)(index + 1), (byte)total, TpUserData.OfOctets(octets, hasHeader: true, coding));
        }
        segmentation = segmentation with { Segments = segments };
        return true;
    }

    private static TextLayout Choose(ref string text, SegmentationOptions options)
    {
        if (options.ForceUcs2) return Ucs2Layout(text, options);
        var layout = Gsm7Layout(text, options, 0, 0);
        if (layout.Units >= 0) return layout;
        if (options.LockingShifts.Count + options.SingleShifts.Count > 0 && TryNational(text, options, ref layout)) return layout;
        if (options.Unencodable == UnencodableText.Upgrade) return Ucs2Layout(text, options);
        text = Replaced(text);
        return Gsm7Layout(text, options, 0, 0);
    }

    /// <summary>The pair of tables with the fewest parts; among equals the one with the fewest septets, header included.</summary>
    private static bool TryNational(string text, SegmentationOptions options, ref TextLayout best)
    {
        var found = false;
        var (bestParts, bestSeptets) = (int.MaxValue, int.MaxValue);
        foreach (var locking in options.LockingShifts.Prepend((byte)0).Distinct())
        {
            foreach (var single in options.SingleShifts.Prepend((byte)0).Distinct())
            {
                if (locking >= Gsm7Tables.Count || Gsm7Tables.Locking[locking] is null || single >= Gsm7Tables.Count) continue;
                var layout = Gsm7Layout(text, options, locking, single);
                var units = layout.Units;
                if (units < 0) continue;
                var parts = layout.CountParts();
                var septets = units + parts * (layout.HeaderOctets(parts > 1) * 8 + 6) / 7;
                if (parts > bestParts || (parts == bestParts && septets >= bestSeptets)) continue;
                best = layout;
                (found, bestParts, bestSeptets) = (true, parts, septets);
            }
        }
        return found;
    }

    private static TextLayout Gsm7Layout(string text, SegmentationOptions options, byte locking, byte single) =>
        new(text, TpAlphabet.Gsm7, Gsm7Alphabet.Of(locking, single), locking, single, options.WideReference);

    private static TextLayout Ucs2Layout(string text, SegmentationOptions options) =>
        new(text, TpAlphabet.Ucs2, Gsm7Alphabet.Default, 0, 0, options.WideReference);

    /// <summary>A character outside the basic plane becomes one question mark, not two.</summary>
    private static string Replaced(string text)
    {
        var replaced = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
            replaced.Append(rune.IsBmp && Gsm7Alphabet.Default.Cost((char)rune.Value) > 0 ? (char)rune.Value : Replacement);
        return replaced.ToString();
    }

    private static TpUserData UserDataOf(
        ReadOnlySpan<char> part, in TextLayout layout, TpDataCodingScheme coding, ReadOnlySpan<byte> header, Span<byte> septets)
    {
        if (layout.Alphabet == TpAlphabet.Ucs2) return TpUserData.OfUcs2(part, coding, header, new byte[header.Length + 2 * part.Length]);
        var count = layout.Tables.Encode(part, septets);
        return TpUserData.OfSeptets(septets[..count], coding, header, new byte[TpUserData.OctetCount(header.Length, count)]);
    }

    private static void WriteHeader(
        Span<byte> header, in TextLayout layout, SegmentationOptions options, bool concatenated, int total, int sequence)
    {
        if (header.IsEmpty) return;
        header[0] = (byte)(header.Length - 1);
        var rest = header[1..];
        if (concatenated) rest = rest[WriteConcatenation(rest, options, total, sequence)..];
        if (layout.Single != 0) rest = rest[WriteShift(rest, InformationElement.NationalSingleShift, layout.Single)..];
        if (layout.Locking != 0) WriteShift(rest, InformationElement.NationalLockingShift, layout.Locking);
    }

    private static int WriteConcatenation(Span<byte> octets, SegmentationOptions options, int total, int sequence)
    {
        var writer = new PduWriter(octets);
        writer.Octet(options.WideReference ? InformationElement.Concatenation16 : InformationElement.Concatenation8);
        writer.Octet((byte)(options.WideReference ? 4 : 3));
        if (options.WideReference) BinaryPrimitives.WriteUInt16BigEndian(writer.Take(2), options.Reference);
        else writer.Octet((byte)options.Reference);
        writer.Octet((byte)total);
        writer.Octet((byte)sequence);
        return writer.Written;
    }

    private static int WriteShift(Span<byte> octets, byte identifier, byte language)
    {
        (octets[0], octets[1], octets[2]) = (identifier, 1, language);
        return 3;
    }
}
