using Gateway.Sms;
using Gateway.Store;

namespace Gateway.Acceptance;

/// <summary>
/// What a stored message becomes on the air. The alphabet is chosen once, when the message is taken; the same row then gives the same octets at
/// every try, whatever the settings have become.
/// </summary>
public sealed class Segments(SmsSettings settings)
{
    private readonly UnencodableText _unencodable = settings.UnencodableText == "Replace" ? UnencodableText.Replace : UnencodableText.Upgrade;

    private readonly byte[] _languages = [.. settings.NationalLanguages];

    /// <summary>Chooses alphabet, class and national tables of a text.</summary>
    /// <returns>How many segments it takes; more than <see cref="Segmenter.MaxSegments"/> when it cannot be sent.</returns>
    public int Choose(ShortMessageRow row, TextContent text)
    {
        // Carriers and applications are given the text; only a subscriber's handset sees these octets.
        var languages = row.Route == RouteKind.Subscriber ? _languages : [];
        var options = new SegmentationOptions
        {
            ForceUcs2 = text.ForceUcs2, MessageClass = text.MessageClass, Unencodable = text.Upgrade ? UnencodableText.Upgrade : _unencodable,
            LockingShifts = languages, SingleShifts = languages,
        };
        if (!Segmenter.TrySegment(text.Text, options, out var segmentation)) return Segmenter.MaxSegments + 1;
        row.DataCodingScheme = segmentation.Segments[0].DataCodingScheme.Value;
        (row.LockingShift, row.SingleShift) = (segmentation.LockingShift, segmentation.SingleShift);
        return segmentation.Segments.Count;
    }

    /// <summary>TP-UD of one segment (0-based) of a stored message.</summary>
    public static TpUserData UserDataOf(ShortMessageRow row, int index)
    {
        var coding = new TpDataCodingScheme(row.DataCodingScheme);
        if (row.Content == ContentKind.UserData)
        {
            return TpUserData.TryFromOctets(row.UserData, row.UserDataLength, row.HasUserDataHeader, coding, out var userData, out var error)
                ? userData : throw new InvalidDataException($"stored user data of {MessageId.Format(row.Id)}: {error}");
        }
        var options = new SegmentationOptions
        {
            Reference = (byte)row.ConcatenationReference,
            ForceUcs2 = coding.Alphabet == TpAlphabet.Ucs2,
            MessageClass = coding.MessageClass,
            Unencodable = UnencodableText.Replace,
            LockingShifts = row.LockingShift == 0 ? [] : [row.LockingShift],
            SingleShifts = row.SingleShift == 0 ? [] : [row.SingleShift],
        };
        return Segmenter.TrySegment(row.Text!, options, out var segmentation)
            ? segmentation.Segments[index].UserData : throw new InvalidDataException($"stored text of {MessageId.Format(row.Id)} cannot be segmented");
    }
}
